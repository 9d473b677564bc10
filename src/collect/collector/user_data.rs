//! User data digests: the one attribute without a batch call, so it is fetched once per launch, and again only
//! when an event says that it changed.

use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;

use futures::StreamExt;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::{Collection, Progress, lock};
use crate::collect::builder::Builder;
use crate::collect::source::ReadFailure;
use crate::store::UserDataMemo;
use crate::types::{CoverageStatus, Digest, InstanceId, Place, Source};

/// Instances asked at the same time; the throttle sets the real pace.
const AT_ONCE: usize = 8;

pub(super) async fn read(
    collection: &Collection<'_>,
    builder: &Mutex<Builder>,
    changed: &BTreeSet<InstanceId>,
    now: Timestamp,
) -> Vec<UserDataMemo> {
    let remembered: HashMap<(&Place, &InstanceId), &UserDataMemo> =
        collection.memory.user_data.iter().map(|memo| ((&memo.place, &memo.instance), memo)).collect();
    let wanted = lock(builder).launches();
    let mut fetch = Vec::new();
    for (place, instance, image, launched_at) in wanted {
        if !collection.memory.user_data_images.contains(&image) {
            continue;
        }
        // The digest is from before this run of the instance, or an event says that it changed: read it again.
        let memo = remembered.get(&(&place, &instance)).copied();
        match memo {
            Some(memo) if memo.fetched_at > launched_at && !changed.contains(&instance) => {
                let mut builder = lock(builder);
                // Known is as good as read: without this, what rests on user data would wait for the next launch.
                builder.covered(&place, Source::UserData, CoverageStatus::Complete, None);
                builder.found_user_data(instance, memo.digest.as_deref().map(Digest::new));
            }
            _ => fetch.push((place, instance)),
        }
    }
    if !fetch.is_empty() {
        (collection.progress)(Progress::UserData(fetch.len()));
    }
    futures::stream::iter(fetch)
        .map(|(place, instance)| async move {
            let answer = collection.cloud.user_data(&place, &instance).await;
            (place, instance, answer)
        })
        .buffer_unordered(AT_ONCE)
        .filter_map(|(place, instance, answer)| std::future::ready(found(builder, place, instance, answer, now)))
        .collect()
        .await
}

fn found(
    builder: &Mutex<Builder>,
    place: Place,
    instance: InstanceId,
    answer: Result<Option<Vec<u8>>, crate::collect::ReadError>,
    now: Timestamp,
) -> Option<UserDataMemo> {
    let mut builder = lock(builder);
    match answer {
        Ok(text) => {
            builder.covered(&place, Source::UserData, CoverageStatus::Complete, None);
            let digest = text.map(|text| user_data_digest(&text));
            builder.found_user_data(instance.clone(), digest.clone());
            let digest = digest.map(|digest| digest.to_string());
            Some(UserDataMemo { place, instance, digest, fetched_at: now })
        }
        // Terminated between the listing and this call: nothing to judge any more.
        Err(error) if error.failure == ReadFailure::NotFound => None,
        Err(error) => {
            builder.failed(Source::UserData, &error, true);
            // Forget the remembered digest: the event that said it changed is not read a second time.
            Some(UserDataMemo { place, instance, digest: None, fetched_at: Timestamp::UNIX_EPOCH })
        }
    }
}

/// `sha256:` over the decoded user data. The text itself may hold secrets and is never kept.
pub fn user_data_digest(text: &[u8]) -> Digest {
    let hash = Sha256::digest(text);
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    Digest::new(format!("sha256:{hex}"))
}
