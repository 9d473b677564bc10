//! Digest files of a trail's bucket, by account-region.
//!
//! A bucket is never read twice where that can be helped: a scan lists the digest files of the last day, and reads only
//! when there is a new one, or when one is overdue. Log files that an earlier scan compared are known by name.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::OnceCell;

use super::{AGAIN, ends, keys_of, tell};
use crate::collect::builder::Builder;
use crate::collect::collector::{Collection, lock};
use crate::collect::digest::{
    Bucket, BucketReader, BucketScope, DigestKey, PublicKeys, TrailObjects, VerifyReport, VerifyRequest, verify,
};
use crate::collect::logs::TrailLogs;
use crate::collect::settings::BucketSource;
use crate::types::{BreakKind, CoverageStatus, Place, Region, Source, TrailBreak};

/// A digest file comes every hour, soon after the hour has ended. Three hours without one are two that did not come.
const OVERDUE: SignedDuration = SignedDuration::from_hours(3);

/// What the places of one bucket share.
struct Round<'a> {
    collection: &'a Collection<'a>,
    builder: &'a Mutex<Builder>,
    logs: &'a dyn TrailLogs,
    source: &'a BucketSource,
    name: String,
    now: Timestamp,
    /// Where a first scan begins.
    start: Timestamp,
    keys: BTreeMap<&'a Region, OnceCell<Arc<PublicKeys>>>,
}

/// Verifies what was digested since the last scan. Returns how far, as checkpoints.
pub(super) async fn read(
    collection: &Collection<'_>,
    builder: &Mutex<Builder>,
    source: &BucketSource,
    now: Timestamp,
) -> Vec<(Place, String, Timestamp)> {
    // Told by the reader of its log files.
    let Some(logs) = collection.cloud.logs() else { return Vec::new() };
    let settings = collection.settings;
    let lookback = SignedDuration::try_from(settings.lookback).unwrap_or_default();
    let round = Round {
        collection,
        builder,
        logs,
        source,
        name: format!("digest:{}", source.name()),
        now,
        start: now.checked_sub(lookback).unwrap_or(now),
        keys: settings.places.iter().map(|place| (&place.region, OnceCell::new())).collect(),
    };
    futures::stream::iter(&settings.places)
        .map(|place| round.place(place))
        .buffer_unordered(settings.concurrency.max(1))
        .filter_map(std::future::ready)
        .collect()
        .await
}

impl Round<'_> {
    async fn place(&self, place: &Place) -> Option<(Place, String, Timestamp)> {
        match self.verified(place).await {
            Ok(through) => through.map(|at| (place.clone(), self.name.clone(), at)),
            Err(reason) => {
                lock(self.builder).incomplete(place, Source::Trail, CoverageStatus::Partial, reason);
                None
            }
        }
    }

    /// Until when the place is proven now, if that has changed; or why it could not be looked at.
    async fn verified(&self, place: &Place) -> Result<Option<Timestamp>, String> {
        let known = self.known(place);
        let since = known.map_or(self.start, |at| at.checked_sub(AGAIN).unwrap_or(at));
        let (bucket, mut reader) = Bucket::open(&self.source.access, self.scope(place), Some(since));
        let (bucket, newest) = on(&mut reader, self.logs, bucket, newest).await?;
        let newest = newest.map_err(|error| format!("digest files of {} cannot be listed: {error}", self.name))?;
        if let Some(known) = known.filter(|known| newest.is_none_or(|newest| newest < *known)) {
            self.gone(place, newest, known);
        }
        let Some(newest) = newest else { return Ok(None) };
        if known.is_some_and(|known| newest <= known) && self.now.duration_since(newest) <= OVERDUE {
            return Ok(None);
        }
        let keys = self.keys(place).await;
        let work = move |bucket: &Bucket| {
            let (since, hashed) = (Some(since), known);
            verify(&VerifyRequest {
                objects: bucket,
                keys: &keys,
                since,
                until: None,
                hashed,
                places: None,
                progress: &|_| {},
            })
        };
        let (_, report) = on(&mut reader, self.logs, bucket, work).await?;
        let through = ends(&report, self.start).remove(place);
        let failed = failed(&report);
        tell(self.builder, report, |_| known.is_none().then_some(since));
        // What could not be read is tried again, for as long as a first scan looks back.
        Ok(if failed { known.map(|known| known.max(self.start).min(newest)) } else { through })
    }

    fn known(&self, place: &Place) -> Option<Timestamp> {
        let known = self.collection.memory.checkpoints.get(&(place.clone(), self.name.clone()));
        known.copied().filter(|at| *at <= self.now)
    }

    fn scope(&self, place: &Place) -> BucketScope {
        let BucketSource { bucket, prefix, organization, .. } = self.source;
        BucketScope {
            bucket: bucket.clone(),
            prefix: prefix.clone(),
            organization: organization.clone(),
            account: Some(place.account.clone()),
            region: Some(place.region.clone()),
        }
    }

    /// The keys of the region since the earliest time that one of its places needs them.
    async fn keys(&self, place: &Place) -> Arc<PublicKeys> {
        let Some(cell) = self.keys.get(&place.region) else { return Arc::default() };
        let ask = || async {
            let same = self.collection.settings.places.iter().filter(|other| other.region == place.region);
            let from = same.filter_map(|place| self.known(place)).min().unwrap_or(self.start).min(self.start);
            let from = from.checked_sub(AGAIN).unwrap_or(from);
            let mut keys = PublicKeys::default();
            keys_of(self.collection, self.builder, place, (from, self.now), &mut keys).await;
            Arc::new(keys)
        };
        cell.get_or_init(ask).await.clone()
    }

    /// A digest that an earlier scan has read is not there any more.
    fn gone(&self, place: &Place, newest: Option<Timestamp>, known: Timestamp) {
        let Place { account, region } = place.clone();
        lock(self.builder).found_break(TrailBreak {
            account,
            region,
            trail: None,
            from: newest,
            to: Some(known),
            kind: BreakKind::DigestMissing,
            object: self.name.clone(),
            detail: format!("the digest files until {known} were there at an earlier scan, and are gone"),
        });
    }
}

/// Runs `work`, which asks the bucket, on a thread of its own, and answers it meanwhile.
async fn on<T: Send + 'static>(
    reader: &mut BucketReader,
    logs: &dyn TrailLogs,
    bucket: Bucket,
    work: impl FnOnce(&Bucket) -> T + Send + 'static,
) -> Result<(Bucket, T), String> {
    let work = tokio::task::spawn_blocking(move || {
        let done = work(&bucket);
        (bucket, done)
    });
    tokio::select! {
        done = work => done.map_err(|error| format!("the verification of digest files broke off: {error}")),
        () = reader.serve(logs) => Err("the verification of digest files broke off".to_owned()),
    }
}

/// The end of the newest digest.
fn newest(bucket: &Bucket) -> std::io::Result<Option<Timestamp>> {
    let mut newest = None;
    bucket.digests(&mut |key| {
        let end = DigestKey::parse(key).filter(|key| !key.backfill).map(|key| key.end);
        newest = newest.max(end);
    })?;
    Ok(newest)
}

fn failed(report: &VerifyReport) -> bool {
    report.unproven.kept.iter().any(|entry| !entry.waits_for_the_next)
}
