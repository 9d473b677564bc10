//! A scan document, and what must hold of every one.

use std::collections::{BTreeMap, BTreeSet};

use cattleguard::types::{InstanceId, Place};
use serde_json::Value;

/// Gates of every plan.
const GATES: [&str; 15] = [
    "kill-switch",
    "opt-in",
    "ownership",
    "evidence",
    "confirmed",
    "exception",
    "mass-drift",
    "replace-loop",
    "window",
    "budget",
    "availability",
    "alarm",
    "approval",
    "golden-usable",
    "permissions",
];

/// What `scan -o json` wrote, and its exit code.
pub(crate) struct Scan {
    pub(crate) code: i32,
    pub(crate) doc: Value,
}

impl Scan {
    /// Checks what must hold of every scan.
    pub(crate) fn read(code: i32, doc: Value) -> Self {
        let scan = Self { code, doc };
        assert_eq!(scan.doc["schema"], "cattleguard.dev/scan/v1");
        assert_eq!(
            scan.summary("exit_code"),
            u64::try_from(code).expect("a code"),
            "the document and the process agree"
        );
        scan.counts_agree();
        scan.nothing_blind_is_clean();
        scan.plan_is_complete();
        scan
    }

    fn counts_agree(&self) {
        let mut verdicts: BTreeMap<&str, u64> = BTreeMap::new();
        for instance in self.list("instances").iter().filter(|instance| instance["kept"] != true) {
            *verdicts.entry(text(instance, "verdict")).or_default() += 1;
        }
        for verdict in ["clean", "drifted", "unjudged"] {
            assert_eq!(self.summary(verdict), verdicts.get(verdict).copied().unwrap_or(0), "{verdict}");
        }
        assert_eq!(self.summary("findings"), self.list("findings").len() as u64);
        let ids: BTreeSet<&str> = self.list("findings").iter().map(|finding| text(finding, "id")).collect();
        assert_eq!(ids.len(), self.list("findings").len(), "finding ids are unique");
        let instances: BTreeSet<&str> = self.list("instances").iter().map(|instance| text(instance, "id")).collect();
        assert_eq!(instances.len(), self.list("instances").len(), "every instance is listed once");
        for instance in self.list("instances") {
            for id in instance["findings"].as_array().expect("a list") {
                assert!(ids.contains(id.as_str().expect("an id")), "finding {id} of {} is not listed", instance["id"]);
            }
        }
    }

    fn nothing_blind_is_clean(&self) {
        for instance in self.list("instances") {
            let reasons = instance["reasons"].as_array().expect("a list");
            match text(instance, "verdict") {
                "clean" => assert!(reasons.is_empty(), "clean although something was not seen: {instance:#}"),
                "unjudged" => assert!(!reasons.is_empty(), "unjudged without a reason: {instance:#}"),
                _ => assert!(!instance["findings"].as_array().expect("a list").is_empty(), "{instance:#}"),
            }
        }
        let decisive = ["ec2", "ssm", "cloudtrail", "userdata"];
        let blind = self
            .list("coverage")
            .iter()
            .any(|entry| entry["status"] != "complete" && decisive.contains(&text(entry, "source")));
        if blind || self.summary("unjudged") > 0 || self.summary("set_aside") > 0 {
            assert_eq!(self.code, 3, "something was not seen and the exit code does not say so");
        }
    }

    fn plan_is_complete(&self) {
        for entry in ["operations", "held"].iter().flat_map(|key| array(&self.doc["plan"], key)) {
            let gates: Vec<&str> = array(entry, "gates").iter().map(|gate| text(gate, "gate")).collect();
            assert_eq!(gates, GATES, "every gate has answered, in order");
            assert!(array(entry, "gates").iter().all(|gate| !text(gate, "reason").is_empty()), "{entry:#}");
        }
        for held in array(&self.doc["plan"], "held") {
            assert!(array(held, "gates").iter().any(|gate| gate["answer"] != "allow"), "held for nothing: {held:#}");
        }
    }

    pub(crate) fn list(&self, key: &str) -> &Vec<Value> {
        array(&self.doc, key)
    }

    pub(crate) fn summary(&self, key: &str) -> u64 {
        self.doc["summary"][key].as_u64().unwrap_or_else(|| panic!("no {key} in {}", self.doc["summary"]))
    }

    pub(crate) fn instance(&self, id: &InstanceId) -> &Value {
        self.find_instance(id).unwrap_or_else(|| panic!("{id} is not listed"))
    }

    pub(crate) fn find_instance(&self, id: &InstanceId) -> Option<&Value> {
        self.list("instances").iter().find(|instance| instance["id"] == id.as_str())
    }

    pub(crate) fn verdict(&self, id: &InstanceId) -> &str {
        text(self.instance(id), "verdict")
    }

    /// The codes of an instance's findings.
    pub(crate) fn codes(&self, id: &InstanceId) -> BTreeSet<&str> {
        self.findings_of(id.as_str()).map(|finding| text(finding, "code")).collect()
    }

    /// Findings of one instance; `*` for those of a whole place.
    pub(crate) fn findings_of(&self, id: &str) -> impl Iterator<Item = &Value> {
        self.list("findings").iter().filter(move |finding| finding["instance"] == id)
    }

    pub(crate) fn find(&self, id: &InstanceId, code: &str) -> Option<&Value> {
        self.findings_of(id.as_str()).find(|finding| finding["code"] == code)
    }

    pub(crate) fn finding(&self, id: &InstanceId, code: &str) -> &Value {
        self.find(id, code).unwrap_or_else(|| panic!("{id} has no {code}, but {:?}", self.codes(id)))
    }

    pub(crate) fn coverage(&self, place: &Place, source: &str) -> &Value {
        let entry = self.list("coverage").iter().find(|entry| {
            entry["account"] == place.account.as_str()
                && entry["region"] == place.region.as_str()
                && entry["source"] == source
        });
        entry.unwrap_or_else(|| panic!("no coverage of {source} in {place}"))
    }

    /// What the plan holds on one instance.
    pub(crate) fn held(&self, id: &InstanceId) -> &Value {
        let held = array(&self.doc["plan"], "held").iter().find(|held| held["instance"] == id.as_str());
        held.unwrap_or_else(|| panic!("nothing is held on {id}: {:#}", self.doc["plan"]))
    }

    /// One gate's answer on a held instance.
    pub(crate) fn gate(&self, id: &InstanceId, gate: &str) -> &Value {
        let found = array(self.held(id), "gates").iter().find(|report| report["gate"] == gate);
        found.unwrap_or_else(|| panic!("no gate {gate}"))
    }

    /// Instances on which the plan would act.
    pub(crate) fn operations(&self) -> Vec<&str> {
        array(&self.doc["plan"], "operations").iter().map(|operation| text(operation, "instance")).collect()
    }

    pub(crate) fn all_clean(&self) -> bool {
        self.summary("drifted") == 0 && self.summary("unjudged") == 0
    }
}

pub(crate) fn array<'v>(value: &'v Value, key: &str) -> &'v Vec<Value> {
    value[key].as_array().unwrap_or_else(|| panic!("no list {key} in {value:#}"))
}

pub(crate) fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_else(|| panic!("no text {key} in {value:#}"))
}
