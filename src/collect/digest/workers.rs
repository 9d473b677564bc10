//! Hashing of log files, on several threads.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use jiff::Timestamp;

use super::content::hash_log;
use super::objects::TrailObjects;
use super::report::{Unproven, VerifyReport};
use crate::collect::trail::clean;
use crate::types::{AccountId, BreakKind, Region, TrailBreak};

/// Jobs that wait: enough to keep the workers busy, too few to matter in memory.
const WAITING: usize = 256;

/// Where and when a digest file stands.
#[derive(Clone, Debug)]
pub(super) struct Hour {
    pub(super) account: AccountId,
    pub(super) region: Region,
    pub(super) trail: Option<String>,
    pub(super) from: Option<Timestamp>,
    pub(super) to: Option<Timestamp>,
}

/// A log file to compare with what its digest says.
pub(super) struct Job {
    pub(super) object: String,
    pub(super) hash: String,
    /// Whether the digest is proven.
    pub(super) proven: bool,
    pub(super) hour: Arc<Hour>,
}

/// The report, shared by the threads that write it.
#[derive(Default)]
pub(super) struct Shared(Mutex<VerifyReport>);

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, VerifyReport> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn into_inner(self) -> VerifyReport {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn broken(&self, hour: &Hour, kind: BreakKind, object: &str, detail: &str) {
        let Hour { account, region, trail, from, to } = hour.clone();
        let (object, detail) = (clean(object), clean(detail));
        self.lock().breaks.add(TrailBreak { account, region, trail, from, to, kind, object, detail });
    }

    pub(super) fn unproven(&self, object: &str, reason: impl Into<String>) {
        self.unproven_yet(object, &reason.into(), false);
    }

    pub(super) fn unproven_yet(&self, object: &str, reason: &str, waits_for_the_next: bool) {
        let (object, reason) = (clean(object), clean(reason));
        self.lock().unproven.add(Unproven { object, reason, waits_for_the_next });
    }
}

/// Runs `feed` with a sender of jobs while workers take them, and returns when all is done.
pub(super) fn with_workers<T>(
    objects: &dyn TrailObjects,
    shared: &Shared,
    progress: &(dyn Fn(&VerifyReport) + Sync),
    feed: impl FnOnce(SyncSender<Job>) -> T,
) -> T {
    let (sender, receiver) = sync_channel::<Job>(WAITING);
    let receiver = Mutex::new(receiver);
    thread::scope(|scope| {
        for _ in 0..objects.at_once().max(1) {
            scope.spawn(|| {
                while let Some(job) = take(&receiver) {
                    check(objects, shared, &job);
                    progress(&shared.lock());
                }
            });
        }
        feed(sender)
    })
}

fn take(receiver: &Mutex<Receiver<Job>>) -> Option<Job> {
    receiver.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

fn check(objects: &dyn TrailObjects, shared: &Shared, job: &Job) {
    let Job { object, hash, proven, hour } = job;
    match objects.open(object).and_then(hash_log) {
        Ok((found, size)) => {
            let equal = found.eq_ignore_ascii_case(hash);
            let mut report = shared.lock();
            report.bytes = report.bytes.saturating_add(size);
            report.logs_read += 1;
            report.logs_proven += u64::from(equal && *proven);
            drop(report);
            if !equal {
                let detail = format!("its SHA-256 is {found}, the digest says {hash}");
                shared.broken(hour, BreakKind::LogAltered, object, &detail);
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            shared.broken(hour, BreakKind::LogMissing, object, "the digest lists it and it is not there");
        }
        Err(error) if is_content(&error) => {
            let detail = format!("it ends early or is damaged ({error})");
            shared.broken(hour, BreakKind::LogAltered, object, &detail);
        }
        Err(error) => shared.unproven(object, format!("it cannot be read: {error}")),
    }
}

/// Whether the object itself is at fault, and not the way to it.
pub(super) fn is_content(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, InvalidData, InvalidInput, UnexpectedEof};
    matches!(error.kind(), FileTooLarge | InvalidData | InvalidInput | UnexpectedEof)
}
