//! What scans of a period read, and the stretches in which they did not.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::app::config::ScheduleConfig;
use crate::report::render::csv::table;
use crate::store::{ScanPoint, Store, StoreError};
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

/// A stretch of a period in which nothing was scanned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unscanned {
    from: Timestamp,
    to: Timestamp,
    why: &'static str,
}

/// The stretches without a scan: when a second scheduled time has passed since the last scan, or since the beginning of
/// the period, and none was begun. One that is late or took long is none.
pub(super) fn unscanned(
    scans: &[ScanPoint],
    from: Timestamp,
    to: Timestamp,
    schedule: &ScheduleConfig,
) -> Vec<Unscanned> {
    let due = |after: Timestamp| schedule.next_after(after).and_then(|next| schedule.next_after(next));
    let mut found = Vec::new();
    let mut before = None;
    for next in scans.iter().map(|scan| Some(scan.started_at)).chain([None]) {
        let (since, until) = (before.unwrap_or(from), next.unwrap_or(to));
        if due(since).is_some_and(|due| until > due) {
            let why = match (before, next) {
                (_, None) => "nothing was scanned from then to the end of the period",
                (None, Some(_)) => "no scan is kept of the beginning of the period",
                (Some(_), Some(_)) => "nothing was scanned, although it was scheduled",
            };
            found.push(Unscanned { from: since, to: until, why });
        }
        before = next;
    }
    found
}

/// Coverage and its gaps as tables.
///
/// # Errors
/// State.
pub(super) fn of(
    store: &dyn Store,
    from: Timestamp,
    to: Timestamp,
    unscanned: &[Unscanned],
) -> Result<(String, String), StoreError> {
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
    let head = ["account", "region", "source", "from", "to", "scans", "reason"];
    let all = || "*".to_owned();
    let blind = unscanned.iter().map(|gap| {
        let (from, to) = (gap.from.to_string(), gap.to.to_string());
        [all(), all(), all(), from, to, "0".to_owned(), gap.why.to_owned()]
    });
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
    Ok((coverage, table(&head, blind.chain(rows))))
}

fn reason(entry: &Coverage) -> String {
    let api = entry.api.as_deref().map_or(String::new(), |api| format!("{api}: "));
    format!("{api}{}", entry.reason.as_deref().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_without_a_scan_are_told_at_both_ends_and_between() {
        let at = |text: &str| format!("2026-11-23T{text}:00Z").parse::<Timestamp>().expect("a time");
        let point = |text: &str| ScanPoint { started_at: at(text), exit_code: 0, clean: 1, drifted: 0, unjudged: 0 };
        let schedule = ScheduleConfig { cron: "*/15 * * * *".to_owned(), zone: "UTC".to_owned(), on_start: true };
        let found = |scans: &[&str], from: &str, to: &str| {
            let scans: Vec<ScanPoint> = scans.iter().map(|text| point(text)).collect();
            let gaps = unscanned(&scans, at(from), at(to), &schedule);
            gaps.iter().map(|gap| (gap.from, gap.to)).collect::<Vec<_>>()
        };
        assert_eq!(found(&["10:00", "10:16", "10:44", "11:00"], "09:50", "11:20"), [], "late, and one of them missed");
        assert_eq!(found(&["10:00", "10:31"], "09:50", "10:40"), [(at("10:00"), at("10:31"))]);
        assert_eq!(
            found(&["10:00"], "08:00", "12:00"),
            [(at("08:00"), at("10:00")), (at("10:00"), at("12:00"))],
            "before the first and after the last"
        );
        assert_eq!(found(&[], "08:00", "12:00"), [(at("08:00"), at("12:00"))]);
    }
}
