//! Where an instance is registered.

use std::collections::BTreeSet;

use super::CaptureRequest;
use crate::collect::ReadError;
use crate::remediate::{CloudProbe, GroupDetail, InstanceDetail, TargetBefore};

/// Asks every target group that may hold the instance: those in which the scan saw it, and those of its group.
pub(super) async fn read(
    probe: &dyn CloudProbe,
    request: &CaptureRequest<'_>,
    detail: &InstanceDetail,
    group: Option<&GroupDetail>,
) -> Result<Vec<TargetBefore>, ReadError> {
    let groups: BTreeSet<&String> =
        request.target_groups.iter().chain(group.into_iter().flat_map(|group| &group.target_groups)).collect();
    let mut found = Vec::new();
    for arn in groups {
        let targets = probe.targets(request.place, arn).await?;
        // Somebody is taking a draining one out: it was not serving, and must not be put back.
        let own = targets.into_iter().filter(|target| is_own(detail, &target.target) && target.state != "draining");
        found.extend(own.map(|target| TargetBefore {
            group: arn.clone(),
            target: target.target,
            port: target.port,
            zone: target.zone,
            health: target.state,
        }));
    }
    found.sort_by(|a, b| (&a.group, &a.target, a.port).cmp(&(&b.group, &b.target, b.port)));
    Ok(found)
}

fn is_own(detail: &InstanceDetail, target: &str) -> bool {
    let mut addresses =
        detail.interfaces.iter().flat_map(|interface| interface.private_ips.iter().chain(&interface.ipv6));
    target == detail.instance.id.as_str() || addresses.any(|address| address == target)
}
