//! Status checks, and targets with their health.

use aws_sdk_ec2::types as sdk;

use crate::aws::clients::PlaceClients;
use crate::aws::elb;
use crate::aws::error::read_error;
use crate::aws::throttle::Family;
use crate::collect::source::{TargetGroup, TargetHealth};
use crate::collect::{ReadError, ReadFailure};
use crate::remediate::StatusChecks;
use crate::types::InstanceId;

const DESCRIBE_STATUS: &str = "ec2:DescribeInstanceStatus";

/// Status checks; `None` when there is nothing yet, or any more.
pub(in crate::aws) async fn status(clients: &PlaceClients, id: &InstanceId) -> Result<Option<StatusChecks>, ReadError> {
    let request = clients.ec2.describe_instance_status().instance_ids(id.as_str()).include_all_instances(true);
    match clients.attempt(Family::Ec2, request.send()).await {
        Ok(answer) => Ok(answer.instance_statuses.unwrap_or_default().into_iter().next().map(checks)),
        Err(error) => match read_error(DESCRIBE_STATUS, &clients.place, &error) {
            error if error.failure == ReadFailure::NotFound => Ok(None),
            error => Err(error),
        },
    }
}

/// A check that is not told has not passed.
fn checks(found: sdk::InstanceStatus) -> StatusChecks {
    let text = |summary: Option<sdk::InstanceStatusSummary>| {
        summary
            .and_then(|summary| summary.status)
            .map_or_else(|| "unknown".to_owned(), |status| status.as_str().to_owned())
    };
    StatusChecks {
        state: found.instance_state.as_ref().and_then(|state| state.name()).map_or("", |name| name.as_str()).to_owned(),
        system: text(found.system_status),
        instance: text(found.instance_status),
        ebs: found.attached_ebs_status.and_then(|ebs| ebs.status).map(|status| status.as_str().to_owned()),
    }
}

/// The targets of one group.
pub(in crate::aws) async fn targets(clients: &PlaceClients, group: &str) -> Result<Vec<TargetHealth>, ReadError> {
    // The kind of its targets does not matter to the question.
    let group = TargetGroup { arn: group.to_owned(), target_type: String::new() };
    elb::target_health(clients, &group).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(status: &str) -> sdk::InstanceStatusSummary {
        sdk::InstanceStatusSummary::builder().status(status.into()).build()
    }

    #[test]
    fn silence_is_not_a_passed_check() {
        let running = sdk::InstanceState::builder().name(sdk::InstanceStateName::Running).build();
        let found = sdk::InstanceStatus::builder().instance_state(running).system_status(summary("ok"));
        assert!(!checks(found.clone().build()).passed());
        let found = found.instance_status(summary("ok"));
        assert!(checks(found.clone().build()).passed(), "types without the third check pass with two");
        let ebs = sdk::EbsStatusSummary::builder().status("impaired".into()).build();
        assert!(!checks(found.attached_ebs_status(ebs).build()).passed());
    }
}
