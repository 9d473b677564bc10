//! Reads everything about one instance, fresh, before it is touched.

use super::{BeforeImage, CloudProbe, Refusal, Settings};
use crate::collect::CloudRead;
use crate::types::{ImageId, InstanceId, OperationKind, Place, Track};

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
/// Every reason against the operation, joined.
pub async fn capture(
    _probe: &dyn CloudProbe,
    _cloud: &dyn CloudRead,
    _request: &CaptureRequest<'_>,
) -> Result<BeforeImage, Refusal> {
    Err(Refusal::passing("not read"))
}

/// What people should know before the operation begins, although nothing stands against it.
pub fn notes(_before: &BeforeImage, _request: &CaptureRequest<'_>) -> Vec<String> {
    Vec::new()
}
