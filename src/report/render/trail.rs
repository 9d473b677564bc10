//! How far the sources of change events were read, and what was given up.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::out::Out;
use super::parts::{count, time};
use crate::report::scan_report::ScanReport;
use crate::report::text::clean;
use crate::store::DeadLetter;
use crate::types::{AccountId, CoverageStatus, Region, TrailProgress};

/// Dead letters in a document; all of them are in the state.
const LETTERS: usize = 100;
/// Dead letters, and sources that are behind, that a person is told of.
const TOLD: usize = 10;
/// CloudTrail delivers within about five minutes on average; what is read up to here is not behind.
const BEHIND: SignedDuration = SignedDuration::from_mins(15);

/// How far a source of change events was read in one account-region.
#[derive(Serialize)]
pub(super) struct TrailDoc<'a> {
    name: &'a str,
    account: &'a AccountId,
    region: &'a Region,
    status: CoverageStatus,
    through: Option<Timestamp>,
    /// Seconds between what was read and the start of the scan.
    behind_s: Option<i64>,
    unread: u64,
    reason: Option<&'a str>,
}

/// One document for each source and place.
pub(super) fn trail_docs(report: &ScanReport) -> impl Iterator<Item = TrailDoc<'_>> {
    report.trail_sources.iter().map(|progress| {
        let TrailProgress { name, account, region, status, through, unread, reason } = progress;
        TrailDoc {
            name,
            account,
            region,
            status: *status,
            through: *through,
            behind_s: behind(progress, report).map(|behind| behind.as_secs()),
            unread: *unread,
            reason: reason.as_deref(),
        }
    })
}

/// The newest of what was given up.
pub(super) fn letters(report: &ScanReport) -> &[DeadLetter] {
    report.dead_letters.get(..LETTERS).unwrap_or(&report.dead_letters)
}

fn behind(progress: &TrailProgress, report: &ScanReport) -> Option<SignedDuration> {
    progress.through.map(|through| report.started_at.duration_since(through).max(SignedDuration::ZERO))
}

/// Sources that are behind, and what was given up.
pub(super) fn trail(out: &mut Out<'_>, report: &ScanReport) {
    let late = |progress: &&TrailProgress| {
        progress.unread > 0 || behind(progress, report).is_some_and(|behind| behind > BEHIND)
    };
    let late: Vec<&TrailProgress> = report.trail_sources.iter().filter(late).collect();
    if !late.is_empty() {
        out.heading("Sources of change events that are behind");
    }
    for progress in late.iter().take(TOLD) {
        let place = format!("{}/{}", clean(progress.account.as_str(), 20), clean(progress.region.as_str(), 30));
        let through = progress.through.map_or("not read".to_owned(), |at| format!("read up to {}", time(at)));
        let unread = if progress.unread > 0 { format!(", {} unread", progress.unread) } else { String::new() };
        out.wrapped(2, &format!("{place} {}: {through}{unread}", clean(&progress.name, 160)));
    }
    more(out, late.len());
    let dead = &report.dead_letters;
    if dead.is_empty() {
        return;
    }
    out.heading(&format!("{} given up", count(dead.len() as u64, "log file or message")));
    for letter in dead.iter().take(TOLD) {
        let DeadLetter { source, name, reason, body: _, at, again } = letter;
        let again = if *again { " (to be tried once more)" } else { "" };
        let (source, name, reason) = (clean(source, 100), clean(name, 200), clean(reason, 240));
        out.wrapped(2, &format!("{} {source} {name}: {reason}{again}", time(*at)));
    }
    more(out, dead.len());
    out.wrapped(2, "to try one again or to drop it: cattleguard trail dead-letters");
}

fn more(out: &mut Out<'_>, all: usize) {
    if all > TOLD {
        out.wrapped(2, &format!("and {} more", all - TOLD));
    }
}
