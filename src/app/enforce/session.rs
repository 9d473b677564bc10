//! One run of enforcement: the lease is held, the writer exists, the engine can run.

use jiff::Timestamp;

use super::host::AppHost;
use crate::app::config::Config;
use crate::remediate::Engine;
use crate::store::Store;

/// Name of the lease that enforcing takes: one at a time, beside scans that only look.
pub(super) const LEASE: &str = "enforce";

/// A run, with the outside world of its engine.
pub(in crate::app) struct Session<'a> {
    host: AppHost<'a>,
}

impl<'a> Session<'a> {
    pub(super) fn new(host: AppHost<'a>) -> Self {
        Self { host }
    }

    pub(in crate::app) fn engine(&self) -> Engine<'_> {
        Engine {
            read: self.host.cloud,
            probe: self.host.enforcing.probe.as_ref(),
            write: self.host.enforcing.write.as_ref(),
            journal: self.host.store.as_ref(),
            lease: self.host.held.lease(),
            host: &self.host,
        }
    }

    pub(super) fn host(&self) -> &AppHost<'a> {
        &self.host
    }

    pub(super) fn store(&self) -> &dyn Store {
        self.host.store.as_ref()
    }

    pub(super) fn config(&self) -> &Config {
        self.host.config
    }

    pub(super) fn now(&self) -> Timestamp {
        self.host.backend.now()
    }

    pub(super) fn stopping(&self) -> bool {
        self.host.shutdown.is_some_and(|shutdown| shutdown.requested().is_some())
    }
}
