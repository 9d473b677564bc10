//! Does the I/O of one collection: every place and source, in parallel within bounds.
//!
//! Nothing here fails as a whole: a source that cannot be read becomes coverage, and the rest goes on.

mod digests;
mod images;
mod membership;
mod pages;
mod servers;
mod software;
mod trails;
mod user_data;

pub use user_data::user_data_digest;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use futures::StreamExt;
use jiff::Timestamp;
use tracing::{Instrument as _, Span};

use super::builder::Builder;
use super::hashes::{CleanHashes, Reports};
use super::settings::CollectSettings;
use super::source::CloudRead;
use super::trail::OwnWindow;
use super::trail_reader::{self, Receipt};
use crate::store::{ContentReport, DeadLetter, Link, ObjectMark, TrailMarks, UserDataMemo};
use crate::types::{ChangeEvent, EventId, ImageId, Place, ScanId, Snapshot, TRACE};

/// What earlier scans remember for this one.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// What belonged to whom.
    pub links: Vec<Link>,
    /// Digests of user data, so that it is fetched once per launch.
    pub user_data: Vec<UserDataMemo>,
    /// Through when each source of a place was read.
    pub checkpoints: BTreeMap<(Place, String), Timestamp>,
    /// Log objects that need not be read again, or could not be read yet.
    pub objects: Vec<ObjectMark>,
    /// What was given up, and somebody wants to be tried once more.
    pub again: Vec<DeadLetter>,
    /// Images whose goldens hold user data to a digest; user data of other instances is not fetched.
    pub user_data_images: BTreeSet<ImageId>,
    /// Changes of the last day whose targets were not all known: what tells of them may have come since.
    pub unresolved: Vec<ChangeEvent>,
    /// The newest inventory reports of nodes.
    pub reports: Vec<ContentReport>,
    /// Content hashes of clean instances.
    pub clean: CleanHashes,
    /// Principals that cattleguard itself uses, to recognise its own calls together with the journal.
    pub own_principals: Vec<String>,
    /// Event and request ids that the journal recorded as ours.
    pub own_events: BTreeSet<String>,
    /// Calls that the journal holds without such an id.
    pub own_windows: Vec<OwnWindow>,
}

/// What a collection produced: the snapshot, and what to remember once the scan is committed.
#[derive(Debug)]
pub struct Collected {
    /// The snapshot.
    pub snapshot: Snapshot,
    /// Checkpoints to advance.
    pub checkpoints: Vec<(Place, String, Timestamp)>,
    /// Log objects and messages.
    pub marks: TrailMarks,
    /// Messages to delete once the scan is committed, see [`acknowledge`](super::acknowledge).
    pub receipts: Vec<Receipt>,
    /// Links to remember.
    pub links: Vec<Link>,
    /// User data digests to remember.
    pub user_data: Vec<UserDataMemo>,
    /// What nodes reported by hash, to remember.
    pub reports: Vec<ContentReport>,
    /// Events of the snapshot that must not be remembered yet: their targets could not be resolved because
    /// instances could not be listed, and the next scan reads them again.
    pub waiting: BTreeSet<EventId>,
}

/// How far a collection is; for progress displays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// One place's Describe calls and inventory are done.
    PlaceDone(Place),
    /// Events are being read.
    Trail,
    /// User data is fetched for this many instances.
    UserData(usize),
}

/// Everything one collection needs.
pub struct Collection<'a> {
    /// The cloud.
    pub cloud: &'a dyn CloudRead,
    /// Settings.
    pub settings: &'a CollectSettings,
    /// Memory.
    pub memory: &'a Memory,
    /// Which of these events are known already.
    pub known_events: &'a (dyn Fn(&[EventId]) -> BTreeSet<EventId> + Sync),
    /// The clock.
    pub clock: &'a (dyn Fn() -> Timestamp + Sync),
    /// Progress.
    pub progress: &'a (dyn Fn(Progress) + Sync),
}

/// Collects.
pub async fn collect(collection: &Collection<'_>, scan_id: ScanId) -> Collected {
    let started_at = (collection.clock)();
    let before = collection.cloud.calls();
    let builder = Mutex::new(Builder::default());
    let places: Vec<&Place> = collection.settings.places.iter().collect();
    let concurrency = collection.settings.concurrency.max(1);

    // Where hashes are known, the trail is read first: it tells whose software has to be read at all.
    let by_hash = !collection.memory.clean.is_empty();
    futures::stream::iter(places.iter().copied())
        .map(|place| place_state(collection, place, by_hash, &builder).instrument(place_span(place)))
        .buffer_unordered(concurrency)
        .for_each(|place| {
            (collection.progress)(Progress::PlaceDone(place));
            std::future::ready(())
        })
        .await;

    (collection.progress)(Progress::Trail);
    let trail = tracing::info_span!(target: TRACE, "trail");
    let gathered = trail_reader::gather(collection, &builder, started_at).instrument(trail).await;
    let reports = Reports::of(&collection.memory.reports, gathered.inventory());
    if by_hash {
        futures::stream::iter(places)
            .map(|place| software::read(collection, place, Some(&reports), &builder))
            .buffer_unordered(concurrency)
            .collect::<()>()
            .await;
    }
    let mut trail = trail_reader::finish(collection, &builder, gathered, started_at).await;
    trails::cover_untrailed(collection.settings, &builder);
    trail.checkpoints.extend(digests::read(collection, &builder, started_at).await);
    let memos = user_data::read(collection, &builder, &trail.user_data_changed, started_at).await;

    let snapshot =
        into_inner(builder).build(scan_id, started_at, (collection.clock)(), calls_since(&before, collection.cloud));
    let reports = reports.of_kinds(&collection.settings.inventory_types, &collection.settings.places);
    Collected {
        snapshot,
        reports,
        checkpoints: trail.checkpoints,
        marks: trail.marks,
        receipts: trail.receipts,
        links: trail.links,
        user_data: memos,
        waiting: trail.waiting,
    }
}

/// The calls of this collection: a connection counts over all that it was used for, and a daemon keeps one.
fn calls_since(before: &BTreeMap<String, u64>, cloud: &dyn CloudRead) -> BTreeMap<String, u64> {
    let mut calls = cloud.calls();
    for (api, count) in &mut calls {
        *count = count.saturating_sub(before.get(api).copied().unwrap_or(0));
    }
    calls.retain(|_, count| *count > 0);
    calls
}

fn place_span(place: &Place) -> Span {
    tracing::info_span!(
        target: TRACE, "place", otel.name = %place, cloud.account.id = %place.account,
        cloud.region = %place.region
    )
}

/// Reads the state of one place. Its sources run at the same time; the throttle keeps them apart.
async fn place_state(collection: &Collection<'_>, place: &Place, by_hash: bool, builder: &Mutex<Builder>) -> Place {
    let (cloud, settings) = (collection.cloud, collection.settings);
    futures::join!(
        async {
            let servers = async {
                servers::read(cloud, place, builder).await;
                images::read(cloud, place, builder).await;
            };
            if by_hash {
                servers.await;
            } else {
                futures::join!(servers, software::inventory(collection, place, None, builder));
                software::nodes(collection, place, builder).await;
            }
        },
        membership::auto_scaling(cloud, place, builder),
        trails::read(cloud, place, builder),
        async {
            if settings.load_balancers {
                membership::load_balancers(cloud, place, builder).await;
            }
        },
    );
    place.clone()
}

/// The builder is only touched for the length of a method call; a panic there is a bug that must not hide
/// what was collected.
pub(in crate::collect) fn lock(builder: &Mutex<Builder>) -> std::sync::MutexGuard<'_, Builder> {
    builder.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn into_inner(builder: Mutex<Builder>) -> Builder {
    builder.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}
