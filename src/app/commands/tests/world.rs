//! A small simulated fleet with its configuration and state, and commands typed into it.

use std::ffi::OsString;
use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::Value;

use crate::app::sim_backend::SimBackend;
use crate::store::SqliteStore;
use crate::testing::{FleetBuilder, SimFleet, VirtualClock};
use crate::types::Place;

/// The world of one test.
pub(in crate::app::commands) struct World {
    pub(in crate::app::commands) fleet: SimFleet,
    pub(in crate::app::commands) backend: SimBackend,
    pub(in crate::app::commands) folder: tempfile::TempDir,
}

impl World {
    /// Two standalone members of `web`; `extra` goes in front of the accounts of the configuration.
    pub(in crate::app::commands) fn new(extra: &str) -> Self {
        Self::starting_at(VirtualClock::default().now(), extra)
    }

    /// The same at another time.
    pub(in crate::app::commands) fn starting_at(start: Timestamp, extra: &str) -> Self {
        let clock = VirtualClock::starting_at(start);
        let fleet = FleetBuilder::new("web").clock(&clock).standalone(2).packages(20).build().expect("a fleet");
        let folder = tempfile::tempdir().expect("a folder");
        let backend = SimBackend::new(fleet.cloud.clone(), fleet.clock.clone());
        let world = Self { fleet, backend, folder };
        let text = format!(
            "{extra}\n[[account]]\nid = \"000000000000\"\nregions = [\"eu-west-1\"]\n\n[[fleet]]\nname = \"web\"\n\
             golden = \"web\"\nselect = {{ tags = {{ app = \"web\" }} }}\n\n[state]\nurl = \"sqlite:{}\"\n",
            world.path("state.db").display()
        );
        std::fs::write(world.path("cattleguard.toml"), text).expect("written");
        world
    }

    pub(in crate::app::commands) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a secret that a configuration refers to.
    pub(in crate::app::commands) fn secret(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.path(name);
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("protected");
    }

    /// Types a command.
    pub(in crate::app::commands) fn run(&self, args: &[&str]) -> i32 {
        let config = self.path("cattleguard.toml");
        let mut line: Vec<OsString> = vec!["cattleguard-sim".into(), "-q".into(), "-C".into(), config.into()];
        line.extend(args.iter().map(OsString::from));
        crate::app::run(Box::new(self.backend.clone()), line)
    }

    /// Types a command and reads what it prints in a format.
    pub(in crate::app::commands) fn text(&self, format: &str, args: &[&str]) -> (i32, String) {
        let out = self.path("out");
        // What an earlier command wrote must not pass for the answer of this one.
        let _ = std::fs::remove_file(&out);
        let spec = format!("{format}={}", out.display());
        let exit = self.run(&[&["-o", &spec], args].concat());
        (exit, std::fs::read_to_string(out).unwrap_or_default())
    }

    /// Types a command and reads its JSON document.
    pub(in crate::app::commands) fn json(&self, args: &[&str]) -> (i32, Value) {
        let (exit, text) = self.text("json", args);
        (exit, serde_json::from_str(&text).unwrap_or_default())
    }

    /// Records and promotes the fleet's golden from its reference server.
    pub(in crate::app::commands) fn record(&self, more: &[&str]) {
        let place = Place::new("000000000000", "eu-west-1");
        let image = self.fleet.images.get(&place.region).expect("an image").to_string();
        let reference = self.fleet.reference.to_string();
        let args = ["golden", "record", "web", "--version", "1", "--ami", &image, "--reference-instance", &reference];
        assert_eq!(self.run(&[&args[..], &["--promote"], more].concat()), 0);
    }

    pub(in crate::app::commands) fn store(&self) -> SqliteStore {
        SqliteStore::open(&self.path("state.db")).expect("the state")
    }
}
