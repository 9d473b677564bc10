//! Retention: what is too old leaves the state, once a day.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::store::{Store, StoreError};

/// The lease that remembers the day: it is taken for a day and left to expire, so of all processes that share the
/// state one prunes.
const LEASE: &str = "retention";

const EVERY_S: i64 = 24 * 3600;

/// Prunes what is older than `keep`, unless that was done within a day. The scan that came before is committed, so
/// a failure is only logged; the next scan tries again.
pub(super) fn apply(store: &dyn Store, keep: Duration, holder: &str, now: Timestamp) {
    let lease = match store.acquire(LEASE, holder, now, EVERY_S) {
        Ok(lease) => lease,
        Err(StoreError::LeaseHeld { .. }) => return,
        Err(error) => return tracing::warn!(error = %error, "retention could not be applied"),
    };
    if let Err(error) = prune(store, keep, holder, now) {
        tracing::warn!(error = %error, "retention could not be applied; the next scan tries again");
        if let Err(error) = store.release(&lease) {
            tracing::warn!(error = %error, "retention is tried again tomorrow");
        }
    }
}

fn prune(store: &dyn Store, keep: Duration, holder: &str, now: Timestamp) -> Result<(), StoreError> {
    let keep = SignedDuration::try_from(keep).unwrap_or(SignedDuration::MAX);
    let before = now.checked_sub(keep).unwrap_or(Timestamp::MIN);
    let deleted = store.prune(before)?;
    if deleted > 0 {
        store.append(now, holder, "state.prune", "state", &json!({ "rows": deleted, "before": before }))?;
        tracing::info!(rows = deleted, before = %before, "old state was pruned");
    }
    Ok(())
}
