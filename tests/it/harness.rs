//! One simulated world with a configuration and a state of its own, and the program run on it.

mod backend;
mod meanwhile;
mod receiver;
mod scan;
mod setup;

use std::cell::Cell;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cattleguard::app::{self, Backend, SimBackend};
use cattleguard::store::{Outbox as _, OutboxRow, OutboxState, SqliteStore};
use cattleguard::testing::{FailingCloud, FakeCloud, SimActor, SimFleet};
use cattleguard::types::{ImageId, InstanceId, Place};
use serde_json::Value;
use tempfile::TempDir;

use backend::FailingBackend;
pub(crate) use meanwhile::Act;
use meanwhile::Meanwhile;
pub(crate) use receiver::{Answer, Receiver, Request};
pub(crate) use scan::{Scan, array, text};
pub(crate) use setup::{SECRET, Setup, small};

/// Exit codes that the tests speak of.
pub(crate) const OK: i32 = 0;
pub(crate) const FINDINGS: i32 = 1;
pub(crate) const FAILED: i32 = 2;
pub(crate) const PARTIAL: i32 = 3;
pub(crate) const HELD: i32 = 4;
pub(crate) const USAGE: i32 = 64;
pub(crate) const UNAVAILABLE: i32 = 69;
pub(crate) const CONFIG: i32 = 78;

/// A simulated account with its program. When it is dropped, no alert may be left that was due.
pub(crate) struct TestApp {
    /// The fleet as it was built, with the cloud and the clock.
    pub(crate) fleet: SimFleet,
    /// Makes reads fail; without rules nothing does.
    pub(crate) faults: Arc<FailingCloud<FakeCloud>>,
    with_faults: bool,
    dir: TempDir,
    undelivered_is_fine: Cell<bool>,
    meanwhile: Act,
}

impl TestApp {
    pub(crate) fn cloud(&self) -> &FakeCloud {
        &self.fleet.cloud
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file next to the configuration, for nobody else's eyes: it may be a secret.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).expect("a file in the test's folder");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a file of ours");
        path
    }

    /// Changes the configuration file.
    pub(crate) fn reconfigure(&self, edit: impl FnOnce(String) -> String) {
        let text = fs::read_to_string(self.path("cattleguard.toml")).expect("the configuration");
        self.write("cattleguard.toml", &edit(text));
    }

    pub(crate) fn place(&self) -> Place {
        self.cloud().places().into_iter().next().expect("a place")
    }

    /// The n-th server of the first place that belongs to no group.
    pub(crate) fn server(&self, index: usize) -> InstanceId {
        self.fleet.standalone[&self.place()][index].clone()
    }

    /// The n-th member of the first place's first Auto Scaling group.
    pub(crate) fn member(&self, index: usize) -> InstanceId {
        self.fleet.groups[&self.place()][0].members[index].clone()
    }

    /// Lets minutes pass. CloudTrail has delivered everything after 15 of them.
    pub(crate) fn minutes(&self, minutes: u64) {
        self.fleet.clock.advance(Duration::from_secs(60 * minutes));
    }

    /// Every agent reports its inventory, and everything has been delivered.
    pub(crate) fn settle(&self) {
        self.cloud().run_inventory_all().expect("an inventory run");
        self.minutes(15);
    }

    /// Runs one command line and returns its exit code.
    pub(crate) fn run(&self, args: &[&str]) -> i32 {
        let config = self.path("cattleguard.toml");
        let mut line: Vec<OsString> = vec!["cattleguard-sim".into(), "-q".into(), "-C".into(), config.into()];
        line.extend(args.iter().map(OsString::from));
        app::run(self.backend(), line)
    }

    /// Runs one command and returns its exit code and the JSON that it wrote.
    pub(crate) fn json(&self, args: &[&str]) -> (i32, Value) {
        let (code, text) = self.text("json", args);
        (code, serde_json::from_str(&text).unwrap_or_else(|error| panic!("{args:?}: {error}\n{text}")))
    }

    /// Runs one command and returns its exit code and what it wrote in a format; nothing when it wrote nothing.
    pub(crate) fn text(&self, format: &str, args: &[&str]) -> (i32, String) {
        let path = self.path(&format!("out.{format}"));
        let _ = fs::remove_file(&path);
        let output = format!("{format}={}", path.display());
        let code = self.run(&[&["-o", &output], args].concat());
        (code, fs::read_to_string(&path).unwrap_or_default())
    }

    pub(crate) fn scan(&self) -> Scan {
        self.scan_with(&[])
    }

    pub(crate) fn scan_with(&self, args: &[&str]) -> Scan {
        let (code, doc) = self.json(&[&["scan"], args].concat());
        Scan::read(code, doc)
    }

    /// Somebody opens a session on each, and a scan sees it; what the next one needs to confirm it has been reported.
    pub(crate) fn drift<'i>(&self, ids: impl IntoIterator<Item = &'i InstanceId>) -> Scan {
        for id in ids {
            self.cloud().start_session(&carol(), id).expect("a session");
        }
        self.minutes(1);
        self.settle();
        let scan = self.scan();
        self.minutes(10);
        self.cloud().run_inventory_all().expect("an inventory run");
        scan
    }

    /// Records `web@1` from the reference servers of every place and promotes it.
    pub(crate) fn record(&self, version: &str) {
        self.record_fleet(&self.fleet, version);
        assert_eq!(self.run(&["golden", "promote", &format!("web@{version}")]), OK);
    }

    /// Records a version from the reference servers of a fleet, in every place.
    pub(crate) fn record_fleet(&self, fleet: &SimFleet, version: &str) {
        for (place, reference) in &fleet.references {
            let code = self.record_from(place, &fleet.images[&place.region], reference, version);
            assert_eq!(code, OK, "golden record in {place}");
        }
    }

    /// Records a version in one place and returns the exit code.
    pub(crate) fn record_from(&self, place: &Place, image: &ImageId, reference: &InstanceId, version: &str) -> i32 {
        let (account, region) = (place.account.as_str(), place.region.as_str());
        let place = ["--account", account, "--region", region];
        let from = ["--ami", image.as_str(), "--reference-instance", reference.as_str()];
        self.run(&[&["golden", "record", "web", "--version", version][..], &place, &from].concat())
    }

    /// The state, opened for reading.
    pub(crate) fn store(&self) -> SqliteStore {
        SqliteStore::open_read_only(&self.path("state.db")).expect("the state opens")
    }

    pub(crate) fn outbox(&self, state: OutboxState) -> Vec<OutboxRow> {
        self.store().rows(Some(state)).expect("the outbox")
    }

    /// Alerts that are still to be delivered are no mistake of this test.
    pub(crate) fn may_leave_alerts(&self) {
        self.undelivered_is_fine.set(true);
    }

    /// While the program waits, somebody else does something: asked at each wait until it says that it is done.
    pub(crate) fn meanwhile(&self, act: impl FnMut(&FakeCloud) -> bool + Send + 'static) {
        *self.meanwhile.lock().expect("a lock") = Some(Box::new(act));
    }

    /// Runs command lines from within what happens meanwhile: in a process of its own, as far as this one can tell.
    pub(crate) fn another(&self) -> impl Fn(&[&str]) -> i32 + Send + 'static {
        let (cloud, clock, config) = (self.cloud().clone(), self.fleet.clock.clone(), self.path("cattleguard.toml"));
        move |args| {
            let mut line: Vec<OsString> =
                vec!["cattleguard-sim".into(), "-q".into(), "-C".into(), config.clone().into()];
            line.extend(args.iter().map(OsString::from));
            let backend = Box::new(SimBackend::new(cloud.clone(), clock.clone()));
            std::thread::spawn(move || app::run(backend, line)).join().expect("the other process")
        }
    }

    /// Whether what was to happen meanwhile has happened.
    pub(crate) fn has_happened(&self) -> bool {
        self.meanwhile.lock().expect("a lock").is_none()
    }

    fn backend(&self) -> Box<dyn Backend> {
        let sim = SimBackend::new(self.cloud().clone(), self.fleet.clock.clone());
        if self.with_faults {
            return Box::new(FailingBackend::new(sim, self.faults.clone()));
        }
        Box::new(Meanwhile::new(sim, self.cloud().clone(), self.meanwhile.clone()))
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if std::thread::panicking() || self.undelivered_is_fine.get() || !self.path("state.db").exists() {
            return;
        }
        let left = self.store().due(self.fleet.clock.now(), 100).expect("the outbox");
        assert!(left.is_empty(), "alerts were due and not delivered: {left:#?}");
        assert_eq!(self.outbox(OutboxState::Dead).len(), 0, "alerts were given up");
    }
}

/// A person of the operations team.
pub(crate) fn alice() -> SimActor {
    SimActor::person("alice@example.com").from_ip("198.51.100.7")
}

/// A role session.
pub(crate) fn carol() -> SimActor {
    SimActor::role("ops-admin", "carol").from_ip("198.51.100.31")
}
