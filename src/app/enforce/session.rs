//! One run of enforcement: the lease is held, the writer exists, the engine can run.

use std::sync::Arc;

use jiff::Timestamp;

use super::host::AppHost;
use crate::app::backend::Backend;
use crate::app::config::Config;
use crate::app::enforcing::Enforcing;
use crate::app::pipeline::Held;
use crate::app::shutdown::Shutdown;
use crate::collect::CloudRead;
use crate::remediate::{Engine, EvidenceStore, Hooks, KillSwitch, OperationRecord};
use crate::store::Store;

/// Name of the lease that enforcing takes: one at a time, beside scans that only look.
pub(in crate::app) const LEASE: &str = "enforce";

/// What a session is made of.
pub(in crate::app) struct Session<'a> {
    host: AppHost<'a>,
    held: &'a Held<'a>,
}

/// Everything a session needs.
pub(in crate::app) struct Parts<'a> {
    pub(in crate::app) backend: &'a dyn Backend,
    pub(in crate::app) config: &'a Config,
    pub(in crate::app) store: Arc<dyn Store>,
    pub(in crate::app) cloud: &'a dyn CloudRead,
    pub(in crate::app) enforcing: &'a Enforcing,
    pub(in crate::app) held: &'a Held<'a>,
    pub(in crate::app) kill_switch: &'a KillSwitch,
    pub(in crate::app) stop_variable: Option<String>,
    pub(in crate::app) evidence: &'a EvidenceStore,
    pub(in crate::app) hooks: &'a dyn Hooks,
    pub(in crate::app) shutdown: Option<&'a Shutdown>,
    pub(in crate::app) say: &'a (dyn Fn(&OperationRecord, &str) + Sync),
}

impl<'a> Session<'a> {
    pub(in crate::app) fn new(parts: Parts<'a>) -> Self {
        let Parts {
            backend,
            config,
            store,
            cloud,
            enforcing,
            held,
            kill_switch,
            stop_variable,
            evidence,
            hooks,
            shutdown,
            say,
        } = parts;
        let host = AppHost {
            backend,
            config,
            store,
            cloud,
            enforcing,
            held,
            kill_switch,
            stop_variable,
            evidence,
            hooks,
            shutdown,
            say,
        };
        Self { host, held }
    }

    pub(in crate::app) fn engine(&self) -> Engine<'_> {
        Engine {
            read: self.host.cloud,
            probe: self.host.enforcing.probe.as_ref(),
            write: self.host.enforcing.write.as_ref(),
            journal: self.host.store.as_ref(),
            lease: self.held.lease(),
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
