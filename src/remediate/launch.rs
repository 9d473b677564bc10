//! What a replacement is launched with.

use super::{BeforeImage, LaunchRequest, Refusal};
use crate::collect::CloudRead;
use crate::types::{Golden, InstanceId, OperationId, Place};

/// Lays out the launch of a replacement.
///
/// # Errors
/// When golden and before-image do not say all that a launch needs.
pub fn launch_request(
    _before: &BeforeImage,
    _golden: &Golden,
    _place: &Place,
    _operation: &OperationId,
    _token: &str,
) -> Result<LaunchRequest, Refusal> {
    Err(Refusal::lasting("not laid out"))
}

/// Where the text of user data may be found.
#[derive(Clone, Copy)]
pub struct UserDataSources<'a> {
    /// The cloud.
    pub cloud: &'a dyn CloudRead,
    /// Where the instances live.
    pub place: &'a Place,
    /// Contents of the configured file.
    pub file: Option<&'a [u8]>,
    /// The instance that is replaced.
    pub old: &'a InstanceId,
    /// The golden's reference instance.
    pub reference: Option<&'a InstanceId>,
}

/// The text whose digest the request names.
///
/// # Errors
/// When no source has it.
pub async fn user_data_for(
    _request: &LaunchRequest,
    _sources: &UserDataSources<'_>,
) -> Result<Option<Vec<u8>>, Refusal> {
    Err(Refusal::lasting("not found"))
}
