//! Interfaces and network ACLs: what an instance can reach.

use aws_sdk_ec2::types::{ConnectionTrackingSpecificationRequest, NetworkInterfaceAttachmentChanges, RuleAction};

use super::Ask;
use crate::aws::throttle::Family;
use crate::aws::tracking;
use crate::remediate::{Answered, Tracking, WriteCall, WriteError, WriteFailure};

/// Every protocol, as network ACLs spell it.
const ALL_PROTOCOLS: &str = "-1";

pub(super) async fn perform(ask: &Ask<'_>) -> Result<Answered, WriteError> {
    let ec2 = &ask.clients.ec2;
    let modify = |interface: &str| {
        ec2.modify_network_interface_attribute().network_interface_id(interface).set_dry_run(ask.dry_run())
    };
    match ask.call {
        WriteCall::SetInterfaceDeletion { interface, attachment, delete } => {
            let change = NetworkInterfaceAttachmentChanges::builder()
                .attachment_id(attachment)
                .delete_on_termination(*delete)
                .build();
            ask.done(Family::Ec2, modify(interface.as_str()).attachment(change).send()).await
        }
        WriteCall::SetInterfaceGroups { interface, groups } => {
            let groups = groups.iter().map(ToString::to_string).collect();
            ask.done(Family::Ec2, modify(interface.as_str()).set_groups(Some(groups)).send()).await
        }
        WriteCall::SetTracking { interface, tracking } => {
            let request = modify(interface.as_str()).connection_tracking_specification(specification(*tracking));
            ask.done(Family::Ec2, request.send()).await
        }
        WriteCall::DenyInAcl { acl, rule, egress, cidr } => {
            let request = ec2
                .create_network_acl_entry()
                .network_acl_id(acl)
                .rule_number(*rule)
                .egress(*egress)
                .protocol(ALL_PROTOCOLS)
                .rule_action(RuleAction::Deny)
                .set_dry_run(ask.dry_run());
            let request = if cidr.contains(':') { request.ipv6_cidr_block(cidr) } else { request.cidr_block(cidr) };
            ask.done(Family::Ec2, request.send()).await
        }
        WriteCall::RemoveFromAcl { acl, rule, egress, .. } => {
            let request = ec2.delete_network_acl_entry().network_acl_id(acl).rule_number(*rule).egress(*egress);
            ask.done(Family::Ec2, request.set_dry_run(ask.dry_run()).send()).await
        }
        _ => Err(ask.failed(WriteFailure::Invalid, "not a call on interfaces or network ACLs")),
    }
}

/// The request takes no "default": what is not given is set to the number that the default stands for.
fn specification(wanted: Tracking) -> ConnectionTrackingSpecificationRequest {
    ConnectionTrackingSpecificationRequest::builder()
        .tcp_established_timeout(wanted.tcp_established_s.unwrap_or(tracking::TCP_ESTABLISHED_S))
        .udp_stream_timeout(wanted.udp_stream_s.unwrap_or(tracking::UDP_STREAM_S))
        .udp_timeout(wanted.udp_s.unwrap_or(tracking::UDP_S))
        .build()
}
