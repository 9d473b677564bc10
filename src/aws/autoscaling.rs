//! Auto Scaling groups and their members.

use aws_sdk_autoscaling::types as sdk;

use super::clients::PlaceClients;
use super::ec2::token;
use super::throttle::Family;
use crate::collect::source::AsgMember;
use crate::collect::{Page, PageToken, ReadError};
use crate::types::AsgMembership;

pub(super) const DESCRIBE_GROUPS: &str = "autoscaling:DescribeAutoScalingGroups";

/// The largest page (Auto Scaling API reference, `MaxRecords`).
const GROUPS_PAGE: i32 = 100;

/// The members of one page of groups.
pub(super) async fn members(clients: &PlaceClients, next: Option<PageToken>) -> Result<Page<AsgMember>, ReadError> {
    let request = clients
        .autoscaling
        .describe_auto_scaling_groups()
        .max_records(GROUPS_PAGE)
        .set_next_token(next.map(|token| token.0));
    let answer = clients.call(Family::AutoScaling, DESCRIBE_GROUPS, request.send()).await?;
    let items = answer.auto_scaling_groups.unwrap_or_default().into_iter().flat_map(members_of).collect();
    Ok(Page { items, next: token(answer.next_token) })
}

fn members_of(group: sdk::AutoScalingGroup) -> Vec<AsgMember> {
    let name = group.auto_scaling_group_name.unwrap_or_default();
    let instances = group.instances.unwrap_or_default();
    let in_service = instances.iter().filter(|one| one.lifecycle_state == Some(sdk::LifecycleState::InService)).count();
    let sizes = AsgMembership {
        group: name,
        lifecycle_state: None,
        health: None,
        min_size: group.min_size,
        desired: group.desired_capacity,
        max_size: group.max_size,
        in_service: i32::try_from(in_service).ok(),
    };
    let member = |one: sdk::Instance| {
        Some(AsgMember {
            instance: one.instance_id?.into(),
            membership: AsgMembership {
                lifecycle_state: one.lifecycle_state.map(|state| state.as_str().to_owned()),
                health: one.health_status,
                ..sizes.clone()
            },
        })
    };
    instances.into_iter().filter_map(member).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_carry_the_sizes_of_their_group() {
        let instance = |id: &str, state| {
            sdk::Instance::builder().instance_id(id).lifecycle_state(state).health_status("Healthy").build()
        };
        let group = sdk::AutoScalingGroup::builder()
            .auto_scaling_group_name("web")
            .min_size(1)
            .max_size(4)
            .desired_capacity(2)
            .instances(instance("i-1", sdk::LifecycleState::InService))
            .instances(instance("i-2", sdk::LifecycleState::Standby))
            .build();
        let members = members_of(group);
        assert_eq!(members.len(), 2);
        let second = &members[1].membership;
        assert_eq!((second.group.as_str(), second.lifecycle_state.as_deref()), ("web", Some("Standby")));
        assert_eq!((second.min_size, second.desired, second.max_size), (Some(1), Some(2), Some(4)));
        assert_eq!(second.in_service, Some(1), "a standby member is not in service");
    }
}
