//! Registration at target groups.

use aws_sdk_elasticloadbalancingv2::types::TargetDescription;

use super::Ask;
use crate::aws::throttle::Family;
use crate::remediate::{Answered, WriteCall, WriteError, WriteFailure};

pub(super) async fn perform(ask: &Ask<'_>) -> Result<Answered, WriteError> {
    let elb = &ask.clients.elb;
    match ask.call {
        WriteCall::RegisterTarget { group, target, port, zone } => {
            let target =
                TargetDescription::builder().id(target).set_port(*port).set_availability_zone(zone.clone()).build();
            let request = elb.register_targets().target_group_arn(group).targets(target);
            ask.done(Family::Elb, request.send()).await
        }
        WriteCall::DeregisterTarget { group, target, port } => {
            let target = TargetDescription::builder().id(target).set_port(*port).build();
            let request = elb.deregister_targets().target_group_arn(group).targets(target);
            ask.done(Family::Elb, request.send()).await
        }
        _ => Err(ask.failed(WriteFailure::Invalid, "not a call on targets")),
    }
}
