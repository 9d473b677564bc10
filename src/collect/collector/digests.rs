//! Digest files beside the log files of a folder or bucket: what they say of the log files becomes part of the snapshot.

mod bucket;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};

use super::{Collection, lock, pages};
use crate::collect::builder::Builder;
use crate::collect::digest::{ChainReport, Folder, PublicKeys, VerifyReport, VerifyRequest, survey, verify};
use crate::collect::settings::TrailSource;
use crate::types::{BreakKind, CoverageStatus, Place, Region, Source};

/// The newest digest of a folder cannot be proven before the next one is there: it is looked at once more.
const AGAIN: SignedDuration = SignedDuration::from_hours(2);

/// Verifies what was digested since the last scan. Returns how far, as checkpoints. A folder without digest files says
/// nothing.
pub(super) async fn read(
    collection: &Collection<'_>,
    builder: &Mutex<Builder>,
    now: Timestamp,
) -> Vec<(Place, String, Timestamp)> {
    let mut checkpoints = Vec::new();
    for source in &collection.settings.trail {
        match source {
            TrailSource::Dir(path) => {
                // A folder that cannot be read is told by the reader of its log files.
                if let Ok(folder) = Folder::open(path) {
                    checkpoints.extend(one(collection, builder, &folder, path, now).await);
                }
            }
            TrailSource::S3(source) => checkpoints.extend(bucket::read(collection, builder, source, now).await),
            // The messages of a queue do not tell of digest files.
            TrailSource::Lookup | TrailSource::Sqs(_) => {}
        }
    }
    checkpoints
}

async fn one(
    collection: &Collection<'_>,
    builder: &Mutex<Builder>,
    folder: &Folder,
    path: &Path,
    now: Timestamp,
) -> Vec<(Place, String, Timestamp)> {
    let regions = survey(folder);
    if regions.is_empty() {
        return Vec::new();
    }
    let places: BTreeSet<Place> = collection.settings.places.iter().cloned().collect();
    let keys = keys(collection, builder, &regions, now).await;
    let name = format!("digest:{}", path.display());
    let known = |place: &Place| collection.memory.checkpoints.get(&(place.clone(), name.clone())).copied();
    let lookback = SignedDuration::try_from(collection.settings.lookback).unwrap_or_default();
    let start = now.checked_sub(lookback).unwrap_or(now);
    let since = places.iter().filter_map(|place| known(place).filter(|at| *at <= now)).min().unwrap_or(start);
    let report = verify(&VerifyRequest {
        objects: folder,
        keys: &keys,
        since: Some(since),
        until: None,
        hashed: None,
        places: Some(&places),
        progress: &|_| {},
    });
    let through = ends(&report, start);
    tell(builder, report, |place| known(place).is_none().then_some(since));
    let again = |at: Timestamp| at.checked_sub(AGAIN).unwrap_or(at).max(since);
    through.into_iter().map(|(place, at)| (place, name.clone(), again(at))).collect()
}

/// Until when each place is proven by all its chains. Those that ended before `start` are not waited for: their trail
/// is gone. Late digests are chains of their own, which have no end.
fn ends(report: &VerifyReport, start: Timestamp) -> BTreeMap<Place, Timestamp> {
    let mut through: BTreeMap<Place, Timestamp> = BTreeMap::new();
    for chain in report.chains.iter().filter(|chain| !chain.backfill) {
        let place = place_of(chain);
        if let Some(at) = chain.through.filter(|at| *at >= start) {
            through.entry(place).and_modify(|known| *known = at.min(*known)).or_insert(at);
        }
    }
    through
}

fn place_of(chain: &ChainReport) -> Place {
    Place { account: chain.account.clone(), region: chain.region.clone() }
}

/// `begun` says since when a place is looked at for the first time: what came before may never have been copied.
fn tell(builder: &Mutex<Builder>, report: VerifyReport, begun: impl Fn(&Place) -> Option<Timestamp>) {
    let unproven = report.unproven.kept.iter().find(|entry| !entry.waits_for_the_next);
    if let Some(entry) = unproven {
        let reason = format!("{}: {}", entry.object, entry.reason);
        let places: BTreeSet<Place> = report.chains.iter().map(place_of).collect();
        for place in &places {
            lock(builder).incomplete(place, Source::Trail, CoverageStatus::Partial, reason.clone());
        }
    }
    let mut builder = lock(builder);
    for found in report.breaks.kept {
        let place = Place { account: found.account.clone(), region: found.region.clone() };
        let first = begun(&place).is_some_and(|since| found.from == Some(since));
        if !(first && found.kind == BreakKind::DigestMissing) {
            builder.found_break(found);
        }
    }
}

/// The public keys of the regions that are read. Without them the digests are unproven, and that is told.
async fn keys(
    collection: &Collection<'_>,
    builder: &Mutex<Builder>,
    regions: &BTreeMap<Region, Timestamp>,
    now: Timestamp,
) -> PublicKeys {
    let mut keys = PublicKeys::default();
    let mut asked = BTreeSet::new();
    for place in &collection.settings.places {
        let Some(from) = regions.get(&place.region).filter(|_| asked.insert(&place.region)) else { continue };
        keys_of(collection, builder, place, (*from, now), &mut keys).await;
    }
    keys
}

/// Adds the public keys of a region.
async fn keys_of(
    collection: &Collection<'_>,
    builder: &Mutex<Builder>,
    place: &Place,
    (from, now): (Timestamp, Timestamp),
    keys: &mut PublicKeys,
) {
    let from = from.checked_sub(AGAIN).unwrap_or(from);
    let listed = pages::each(
        place,
        "cloudtrail:ListPublicKeys",
        |next| collection.cloud.public_keys(place, from, now, next),
        |page| page.into_iter().for_each(|key| keys.add(key)),
    )
    .await;
    if let Err(broken) = listed {
        lock(builder).failed(Source::Trail, &broken.error, true);
    }
}
