//! Reads every source of change events and joins them with the instances that were just seen.

#[cfg(any(test, feature = "testing"))]
mod agree;
mod bucket;
mod held;
mod layout;
mod message;
mod queue;
mod reading;
mod shortfall;

#[cfg(any(test, feature = "testing"))]
pub use agree::message_agrees;
pub use held::Receipt;

use std::collections::BTreeSet;
use std::sync::Mutex;

use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};

use self::held::HeldMessages;
use self::reading::Reading;
use super::builder::Builder;
use super::collector::{Collection, lock};
use super::settings::TrailSource;
use super::source::{CloudRead, ReadError};
use super::trail::{Batch, ClassifyContext, InventoryReport, LinkMap, lookup_into, resolve_again};
use crate::store::{Link, ObjectMark, TrailMarks};
use crate::types::{
    Aspect, CallOutcome, ChangeEvent, CoverageStatus, EventId, InstanceId, Place, Source, TRAIL_GAP, TrailProgress,
};

/// CloudTrail's event history goes back this far ("CloudTrail Event history", user guide).
const HISTORY: SignedDuration = SignedDuration::from_hours(24 * 90);

/// An event whose target is not known because instances could not be listed is read again for this long. Then it is
/// remembered as it is: reading ever more of the trail would not end.
const WAIT: SignedDuration = SignedDuration::from_hours(24);

/// IAM is one service for all regions.
const GLOBAL: &str = "iam.amazonaws.com";

/// What reading the trail says beside the events.
#[derive(Default)]
pub(super) struct TrailRead {
    /// Instances whose user data an event changed.
    pub(super) user_data_changed: BTreeSet<InstanceId>,
    /// Checkpoints to advance.
    pub(super) checkpoints: Vec<(Place, String, Timestamp)>,
    /// Log objects and messages.
    pub(super) marks: TrailMarks,
    /// Messages to delete once all of this is committed.
    pub(super) receipts: Vec<Receipt>,
    /// Links to remember.
    pub(super) links: Vec<Link>,
    /// Events to read again before they are remembered.
    pub(super) waiting: BTreeSet<EventId>,
    /// Dead letters that were read after all, by source and name, with the changes in them.
    revived: Vec<((String, String), Vec<EventId>)>,
    /// Objects with the changes in them.
    objects: Vec<(ObjectMark, Vec<EventId>)>,
    /// Messages, by queue.
    held: Vec<HeldMessages>,
}

/// What the sources hold, before it is known whom it concerns.
pub(super) struct Gathered {
    batch: Batch,
    read: TrailRead,
}

impl Gathered {
    /// Inventory reports.
    pub(super) fn inventory(&self) -> &[InventoryReport] {
        self.batch.inventory()
    }
}

/// Reads every source.
pub(super) async fn gather(collection: &Collection<'_>, builder: &Mutex<Builder>, now: Timestamp) -> Gathered {
    let memory = collection.memory;
    let context = ClassifyContext {
        own_principals: memory.own_principals.iter().cloned().collect(),
        own_calls: memory.own_events.clone(),
        own_windows: memory.own_windows.clone(),
    };
    let batch = Mutex::new(Batch::new(context));
    let mut read = TrailRead::default();
    if collection.settings.trail.is_empty() {
        for place in &collection.settings.places {
            let reason = "no source of CloudTrail events is configured".to_owned();
            lock(builder).incomplete(place, Source::Cloudtrail, CoverageStatus::Failed, reason);
        }
    }
    for source in &collection.settings.trail {
        match source {
            TrailSource::Lookup => look_up(collection, builder, &batch, now, &mut read).await,
            TrailSource::Dir(path) => {
                let problems = batch_mut(&batch, |batch| read_folder(path, batch));
                cover_folder(collection, builder, source, problems);
            }
            TrailSource::S3(_) | TrailSource::Sqs(_) => {
                read_logs(collection, builder, &batch, source, now, &mut read).await
            }
        }
    }
    Gathered { batch: batch.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner), read }
}

/// Finds out whom the events concern, and keeps those that are new.
pub(super) async fn finish(
    collection: &Collection<'_>,
    builder: &Mutex<Builder>,
    gathered: Gathered,
    now: Timestamp,
) -> TrailRead {
    let Gathered { batch, mut read } = gathered;
    let memory = collection.memory;
    let mut links = {
        let mut builder = lock(builder);
        builder.join();
        LinkMap::build(builder.instances(), &memory.links)
    };
    let collected = batch.finish(&mut links);
    read.links = links.links(now);
    for problem in collected.set_aside {
        lock(builder).set_aside(problem);
    }
    keep_new(collection, builder, collected.events, now, &mut read);
    for event in memory.unresolved.iter().filter_map(|event| resolve_again(event, &links)) {
        lock(builder).found_event(event);
    }
    remember(collection, &mut read).await;
    read
}

/// Reads a bucket or a queue.
async fn read_logs(
    collection: &Collection<'_>,
    builder: &Mutex<Builder>,
    batch: &Mutex<Batch>,
    source: &TrailSource,
    now: Timestamp,
    read: &mut TrailRead,
) {
    let Some(logs) = collection.cloud.logs() else {
        let mut builder = lock(builder);
        for place in &collection.settings.places {
            let reason = Some("buckets and queues cannot be read here".to_owned());
            builder.trail_read(progress(source, place, CoverageStatus::Failed, None, reason), None);
        }
        return;
    };
    let reading = Reading::new(collection, builder, batch, logs, now);
    match source {
        TrailSource::S3(source) => bucket::read(&reading, source, read).await,
        TrailSource::Sqs(source) => queue::read(&reading, source, read).await,
        TrailSource::Lookup | TrailSource::Dir(_) => {}
    }
}

/// What is not remembered yet is read again: objects and messages with such events are not done.
async fn remember(collection: &Collection<'_>, read: &mut TrailRead) {
    let waiting = &read.waiting;
    let is_remembered = |id: &EventId| !waiting.contains(id);
    let objects = std::mem::take(&mut read.objects).into_iter();
    read.marks.objects =
        objects.filter(|(_, changes)| changes.iter().all(is_remembered)).map(|(mark, _)| mark).collect();
    let revived = std::mem::take(&mut read.revived).into_iter();
    read.marks.revived =
        revived.filter(|(_, changes)| changes.iter().all(is_remembered)).map(|(name, _)| name).collect();
    let overlap = SignedDuration::try_from(collection.settings.overlap).unwrap_or_default();
    read.marks.settled = read
        .checkpoints
        .iter()
        .map(|(place, name, through)| {
            (place.clone(), name.clone(), through.checked_sub(overlap).unwrap_or(Timestamp::MIN))
        })
        .collect();
    for mut held in std::mem::take(&mut read.held) {
        // Later sources may have taken long, and the commit is still to come.
        if let Some(logs) = collection.cloud.logs()
            && let Err(error) = held.renew(logs, (collection.clock)()).await
        {
            tracing::warn!(error = %error, "messages may be received twice");
        }
        read.receipts.push(held.receipt(is_remembered));
    }
}

/// Deletes the messages of a scan that is committed, and shows those again that the next one is to read. One that is
/// not deleted comes again, which changes nothing.
pub async fn acknowledge(cloud: &dyn CloudRead, receipts: &[Receipt]) {
    let Some(logs) = cloud.logs() else { return };
    for Receipt { access, queue, done, kept } in receipts {
        if !done.is_empty()
            && let Err(error) = logs.delete(access, queue, done).await
        {
            tracing::warn!(error = %error, "messages that were read were not deleted; they will be read again");
        }
        if !kept.is_empty()
            && let Err(error) = logs.extend(access, queue, kept, std::time::Duration::ZERO).await
        {
            tracing::warn!(error = %error, "messages that are to be read again stay hidden for some minutes");
        }
    }
}

fn progress(
    source: &TrailSource,
    place: &Place,
    status: CoverageStatus,
    through: Option<Timestamp>,
    reason: Option<String>,
) -> TrailProgress {
    let Place { account, region } = place.clone();
    TrailProgress { name: source.name(), account, region, status, through, unread: 0, reason }
}

/// LookupEvents in every place at the same time; each place has its own rate.
async fn look_up(
    collection: &Collection<'_>,
    builder: &Mutex<Builder>,
    batch: &Mutex<Batch>,
    now: Timestamp,
    read: &mut TrailRead,
) {
    let name = TrailSource::Lookup.name();
    let outcomes: Vec<(&Place, Result<(), ReadError>, usize)> = futures::stream::iter(&collection.settings.places)
        .map(|place| {
            let name = name.clone();
            async move {
                let from = start(collection, builder, place, &name, now);
                let (result, count) = look_up_place(collection.cloud, place, from, now, batch).await;
                (place, result, count)
            }
        })
        .buffer_unordered(collection.settings.concurrency.max(1))
        .collect()
        .await;
    for (place, result, count) in outcomes {
        match result {
            Ok(()) => {
                let done = progress(&TrailSource::Lookup, place, CoverageStatus::Complete, Some(now), None);
                lock(builder).trail_read(done, None);
                read.checkpoints.push((place.clone(), name.clone(), now));
            }
            // The checkpoint stays: the next scan reads the same window again.
            Err(error) => {
                let status = if count > 0 { CoverageStatus::Partial } else { CoverageStatus::Failed };
                let failed = progress(&TrailSource::Lookup, place, status, None, Some(error.reason()));
                lock(builder).trail_read(failed, Some(&error));
            }
        }
    }
}

async fn look_up_place(
    cloud: &dyn CloudRead,
    place: &Place,
    from: Timestamp,
    to: Timestamp,
    batch: &Mutex<Batch>,
) -> (Result<(), ReadError>, usize) {
    let mut count = 0;
    let result = lookup_into(cloud, place, from, to, &mut |record| {
        count += 1;
        let origin = format!("{place} event {count}");
        batch_mut(batch, |batch| batch.add(&record, &origin));
    })
    .await;
    (result, count)
}

/// Where to start: a little before the checkpoint, since events arrive late; the look-back on the first scan.
fn start(
    collection: &Collection<'_>,
    builder: &Mutex<Builder>,
    place: &Place,
    name: &str,
    now: Timestamp,
) -> Timestamp {
    let back = |duration: SignedDuration, from: Timestamp| from.checked_sub(duration).unwrap_or(from);
    let oldest = back(HISTORY, now);
    let settings = collection.settings;
    let checkpoint = collection.memory.checkpoints.get(&(place.clone(), name.to_owned()));
    // One that lies ahead was written by a clock that was wrong: how far the trail was really read is not known.
    let Some(checkpoint) = checkpoint.filter(|through| **through <= now) else {
        let lookback = SignedDuration::try_from(settings.lookback).unwrap_or(HISTORY);
        return back(lookback, now).max(oldest);
    };
    if *checkpoint < oldest {
        let reason = format!("the trail was last read on {checkpoint}, {TRAIL_GAP}");
        lock(builder).incomplete(place, Source::Cloudtrail, CoverageStatus::Partial, reason);
    }
    let overlap = SignedDuration::try_from(settings.overlap).unwrap_or_default();
    back(overlap, *checkpoint).max(oldest)
}

/// Reads a folder into the batch; says what of it was not read, if anything.
fn read_folder(path: &std::path::Path, batch: &mut Batch) -> Option<String> {
    let before = batch.problems().len();
    let stats = batch.add_path(path);
    match stats.set_aside {
        0 if stats.files == 0 => Some(format!("{} holds no log files", path.display())),
        0 => None,
        1 => Some(batch.problem_since(before)),
        all => Some(format!("{} (and {} more)", batch.problem_since(before), all - 1)),
    }
}

fn cover_folder(collection: &Collection<'_>, builder: &Mutex<Builder>, source: &TrailSource, reason: Option<String>) {
    let mut builder = lock(builder);
    let status = if reason.is_none() { CoverageStatus::Complete } else { CoverageStatus::Partial };
    for place in &collection.settings.places {
        builder.trail_read(progress(source, place, status, None, reason.clone()), None);
    }
}

/// Keeps the events that are in scope and were not known before.
fn keep_new(
    collection: &Collection<'_>,
    builder: &Mutex<Builder>,
    events: Vec<ChangeEvent>,
    now: Timestamp,
    read: &mut TrailRead,
) {
    let places: BTreeSet<&Place> = collection.settings.places.iter().collect();
    let oldest = now.checked_sub(HISTORY).unwrap_or(Timestamp::MIN);
    let ids: Vec<_> = events.iter().map(|event| event.id.clone()).collect();
    let known = (collection.known_events)(&ids);
    let is_unlisted = |place: &&&Place| !lock(builder).is_complete(place, Source::Ec2);
    let unlisted: Vec<&Place> = places.iter().filter(is_unlisted).copied().collect();
    for event in events {
        if known.contains(&event.id) || event.time < oldest {
            continue;
        }
        if !concerns(&event, places.iter().copied()) {
            if concerns(&event, collection.settings.elsewhere.iter()) {
                read.waiting.insert(event.id);
            }
            continue;
        }
        if event.explains.contains(&Aspect::UserData) && event.outcome == CallOutcome::Succeeded {
            read.user_data_changed.extend(event.instances.iter().cloned());
        }
        if waits(&event, &unlisted, now) {
            read.waiting.insert(event.id.clone());
            for (_, _, through) in read.checkpoints.iter_mut().filter(|(place, _, _)| *place == event.place()) {
                *through = event.time.min(*through);
            }
        }
        lock(builder).found_event(event);
    }
}

/// Whether an event is of one of these places. IAM is global: its records carry one region, their targets may be
/// anywhere in the account.
fn concerns<'p>(event: &ChangeEvent, mut places: impl Iterator<Item = &'p Place>) -> bool {
    places.any(|place| *place == event.place() || (event.event_source == GLOBAL && place.account == event.account))
}

/// Whether an event may still find its target: instances were not all listed, and something of it is unresolved.
fn waits(event: &ChangeEvent, unlisted: &[&Place], now: Timestamp) -> bool {
    !event.unresolved.is_empty()
        && now.duration_since(event.time) < WAIT
        && unlisted
            .iter()
            .any(|place| **place == event.place() || (event.event_source == GLOBAL && place.account == event.account))
}

fn batch_mut<T>(batch: &Mutex<Batch>, act: impl FnOnce(&mut Batch) -> T) -> T {
    act(&mut batch.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
}
