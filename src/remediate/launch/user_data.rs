//! Finds the text of user data by its digest. It may hold secrets: it is never logged, stored or put into an error.

use crate::collect::{CloudRead, ReadFailure, user_data_digest};
use crate::remediate::{LaunchRequest, Refusal};
use crate::types::{Digest, InstanceId, Place};

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
    /// Where else the reference instance may live: every account-region of the golden has the same user data.
    pub elsewhere: &'a [Place],
}

/// The text whose digest the request names: of the configured file, else of the old instance, else of the golden's
/// reference instance. Equal digests make it the same text, wherever it comes from.
///
/// # Errors
/// When no source has it, with what to do; transient when a source could not be read.
pub async fn user_data_for(request: &LaunchRequest, sources: &UserDataSources<'_>) -> Result<Option<Vec<u8>>, Refusal> {
    let Some(wanted) = &request.user_data else { return Ok(None) };
    if let Some(text) = sources.file.filter(|text| user_data_digest(text) == *wanted) {
        return Ok(Some(text.to_vec()));
    }
    let mut unread = None;
    let near = [Some(sources.old), sources.reference].into_iter().flatten().map(|instance| (sources.place, instance));
    let far = sources.elsewhere.iter().filter(|place| *place != sources.place);
    let far = far.filter_map(|place| Some((place, sources.reference?)));
    for (place, instance) in near.chain(far) {
        match sources.cloud.user_data(place, instance).await {
            Ok(Some(text)) if user_data_digest(&text) == *wanted => return Ok(Some(text)),
            Ok(_) => {}
            Err(error) if error.failure == ReadFailure::NotFound => {}
            Err(error) => unread = Some(error),
        }
    }
    Err(match unread {
        Some(error) => Refusal::passing(format!("user data could not be read: {error}")),
        None => nowhere(wanted, sources),
    })
}

fn nowhere(wanted: &Digest, sources: &UserDataSources<'_>) -> Refusal {
    let file = if sources.file.is_some() { "the configured file, " } else { "" };
    let reference = if sources.reference.is_some() { " and the golden's reference instance" } else { "" };
    Refusal::lasting(format!(
        "the recorded user data ({wanted}) was found nowhere: {file}the old instance{reference} have other text or none; \
         configure a file with the text that the golden was recorded with"
    ))
}
