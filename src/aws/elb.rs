//! ELBv2 target groups and the health of their targets.

use aws_sdk_elasticloadbalancingv2::types as sdk;

use super::clients::PlaceClients;
use super::ec2::token;
use super::throttle::Family;
use crate::collect::source::{TargetGroup, TargetHealth};
use crate::collect::{Page, PageToken, ReadError};

pub(super) const DESCRIBE_GROUPS: &str = "elasticloadbalancing:DescribeTargetGroups";
pub(super) const DESCRIBE_HEALTH: &str = "elasticloadbalancing:DescribeTargetHealth";

/// The largest page (ELBv2 API reference, `PageSize`).
const GROUPS_PAGE: i32 = 400;

/// One page of the target groups that can hold instances or their addresses.
pub(super) async fn target_groups(
    clients: &PlaceClients,
    next: Option<PageToken>,
) -> Result<Page<TargetGroup>, ReadError> {
    let request = clients.elb.describe_target_groups().page_size(GROUPS_PAGE).set_marker(next.map(|token| token.0));
    let answer = clients.call(Family::Elb, DESCRIBE_GROUPS, request.send()).await?;
    let items = answer.target_groups.unwrap_or_default().into_iter().filter_map(group).collect();
    Ok(Page { items, next: token(answer.next_marker) })
}

/// The targets of one group.
pub(super) async fn target_health(clients: &PlaceClients, group: &TargetGroup) -> Result<Vec<TargetHealth>, ReadError> {
    let request = clients.elb.describe_target_health().target_group_arn(&group.arn);
    let answer = clients.call(Family::Elb, DESCRIBE_HEALTH, request.send()).await?;
    Ok(answer.target_health_descriptions.unwrap_or_default().into_iter().filter_map(health).collect())
}

/// `None` for the kinds that hold no servers: Lambda functions and other load balancers.
fn group(found: sdk::TargetGroup) -> Option<TargetGroup> {
    let kind = found.target_type.as_ref().map_or("instance", sdk::TargetTypeEnum::as_str);
    if !matches!(kind, "instance" | "ip") {
        return None;
    }
    Some(TargetGroup { target_type: kind.to_owned(), arn: found.target_group_arn? })
}

fn health(found: sdk::TargetHealthDescription) -> Option<TargetHealth> {
    let target = found.target?;
    let state = found.target_health.and_then(|health| health.state);
    Some(TargetHealth {
        target: target.id?,
        port: target.port,
        zone: target.availability_zone,
        state: state.map_or_else(|| "unavailable".to_owned(), |state| state.as_str().to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_without_servers_are_left_out() {
        let named = |kind| sdk::TargetGroup::builder().target_group_arn("arn:tg").target_type(kind).build();
        assert_eq!(group(named(sdk::TargetTypeEnum::Ip)).unwrap().target_type, "ip");
        assert!(group(named(sdk::TargetTypeEnum::Lambda)).is_none());
        assert!(group(named(sdk::TargetTypeEnum::Alb)).is_none());
    }

    #[test]
    fn a_target_without_a_state_is_not_called_healthy() {
        let target = sdk::TargetDescription::builder().id("10.0.0.9").port(80).build();
        let got = health(sdk::TargetHealthDescription::builder().target(target).build()).unwrap();
        assert_eq!((got.target.as_str(), got.state.as_str()), ("10.0.0.9", "unavailable"));
    }
}
