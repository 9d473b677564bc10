//! Inline policies of roles, and inventory on demand.

use std::time::Duration;

use serde_json::json;

use super::refusal::Refusal;
use super::{Done, Writer};
use crate::remediate::{Output, WriteFailure};
use crate::testing::account_log::Change;
use crate::testing::delayed::Delayed;
use crate::testing::later::Due;
use crate::testing::state::State;
use crate::types::InstanceId;

/// Characters that all inline policies of one role may have together, without white space.
const POLICY_SIZE: usize = 10_240;
/// How long a node takes to run the association that it is told to run.
const REPORTS: Duration = Duration::from_secs(20);

impl State {
    /// Writes an inline policy, or removes it.
    pub(super) fn write_policy(
        &mut self,
        writer: &Writer<'_>,
        role: &str,
        policy: &str,
        document: Option<&String>,
    ) -> Result<Done, Refusal> {
        let (now, delay) = (self.now(), self.settings.describe_delay);
        let key = (writer.place.account.clone(), role.to_owned(), policy.to_owned());
        let known = self.policies.get(&key).is_some_and(|slot| slot.current().is_some());
        if document.is_none() && !known {
            return Err(Refusal::missing("NoSuchEntity", policy));
        }
        if document.is_some_and(|text| text.chars().filter(|letter| !letter.is_whitespace()).count() > POLICY_SIZE) {
            return Err(Refusal::new(WriteFailure::Capacity, "LimitExceeded", "maximum policy size exceeded"));
        }
        if document.is_some_and(|text| serde_json::from_str::<serde_json::Value>(text).is_err()) {
            return Err(Refusal::invalid("MalformedPolicyDocument", "not JSON"));
        }
        let set = Change::Set {
            what: format!("role-policy {role}/{policy}"),
            to: document.map_or_else(String::new, String::clone),
        };
        self.note(writer.place, &writer.by, &InstanceId::new(""), set);
        let slot = self.policies.entry(key).or_insert_with(|| Delayed::settled(None));
        slot.change(now, delay, document.cloned());
        Ok(Done::silently())
    }

    /// Sends the document that runs the inventory association on one node.
    pub(super) fn write_refresh(&mut self, writer: &Writer<'_>, instance: &InstanceId) -> Result<Done, Refusal> {
        let server = self.server(writer.place, instance)?;
        if !server.reaches_ssm(self.now()) {
            let message = format!("{instance} is not a managed node that is online");
            return Err(Refusal::new(WriteFailure::NotFound, "InvalidInstanceId", message));
        }
        self.schedule(writer.place, REPORTS, Due::Report(instance.clone()));
        let command = self.ids.uuid("command");
        let answer = json!({"command": {"commandId": command, "instanceIds": [instance], "status": "Pending",
            "statusDetails": "Pending", "parameters": "HIDDEN_DUE_TO_SECURITY_REASONS"}});
        Ok(Done::answering(answer).giving(Output::Task(command)))
    }
}
