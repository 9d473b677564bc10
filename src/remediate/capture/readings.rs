//! What is read around the instance: groups, volumes, network ACLs, roles.

use std::collections::BTreeSet;

use super::CaptureRequest;
use crate::collect::ReadError;
use crate::remediate::moving::data_volumes;
use crate::remediate::refuse::{Readings, contains};
use crate::remediate::{CloudProbe, CutMode, IdentityCut, InstanceDetail, RoleDetail};
use crate::types::{Place, VolumeId};

/// Reads only what the settings make use of.
pub(super) async fn read(
    probe: &dyn CloudProbe,
    request: &CaptureRequest<'_>,
    detail: &InstanceDetail,
) -> Result<Readings, ReadError> {
    let (place, settings) = (request.place, request.settings);
    let mut read = Readings::default();
    if let Some(vpc) = &detail.vpc {
        read.isolation = probe.security_group(place, vpc, &settings.isolation_group).await?;
        if settings.cut == CutMode::Convert {
            read.open = probe.security_group(place, vpc, &settings.open_group).await?;
        }
    }
    if settings.moves.volumes {
        let ids: Vec<VolumeId> = data_volumes(detail).iter().map(|volume| volume.id.clone()).collect();
        if !ids.is_empty() {
            read.volumes = probe.volumes(place, &ids).await?;
        }
    }
    if settings.cut == CutMode::Nacl {
        let subnets: BTreeSet<&String> = detail.interfaces.iter().map(|interface| &interface.subnet).collect();
        for subnet in subnets {
            if let Some(acl) = probe.subnet_acl(place, subnet).await? {
                read.acls.insert(subnet.clone(), acl);
            }
        }
    }
    Ok(read)
}

/// The role behind the instance's profile, and the ARN of the quarantine profile when there is one.
pub(super) async fn identity(
    probe: &dyn CloudProbe,
    request: &CaptureRequest<'_>,
    detail: &InstanceDetail,
) -> Result<(Option<RoleDetail>, Option<String>), ReadError> {
    let (place, settings) = (request.place, request.settings);
    if settings.identity == IdentityCut::None || !contains(request) {
        return Ok((None, None));
    }
    let role = match &detail.profile {
        Some((_, arn)) => probe.role_of(place, arn).await?,
        None => None,
    };
    let Some(name) = &settings.quarantine_profile else { return Ok((role, None)) };
    let arn = profile_arn(place, &detail.instance.arn(), name);
    let quarantine = probe.role_of(place, &arn).await?;
    Ok((role, quarantine.map(|found| found.profile_arn)))
}

/// An ARN by which a profile can be looked up, in the partition of another ARN of the same place. Its path is not
/// known.
fn profile_arn(place: &Place, neighbour: &str, name: &str) -> String {
    let partition = neighbour.split(':').nth(1).unwrap_or("aws");
    format!("arn:{partition}:iam::{}:instance-profile/{name}", place.account)
}
