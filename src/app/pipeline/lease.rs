//! One scan at a time: the lease, renewed while the scan runs.

use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::store::{Lease, Store, StoreError};

/// Name of the lease that scans take.
const NAME: &str = "scan";

/// A killed scan blocks the next one for at most this long.
const TTL_S: i64 = 120;

/// Renewed well before it expires, so that one slow commit does not lose it.
const RENEW_EVERY: Duration = Duration::from_secs(30);

/// The lease while it is held.
pub(in crate::app) struct Held<'a> {
    store: &'a dyn Store,
    lease: Lease,
    clock: &'a (dyn Fn() -> Timestamp + Sync),
    renewed_at: Mutex<Timestamp>,
}

impl<'a> Held<'a> {
    /// How long the lease of a process that died seems to be held.
    pub(in crate::app) const LASTS: SignedDuration = SignedDuration::from_secs(TTL_S);

    pub(super) fn acquire(
        store: &'a dyn Store,
        holder: &str,
        clock: &'a (dyn Fn() -> Timestamp + Sync),
    ) -> Result<Self, StoreError> {
        Self::acquire_named(NAME, store, holder, clock)
    }

    /// Takes another lease than the scan's.
    pub(in crate::app) fn acquire_named(
        name: &str,
        store: &'a dyn Store,
        holder: &str,
        clock: &'a (dyn Fn() -> Timestamp + Sync),
    ) -> Result<Self, StoreError> {
        let now = clock();
        let lease = store.acquire(name, holder, now, TTL_S)?;
        Ok(Self { store, lease, clock, renewed_at: Mutex::new(now) })
    }

    /// Keeps it, when it is time to.
    pub(in crate::app) fn keep(&self) -> Result<(), StoreError> {
        let now = (self.clock)();
        let mut renewed = self.renewed_at.lock().unwrap_or_else(PoisonError::into_inner);
        if now.duration_since(*renewed) >= SignedDuration::try_from(RENEW_EVERY).unwrap_or_default() {
            self.store.renew(&self.lease, now, TTL_S)?;
            *renewed = now;
        }
        Ok(())
    }

    pub(in crate::app) fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Runs a future to its end and renews the lease meanwhile. A lost lease ends the scan: another one runs.
    pub(in crate::app) async fn renewing<T>(&self, work: impl Future<Output = T>) -> Result<T, StoreError> {
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                () = tokio::time::sleep(RENEW_EVERY) => self.store.renew(&self.lease, (self.clock)(), TTL_S)?,
            }
        }
    }
}

/// Gives it back, also when the scan is abandoned half-way. A failure only means that the next scan waits for
/// its expiry.
impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.store.release(&self.lease) {
            tracing::warn!(error = %error, "the scan lease could not be released; it expires by itself");
        }
    }
}
