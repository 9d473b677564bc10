//! One scan at a time: the lease, renewed while the scan runs.

use std::future::Future;
use std::time::Duration;

use jiff::Timestamp;

use crate::store::{Lease, Store, StoreError};

/// Name of the lease that scans take.
const NAME: &str = "scan";

/// A killed scan blocks the next one for at most this long.
const TTL_S: i64 = 120;

/// Renewed well before it expires, so that one slow commit does not lose it.
const RENEW_EVERY: Duration = Duration::from_secs(30);

/// The lease while it is held.
pub(super) struct Held<'a> {
    store: &'a dyn Store,
    lease: Lease,
    clock: &'a (dyn Fn() -> Timestamp + Sync),
}

impl<'a> Held<'a> {
    pub(super) fn acquire(
        store: &'a dyn Store,
        holder: &str,
        clock: &'a (dyn Fn() -> Timestamp + Sync),
    ) -> Result<Self, StoreError> {
        let lease = store.acquire(NAME, holder, clock(), TTL_S)?;
        Ok(Self { store, lease, clock })
    }

    pub(super) fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Runs a future to its end and renews the lease meanwhile. A lost lease ends the scan: another one runs.
    pub(super) async fn renewing<T>(&self, work: impl Future<Output = T>) -> Result<T, StoreError> {
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
