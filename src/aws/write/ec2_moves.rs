//! Addresses and interfaces that move between instances.

use super::Ask;
use crate::aws::throttle::Family;
use crate::remediate::{Answered, Output, WriteCall, WriteError, WriteFailure};

pub(super) async fn perform(ask: &Ask<'_>) -> Result<Answered, WriteError> {
    let ec2 = &ask.clients.ec2;
    match ask.call {
        WriteCall::AssociateAddress { allocation, interface, private_ip, take } => {
            let request = ec2
                .associate_address()
                .allocation_id(allocation)
                .network_interface_id(interface.as_str())
                .set_private_ip_address(private_ip.clone())
                .allow_reassociation(*take)
                .set_dry_run(ask.dry_run());
            ask.done(Family::Ec2, request.send()).await
        }
        WriteCall::DisassociateAddress { association } => {
            let request = ec2.disassociate_address().association_id(association).set_dry_run(ask.dry_run());
            ask.done(Family::Ec2, request.send()).await
        }
        WriteCall::AssignPrivateIps { interface, addresses, take } => {
            let request = ec2
                .assign_private_ip_addresses()
                .network_interface_id(interface.as_str())
                .set_private_ip_addresses(Some(addresses.clone()))
                .allow_reassignment(*take);
            ask.done(Family::Ec2, request.send()).await
        }
        WriteCall::DetachInterface { attachment, interface: _ } => {
            let request = ec2.detach_network_interface().attachment_id(attachment).set_dry_run(ask.dry_run());
            ask.done(Family::Ec2, request.send()).await
        }
        WriteCall::AttachInterface { interface, instance, device_index } => {
            let request = ec2
                .attach_network_interface()
                .network_interface_id(interface.as_str())
                .instance_id(instance.as_str())
                .device_index(*device_index)
                .set_dry_run(ask.dry_run());
            let (request_id, answer) = ask.send(Family::Ec2, request.send()).await?;
            Ok(Answered { request_id, output: answer.attachment_id.map_or(Output::Nothing, Output::Task) })
        }
        _ => Err(ask.failed(WriteFailure::Invalid, "not a call on addresses or interfaces")),
    }
}
