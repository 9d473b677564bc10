//! Everything a page shows, read out of the store.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::app::config::Config;
use crate::app::error::AppError;
use crate::report::page::Known;
use crate::store::{OutboxState, Store, StoreError};
use crate::types::{Coverage, CoverageStatus, FindingStatus, Place, Source};

/// How many scans are looked through for the beginning of a gap: each has the coverage of every place.
const SCANS: usize = 1000;

/// Reads it. `days` is how far back the past is shown.
///
/// # Errors
/// State, or that nothing was scanned yet.
pub(in crate::app) fn gather(store: &dyn Store, config: &Config, now: Timestamp, days: u32) -> Result<Known, AppError> {
    let scan = store.last_scan()?;
    let scan = scan.ok_or_else(|| AppError::failed("nothing was scanned yet").with_hint("cattleguard scan"))?;
    let from = now.checked_sub(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(Timestamp::MIN);
    let mut findings = store.findings(true)?;
    findings.retain(|finding| finding.status != FindingStatus::Resolved || finding.last_seen >= from);
    let mut operations = store.operations_since(from)?;
    let older = store.unfinished_operations()?.into_iter().filter(|record| record.created_at < from);
    operations.splice(0..0, older);
    let counts = store.outbox_counts()?;
    let rows = |state| counts.iter().filter(|count| count.state == state).map(|count| count.rows).sum();
    Ok(Known {
        now,
        mode: config.mode.to_string(),
        points: store.scan_points(from, now)?,
        results: store.instance_results()?,
        findings,
        plan: store.last_plan()?,
        events: store.events_since(from)?,
        operations,
        goldens: store.goldens()?,
        exceptions: store.exceptions()?,
        pauses: store.pauses()?,
        blind_since: blind_since(store, &scan.coverage, from, now)?,
        outbox: (rows(OutboxState::Dead), rows(OutboxState::Pending)),
        head: store.head()?,
        days,
        scan,
    })
}

/// When each gap of the last scan began: the first scan after the last one that was complete there.
fn blind_since(
    store: &dyn Store,
    coverage: &[Coverage],
    from: Timestamp,
    now: Timestamp,
) -> Result<HashMap<(Place, Source), Timestamp>, StoreError> {
    let key = |entry: &Coverage| (Place::new(entry.account.clone(), entry.region.clone()), entry.source);
    let gap = |entry: &&Coverage| entry.status != CoverageStatus::Complete;
    // Those whose beginning is not found yet, with the earliest scan that had them.
    let mut open: HashMap<(Place, Source), Option<Timestamp>> =
        coverage.iter().filter(gap).map(|entry| (key(entry), None)).collect();
    let mut since = HashMap::new();
    let mut left = SCANS;
    if open.is_empty() {
        return Ok(since);
    }
    store.each_scan(from, now, &mut |scan| {
        for entry in &scan.coverage {
            let key = key(entry);
            let Some(earliest) = open.get_mut(&key) else { continue };
            if entry.status != CoverageStatus::Complete {
                *earliest = Some(scan.started_at);
            } else if let Some(Some(began)) = open.remove(&key) {
                since.insert(key, began);
            }
        }
        left -= 1;
        left > 0 && !open.is_empty()
    })?;
    Ok(since)
}
