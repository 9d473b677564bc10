//! Numbers that are there before the first scan.

use jiff::Timestamp;

use super::counters;
use super::exposition::Families;
use crate::store::{OutboxState, Store, StoreError};

/// Numbers of the state.
///
/// # Errors
/// State.
pub(in crate::app) fn of_state(store: &dyn Store, now: Timestamp) -> Result<String, StoreError> {
    let mut out = Families::default();
    let counts = store.outbox_counts()?;
    let rows = out.family("cattleguard_outbox_rows", "gauge", "Notices in the outbox.");
    for count in &counts {
        let state = match count.state {
            OutboxState::Pending => "pending",
            OutboxState::Delivered => "delivered",
            OutboxState::Dead => "dead",
        };
        rows.put(&[("destination", &count.destination), ("state", state)], count.rows);
    }
    let oldest = out.family(
        "cattleguard_outbox_oldest_pending_seconds",
        "gauge",
        "Age of the oldest notice that is not delivered.",
    );
    for count in counts.iter().filter(|count| count.state == OutboxState::Pending) {
        oldest.put(&[("destination", &count.destination)], now.duration_since(count.oldest).as_secs().max(0));
    }
    let paused =
        out.family("cattleguard_paused", "gauge", "1 for each pause that is in force; an empty fleet is everything.");
    for (fleet, _) in store.pauses()? {
        paused.put(&[("fleet", fleet.as_ref().map_or("", |fleet| fleet.as_str()))], 1);
    }
    let entries = store.head()?.map_or(0, |(seq, _)| seq);
    out.family("cattleguard_audit_entries_total", "counter", "Entries of the audit log.").put(&[], entries);
    counters::put(&mut out, &store.counters()?);
    out.family("cattleguard_build_info", "gauge", "The version.").put(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    Ok(out.text())
}
