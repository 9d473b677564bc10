//! A rollout that fails stops itself.

use super::host::SYSTEM;
use super::session::Session;
use crate::remediate::{OperationRecord, OperationStatus};
use crate::types::OperationKind;

/// Failures in a row, without a success in between, after which a fleet is frozen.
const FAILURES: usize = 2;

/// An operation that ran into missing capacity says nothing about the golden: it backs off instead.
fn is_capacity(record: &OperationRecord) -> bool {
    record.facts.notes.iter().any(|note| note.starts_with("capacity:"))
}

impl Session<'_> {
    /// Freezes the fleet when its last replacements failed, so that the next ones do not.
    pub(super) fn stop_a_failing_rollout(&self, record: &OperationRecord) {
        let failed = |status| matches!(status, OperationStatus::RolledBack | OperationStatus::NeedsHuman);
        if record.kind != OperationKind::Replace || !failed(record.status) {
            return;
        }
        let day = jiff::SignedDuration::from_hours(24);
        let since = self.now().checked_sub(day).unwrap_or(jiff::Timestamp::MIN);
        let Ok(past) = self.store().operations_since(since) else { return };
        let of_fleet =
            past.iter().rev().filter(|other| other.kind == OperationKind::Replace && other.fleet == record.fleet);
        let decided = of_fleet.filter(|other| other.status != OperationStatus::Running);
        let decided = decided.filter(|other| !is_capacity(other) && !other.was_withdrawn());
        let in_a_row = decided.take_while(|other| failed(other.status) && other.golden == record.golden).count();
        if in_a_row < FAILURES {
            return;
        }
        let golden = record.golden.as_ref().map(ToString::to_string).unwrap_or_default();
        let why = format!("the last {in_a_row} replacements by {golden} failed");
        if let Err(error) = self.store().pause(Some(&record.fleet), &why, SYSTEM, self.now()) {
            tracing::error!(fleet = %record.fleet, error = %error, "a failing rollout could not be stopped");
        }
    }
}
