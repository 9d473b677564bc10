//! Membership of Auto Scaling groups.

use aws_sdk_autoscaling::operation::launch_instances::LaunchInstancesOutput;
use aws_sdk_autoscaling::types::RetryStrategy;

use super::{Ask, error};
use crate::aws::error::bounded;
use crate::aws::throttle::Family;
use crate::remediate::{Answered, Output, WriteCall, WriteError, WriteFailure};

const FAMILY: Family = Family::AutoScaling;

pub(super) async fn perform(ask: &Ask<'_>) -> Result<Answered, WriteError> {
    let groups = &ask.clients.autoscaling;
    match ask.call {
        WriteCall::LaunchInGroup { group, subnet, token } => {
            // Without retries by the group: an instance that came later would be nobody's.
            let request = groups
                .launch_instances()
                .auto_scaling_group_name(group)
                .requested_capacity(1)
                .subnet_ids(subnet)
                .retry_strategy(RetryStrategy::None)
                .client_token(token);
            let (request_id, answer) = ask.send(FAMILY, request.send()).await?;
            launched(ask, request_id, answer)
        }
        WriteCall::EnterStandby { group, instance, decrement } => {
            let request = groups.enter_standby().auto_scaling_group_name(group).instance_ids(instance.as_str());
            ask.done(FAMILY, request.should_decrement_desired_capacity(*decrement).send()).await
        }
        WriteCall::ExitStandby { group, instance } => {
            let request = groups.exit_standby().auto_scaling_group_name(group).instance_ids(instance.as_str());
            ask.done(FAMILY, request.send()).await
        }
        WriteCall::SetScaleInProtection { group, instance, on } => {
            let request =
                groups.set_instance_protection().auto_scaling_group_name(group).instance_ids(instance.as_str());
            ask.done(FAMILY, request.protected_from_scale_in(*on).send()).await
        }
        WriteCall::SetDesiredCapacity { group, desired } => {
            let request = groups.set_desired_capacity().auto_scaling_group_name(group).desired_capacity(*desired);
            ask.done(FAMILY, request.honor_cooldown(false).send()).await
        }
        WriteCall::DetachFromGroup { group, instance } => {
            let request = groups.detach_instances().auto_scaling_group_name(group).instance_ids(instance.as_str());
            ask.done(FAMILY, request.should_decrement_desired_capacity(true).send()).await
        }
        WriteCall::AttachToGroup { group, instance } => {
            let request = groups.attach_instances().auto_scaling_group_name(group).instance_ids(instance.as_str());
            ask.done(FAMILY, request.send()).await
        }
        _ => Err(ask.failed(WriteFailure::Invalid, "not a call on groups")),
    }
}

/// The call succeeds even when nothing could be launched: the reasons are in the answer.
fn launched(ask: &Ask<'_>, request_id: Option<String>, answer: LaunchInstancesOutput) -> Result<Answered, WriteError> {
    let mut ids =
        answer.instances.unwrap_or_default().into_iter().flat_map(|made| made.instance_ids.unwrap_or_default());
    if let Some(id) = ids.next() {
        return Ok(Answered { request_id, output: Output::Instance(id.into()) });
    }
    let Some(reason) = answer.errors.unwrap_or_default().into_iter().next() else {
        return Err(ask.failed(WriteFailure::Unavailable, "the answer names no instance"));
    };
    let (code, message) = (reason.error_code.unwrap_or_default(), reason.error_message.unwrap_or_default());
    let failure = error::by_code(&code, &message).unwrap_or(WriteFailure::Invalid);
    Err(ask.failed(failure, bounded(&format!("{code}: {message}"))))
}
