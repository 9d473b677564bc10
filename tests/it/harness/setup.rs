//! What a test's world is made of.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use cattleguard::testing::scenario::DemoFacts;
use cattleguard::testing::{FailingCloud, FakeCloud, FleetBuilder, SimFleet, VirtualClock};

use super::{Receiver, TestApp};

/// Signs the webhooks of these tests.
pub(crate) const SECRET: &str = "whsec_c2NlbmFyaW8tdGVzdHMtc2VjcmV0LTAwMDAwMDAwMDA=";

/// Three servers of their own and a group of four, in one place, with few packages: quick to scan.
pub(crate) fn small() -> FleetBuilder {
    FleetBuilder::new("web").standalone(3).group(4).packages(30)
}

/// A world to be started.
pub(crate) struct Setup {
    builder: FleetBuilder,
    mode: &'static str,
    fleet: String,
    more: String,
    files: Vec<(&'static str, String)>,
    with_faults: bool,
}

impl Setup {
    pub(crate) fn new(builder: FleetBuilder) -> Self {
        Self {
            builder,
            mode: "observe",
            fleet: String::new(),
            more: String::new(),
            files: Vec::new(),
            with_faults: false,
        }
    }

    /// The global ceiling.
    pub(crate) fn mode(mut self, mode: &'static str) -> Self {
        self.mode = mode;
        self
    }

    /// More lines of the fleet.
    pub(crate) fn fleet(mut self, text: &str) -> Self {
        self.fleet.push_str(text);
        self.fleet.push('\n');
        self
    }

    /// More sections.
    pub(crate) fn more(mut self, text: &str) -> Self {
        self.more.push_str(text);
        self.more.push('\n');
        self
    }

    /// A file next to the configuration.
    pub(crate) fn file(mut self, name: &'static str, text: &str) -> Self {
        self.files.push((name, text.to_owned()));
        self
    }

    /// Reads can be made to fail.
    pub(crate) fn failing(mut self) -> Self {
        self.with_faults = true;
        self
    }

    /// A webhook and a Slack destination at a receiver on loopback.
    pub(crate) fn alerts_to(self, receiver: &Receiver) -> Self {
        let address = receiver.address;
        self.webhook_to(receiver).file("slack.url", &format!("http://{address}/services/T000/B000/test")).more(
            "[[notify]]\nname = \"slack\"\nkind = \"slack\"\nurl = { file = \"slack.url\" }\nallow_private = true",
        )
    }

    /// A webhook at a receiver on loopback.
    pub(crate) fn webhook_to(self, receiver: &Receiver) -> Self {
        let address = receiver.address;
        self.file("hook.url", &format!("http://{address}/hook")).file("hook.secret", SECRET).more(
            "[[notify]]\nname = \"siem\"\nkind = \"webhook\"\nurl = { file = \"hook.url\" }\n\
             secrets = [{ file = \"hook.secret\" }]\nallow_private = true",
        )
    }

    /// Starts it with `web@1` recorded and promoted.
    pub(crate) fn start(self) -> TestApp {
        let app = self.start_unrecorded();
        app.record("1");
        app
    }

    /// Starts it without any golden.
    pub(crate) fn start_unrecorded(self) -> TestApp {
        let fleet = self.builder.clone().build().expect("a simulated fleet");
        self.over(fleet)
    }

    /// Starts it in the demo's accounts instead of its own, with `web@1` recorded and promoted.
    pub(crate) fn start_in(self, cloud: FakeCloud, clock: VirtualClock, facts: &DemoFacts) -> TestApp {
        let references = cloud.instance_ids().into_iter().filter(|id| !facts.members.contains(id));
        let references = references.map(|id| (cloud.place_of(&id).expect("a place"), id)).collect();
        let fleet = SimFleet {
            images: facts.images.iter().cloned().collect(),
            reference: facts.reference.clone(),
            references,
            standalone: BTreeMap::new(),
            groups: BTreeMap::new(),
            cloud,
            clock,
        };
        let app = self.over(fleet);
        app.record("1");
        app
    }

    fn over(mut self, fleet: SimFleet) -> TestApp {
        let config = self.config(&fleet);
        self.files.push(("cattleguard.toml", config));
        let app = TestApp {
            faults: Arc::new(FailingCloud::new(fleet.cloud.clone())),
            fleet,
            with_faults: self.with_faults,
            dir: tempfile::tempdir().expect("a temporary folder"),
            undelivered_is_fine: Cell::new(false),
            meanwhile: Arc::default(),
        };
        for (name, text) in &self.files {
            app.write(name, text);
        }
        app
    }

    fn config(&self, fleet: &SimFleet) -> String {
        let mut accounts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for place in fleet.cloud.places() {
            accounts.entry(place.account.to_string()).or_default().push(place.region.to_string());
        }
        let accounts: String = accounts
            .iter()
            .map(|(id, regions)| format!("[[account]]\nid = \"{id}\"\nregions = {regions:?}\n\n"))
            .collect();
        let (mode, own, more) = (self.mode, &self.fleet, &self.more);
        format!(
            "mode = \"{mode}\"\n\n[state]\nurl = \"sqlite:state.db\"\n\n{accounts}\
             [[fleet]]\nname = \"web\"\nselect = {{ tags = {{ app = \"web\" }} }}\ngolden = \"web\"\n{own}\n{more}"
        )
    }
}
