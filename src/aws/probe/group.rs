//! One Auto Scaling group, with what it would launch now.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_autoscaling::types::{self as sdk, InstanceRefreshStatus};

use super::template;
use crate::aws::autoscaling::DESCRIBE_GROUPS;
use crate::aws::clients::PlaceClients;
use crate::aws::throttle::Family;
use crate::collect::ReadError;
use crate::remediate::GroupDetail;
use crate::types::InstanceId;

const DESCRIBE_REFRESHES: &str = "autoscaling:DescribeInstanceRefreshes";
const DESCRIBE_SUBNETS: &str = "ec2:DescribeSubnets";

/// One group by name.
pub(in crate::aws) async fn group(clients: &PlaceClients, name: &str) -> Result<Option<GroupDetail>, ReadError> {
    let request = clients.autoscaling.describe_auto_scaling_groups().auto_scaling_group_names(name);
    let answer = clients.call(Family::AutoScaling, DESCRIBE_GROUPS, request.send()).await?;
    let mut found = answer.auto_scaling_groups.unwrap_or_default().into_iter();
    let Some(found) = found.find(|group| group.auto_scaling_group_name() == Some(name)) else { return Ok(None) };
    let (launches, subnets, refreshing) = futures::try_join!(
        template::launches(clients, &found),
        subnets(clients, found.vpc_zone_identifier.as_deref().unwrap_or_default()),
        refreshing(clients, name),
    )?;
    let members = found.instances.unwrap_or_default();
    Ok(Some(GroupDetail {
        name: name.to_owned(),
        min_size: found.min_size.unwrap_or(0),
        desired: found.desired_capacity.unwrap_or(0),
        max_size: found.max_size.unwrap_or(0),
        images: launches.images,
        pinned: launches.pinned,
        subnets,
        protected: protected(&members),
        members: members.into_iter().filter_map(member).collect(),
        target_groups: target_groups(found.target_group_arns.unwrap_or_default(), found.traffic_sources),
        refreshing,
    }))
}

fn member(found: sdk::Instance) -> Option<(InstanceId, String)> {
    let state = found.lifecycle_state.map_or_else(String::new, |state| state.as_str().to_owned());
    Some((found.instance_id?.into(), state))
}

fn protected(members: &[sdk::Instance]) -> BTreeSet<InstanceId> {
    let protected = members.iter().filter(|one| one.protected_from_scale_in == Some(true));
    protected.filter_map(|one| one.instance_id.as_deref()).map(InstanceId::new).collect()
}

/// Groups attached the old way and as traffic sources; the kinds of source that are no target groups are left out.
fn target_groups(attached: Vec<String>, sources: Option<Vec<sdk::TrafficSourceIdentifier>>) -> Vec<String> {
    let sources = sources.unwrap_or_default().into_iter().filter(|source| source.r#type() == Some("elbv2"));
    let all: BTreeSet<String> = attached.into_iter().chain(sources.filter_map(|source| source.identifier)).collect();
    all.into_iter().collect()
}

/// Zone and id of each subnet, sorted.
async fn subnets(clients: &PlaceClients, listed: &str) -> Result<Vec<(String, String)>, ReadError> {
    let ids: Vec<String> = listed.split(',').map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let request = clients.ec2.describe_subnets().set_subnet_ids(Some(ids));
    let answer = clients.call(Family::Ec2, DESCRIBE_SUBNETS, request.send()).await?;
    let found = answer.subnets.unwrap_or_default().into_iter();
    let by_zone: BTreeMap<(String, String), ()> =
        found.filter_map(|one| Some(((one.availability_zone?, one.subnet_id?), ()))).collect();
    Ok(by_zone.into_keys().collect())
}

/// Whether an instance refresh is under way. The newest come first, and there is one at a time.
async fn refreshing(clients: &PlaceClients, name: &str) -> Result<bool, ReadError> {
    let request = clients.autoscaling.describe_instance_refreshes().auto_scaling_group_name(name);
    let answer = clients.call(Family::AutoScaling, DESCRIBE_REFRESHES, request.send()).await?;
    let refreshes = answer.instance_refreshes.unwrap_or_default();
    Ok(refreshes.iter().filter_map(|one| one.status.as_ref()).any(is_under_way))
}

fn is_under_way(status: &InstanceRefreshStatus) -> bool {
    !matches!(
        status,
        InstanceRefreshStatus::Cancelled
            | InstanceRefreshStatus::Failed
            | InstanceRefreshStatus::RollbackFailed
            | InstanceRefreshStatus::RollbackSuccessful
            | InstanceRefreshStatus::Successful
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_of_an_unknown_kind_is_under_way() {
        assert!(is_under_way(&InstanceRefreshStatus::Baking));
        assert!(is_under_way(&InstanceRefreshStatus::from("Novel")));
        assert!(!is_under_way(&InstanceRefreshStatus::Successful));
    }

    #[test]
    fn traffic_sources_that_are_target_groups_count_once() {
        let source =
            |arn: &str, kind: &str| sdk::TrafficSourceIdentifier::builder().identifier(arn).r#type(kind).build();
        let sources = vec![source("arn:b", "elbv2"), source("arn:a", "elbv2"), source("arn:c", "vpc-lattice")];
        assert_eq!(target_groups(vec!["arn:a".to_owned()], Some(sources)), ["arn:a", "arn:b"]);
    }
}
