//! Judges from the emulator's log of requests in which order things were done.

use serde_json::Value;

use crate::scene::Scene;

/// Calls that take something from an instance that serves.
const TAKING: [&str; 5] =
    ["StopInstances", "TerminateInstances", "DeregisterTargets", "DetachInstances", "ModifyNetworkInterfaceAttribute"];

/// The calls that the enforcing role made.
pub(crate) struct Log(Vec<Value>);

impl Log {
    /// All since the log was emptied.
    pub(crate) async fn of(scene: &Scene) -> Self {
        let mut calls = scene.emulator.calls().await;
        calls.retain(|call| call["role"] == "enforcer");
        Self(calls)
    }

    /// Those that changed something, oldest first.
    pub(crate) fn changes(&self) -> impl Iterator<Item = &Value> {
        self.0.iter().filter(|call| call["write"] == true && call["dry_run"] == false && call["status"] == 200)
    }

    /// How many calls only looked.
    pub(crate) fn reads(&self) -> usize {
        self.0.iter().filter(|call| call["write"] == false).count()
    }

    /// How many calls asked whether they would be allowed.
    pub(crate) fn dry_runs(&self) -> usize {
        self.0.iter().filter(|call| call["dry_run"] == true).count()
    }

    /// How often this was done.
    pub(crate) fn count(&self, action: &str) -> usize {
        self.changes().filter(|call| call["action"] == action).count()
    }

    /// Nothing was taken from the old instance before the new one served, everywhere that `groups` names.
    pub(crate) fn new_before_old(&self, old: &str, interface: &str, new: &str, groups: &[&str]) {
        let about = |call: &Value| call["instances"].as_array().unwrap().iter().any(|id| id == old);
        let of_interface = |call: &Value| {
            call["fields"]["NetworkInterfaceId"] == interface && call["fields"].get("SecurityGroupId.1").is_some()
        };
        let mut seen = 0;
        for call in self.changes().filter(|call| TAKING.contains(&call["action"].as_str().unwrap())) {
            if !about(call) && !of_interface(call) {
                continue;
            }
            seen += 1;
            let before = &call["before"];
            assert_eq!(before["servers"][new], "running", "{call:#}");
            for group in groups {
                assert_eq!(before["targets"][group][new], "healthy", "{call:#}");
            }
        }
        assert!(seen >= 2, "it was isolated and stopped: {:#?}", self.changes().collect::<Vec<_>>());
    }

    /// No call was refused for a lack of rights.
    pub(crate) fn nothing_was_refused(&self) {
        let refused: Vec<_> = self.0.iter().filter(|call| call["status"] == 403).collect();
        assert!(refused.is_empty(), "{refused:#?}");
    }
}
