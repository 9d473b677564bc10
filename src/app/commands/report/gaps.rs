//! What scans of a period read, and the stretches in which they did not.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::report::render::csv::table;
use crate::store::{Store, StoreError};
use crate::types::{Coverage, CoverageStatus, Place, Source};

#[derive(Default)]
struct Tally {
    complete: u64,
    partial: u64,
    failed: u64,
}

/// A stretch of scans that did not read a source completely for one reason.
struct Gap {
    from: Timestamp,
    to: Timestamp,
    scans: u64,
    reason: String,
}

/// Coverage and its gaps as tables.
///
/// # Errors
/// State.
pub(super) fn of(store: &dyn Store, from: Timestamp, to: Timestamp) -> Result<(String, String), StoreError> {
    let mut tallies: BTreeMap<(Place, Source), Tally> = BTreeMap::new();
    let mut gaps: BTreeMap<(Place, Source), Vec<Gap>> = BTreeMap::new();
    // Newest first: a stretch grows towards the past, until a complete scan ends it.
    let mut open: BTreeMap<(Place, Source), Gap> = BTreeMap::new();
    store.each_scan(from, to, &mut |scan| {
        for entry in &scan.coverage {
            let key = (Place::new(entry.account.clone(), entry.region.clone()), entry.source);
            let tally = tallies.entry(key.clone()).or_default();
            match entry.status {
                CoverageStatus::Complete => tally.complete += 1,
                CoverageStatus::Partial => tally.partial += 1,
                CoverageStatus::Failed => tally.failed += 1,
            }
            let reason = reason(entry);
            match open.get_mut(&key) {
                Some(gap) if entry.status != CoverageStatus::Complete && gap.reason == reason => {
                    gap.from = scan.started_at;
                    gap.scans += 1;
                }
                _ => {
                    gaps.entry(key.clone()).or_default().extend(open.remove(&key));
                    if entry.status != CoverageStatus::Complete {
                        open.insert(key, Gap { from: scan.started_at, to: scan.started_at, scans: 1, reason });
                    }
                }
            }
        }
        true
    })?;
    for (key, gap) in open {
        gaps.entry(key).or_default().push(gap);
    }
    let head = ["account", "region", "source", "scans_complete", "scans_partial", "scans_failed"];
    let coverage = table(
        &head,
        tallies.iter().map(|((place, source), tally)| {
            [
                place.account.to_string(),
                place.region.to_string(),
                source.as_str().to_owned(),
                tally.complete.to_string(),
                tally.partial.to_string(),
                tally.failed.to_string(),
            ]
        }),
    );
    let head = ["account", "region", "source", "first_scan", "last_scan", "scans", "reason"];
    let rows = gaps.into_iter().flat_map(|((place, source), list)| {
        list.into_iter().rev().map(move |gap| {
            [
                place.account.to_string(),
                place.region.to_string(),
                source.as_str().to_owned(),
                gap.from.to_string(),
                gap.to.to_string(),
                gap.scans.to_string(),
                gap.reason,
            ]
        })
    });
    Ok((coverage, table(&head, rows)))
}

fn reason(entry: &Coverage) -> String {
    let api = entry.api.as_deref().map_or(String::new(), |api| format!("{api}: "));
    format!("{api}{}", entry.reason.as_deref().unwrap_or_default())
}
