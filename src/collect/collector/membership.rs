//! Auto Scaling and load balancer membership of one place. It informs the plan, not the verdict.

use std::sync::Mutex;

use futures::StreamExt;

use super::{lock, pages};
use crate::collect::builder::Builder;
use crate::collect::source::CloudRead;
use crate::types::{CoverageStatus, Place, Source};

/// Target groups asked at the same time in one place; the throttle sets the real pace.
const GROUPS_AT_ONCE: usize = 4;

pub(super) async fn auto_scaling(cloud: &dyn CloudRead, place: &Place, builder: &Mutex<Builder>) {
    let members = pages::each(
        place,
        "autoscaling:DescribeAutoScalingGroups",
        |next| cloud.asg_members(place, next),
        |items| lock(builder).found_members(items),
    )
    .await;
    match members {
        Ok(()) => lock(builder).covered(place, Source::Autoscaling, CoverageStatus::Complete, None),
        Err(broken) => lock(builder).failed(Source::Autoscaling, &broken.error, broken.partial),
    }
}

pub(super) async fn load_balancers(cloud: &dyn CloudRead, place: &Place, builder: &Mutex<Builder>) {
    let mut groups = Vec::new();
    let listed = pages::each(
        place,
        "elasticloadbalancing:DescribeTargetGroups",
        |next| cloud.target_groups(place, next),
        |items| groups.extend(items),
    )
    .await;
    // A Lambda or ALB target group holds no servers.
    groups.retain(|group| matches!(group.target_type.as_str(), "instance" | "ip"));
    let failures = futures::stream::iter(&groups)
        .map(|group| async move {
            match cloud.target_health(place, group).await {
                Ok(targets) => {
                    lock(builder).found_targets(place, group.arn.clone(), targets);
                    None
                }
                Err(error) => Some(error),
            }
        })
        .buffer_unordered(GROUPS_AT_ONCE)
        .filter_map(std::future::ready)
        .collect::<Vec<_>>()
        .await;
    let mut builder = lock(builder);
    match listed {
        Ok(()) => builder.covered(place, Source::Elb, CoverageStatus::Complete, None),
        Err(broken) => builder.failed(Source::Elb, &broken.error, broken.partial),
    }
    for error in failures {
        builder.failed(Source::Elb, &error, true);
    }
}
