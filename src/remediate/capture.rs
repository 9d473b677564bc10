//! Reads everything about one instance, fresh, before it is touched: what operations restore, and what stands
//! against them.

pub(super) mod acl;
mod notes;
mod readings;
mod targets;
#[cfg(feature = "testing")]
#[cfg(test)]
mod tests;

pub(in crate::remediate) use notes::notes;

use super::refuse::{Readings, Refusal, no_substitute, refusals};
use super::{BeforeImage, CloudProbe, CutMode, InstanceDetail, Settings};
use crate::collect::{CloudRead, ReadError, ReadFailure, user_data_digest};
use crate::types::{ImageId, InstanceId, OperationKind, Place, SecurityGroupId, Track};

/// The tag that EC2 Auto Scaling puts on its members.
const GROUP_TAG: &str = "aws:autoscaling:groupName";

/// What is captured, and for which operation.
#[derive(Clone, Copy, Debug)]
pub struct CaptureRequest<'a> {
    /// Where.
    pub place: &'a Place,
    /// Instance.
    pub instance: &'a InstanceId,
    /// What will be done.
    pub kind: OperationKind,
    /// How.
    pub settings: &'a Settings,
    /// In which order.
    pub track: Track,
    /// ARNs of the target groups in which the scan saw the instance, by id or by one of its addresses.
    pub target_groups: &'a [String],
    /// Its Auto Scaling group, as the scan saw it.
    pub asg: Option<&'a str>,
    /// AMI of the golden in this place.
    pub golden_image: Option<&'a ImageId>,
}

/// Reads everything and refuses what must not be begun.
///
/// # Errors
/// Every reason against the operation, joined; or the read that failed.
pub async fn capture(
    probe: &dyn CloudProbe,
    cloud: &dyn CloudRead,
    request: &CaptureRequest<'_>,
) -> Result<BeforeImage, Refusal> {
    let place = request.place;
    let Some(detail) = probe.instance(place, request.instance).await.map_err(unread)? else {
        return Err(Refusal::lasting("does not exist any more: the next scan will not list it"));
    };
    if !detail.instance.is_live() {
        return Err(Refusal::lasting(format!("is {}: nothing is left to do", detail.instance.state)));
    }
    let group_name = group_name(&detail, request);
    let group = match &group_name {
        Some(name) => probe.group(place, name).await.map_err(unread)?,
        None => None,
    };
    let targets = targets::read(probe, request, &detail, group.as_ref()).await.map_err(unread)?;
    let user_data = cloud.user_data(place, request.instance).await.map_err(unread)?;
    let (role, quarantine_profile) = readings::identity(probe, request, &detail).await.map_err(unread)?;
    let mut read = readings::read(probe, request, &detail).await.map_err(unread)?;
    read.group = group_name;
    let before = BeforeImage {
        targets,
        no_substitute: no_substitute(request, group.as_ref()),
        group,
        role,
        isolation_group: id_of(&read),
        open_group: read.open.as_ref().filter(|group| group.open).map(|group| group.id.clone()),
        quarantine_profile,
        acls: if request.settings.cut == CutMode::Nacl {
            acl::numbers(&detail, &read.acls)
        } else {
            Default::default()
        },
        user_data: user_data.map(|text| user_data_digest(&text)),
        detail,
    };
    match Refusal::join(refusals(&before, &read, request)) {
        Some(refusal) => Err(refusal),
        None => Ok(before),
    }
}

/// Without the group the operation is refused, unless it only undoes another one, which has its own before-image.
fn id_of(read: &Readings) -> SecurityGroupId {
    read.isolation.as_ref().map_or_else(|| SecurityGroupId::new(""), |group| group.id.clone())
}

/// A group that the scan did not see, e.g. because Auto Scaling could not be read, still launches and terminates.
fn group_name(detail: &InstanceDetail, request: &CaptureRequest<'_>) -> Option<String> {
    request.asg.map(str::to_owned).or_else(|| detail.instance.tags.get(GROUP_TAG).cloned())
}

/// What cannot be read cannot be restored either.
fn unread(error: ReadError) -> Refusal {
    let transient = matches!(error.failure, ReadFailure::Throttled | ReadFailure::Timeout | ReadFailure::Unavailable);
    Refusal { reason: format!("could not be read before the operation: {error}"), transient }
}
