//! Inventory runs: the agent reports what is inside, and `ssm:PutInventory` is recorded.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::instance_arn;
use crate::testing::actor::SimActor;
use crate::testing::cloud::FakeCloud;
use crate::testing::content::{Report, Reports, Rows, report, schema_version};
use crate::testing::diary::Action;
use crate::testing::error::SimError;
use crate::testing::ids::content_hash;
use crate::testing::server::Server;
use crate::testing::state::State;
use crate::testing::trail::{Call, describe_time};
use crate::types::{InstanceId, InventoryEntry, InventoryType, Place};

/// Role of a server that has no profile: such a call can only be forged.
const NO_ROLE: &str = "unknown";

impl FakeCloud {
    /// One inventory run. A server without a reachable agent reports nothing and leaves no record.
    ///
    /// # Errors
    /// When the server does not exist.
    pub fn run_inventory(&self, instance: &InstanceId) -> Result<(), SimError> {
        self.at(instance, |state, place| {
            let now = state.now();
            if let Some(diary) = &state.diary {
                diary.write(&Action::Reported { at: now, instance: instance.clone() });
            }
            let server = state.server(place, instance)?;
            if can_report(&server, now) { state.report_all(place, &server) } else { Ok(()) }
        })
    }

    /// An inventory run on every server, as the shared State Manager association triggers it.
    ///
    /// # Errors
    /// Never in practice: the servers are those the state knows.
    pub fn run_inventory_all(&self) -> Result<(), SimError> {
        self.instance_ids().iter().try_for_each(|instance| self.run_inventory(instance))
    }

    /// `ssm:PutInventory` of one type by whoever: with the server's own role session it is a report, by anybody
    /// else it is forged.
    ///
    /// # Errors
    /// When the server does not exist.
    pub fn put_inventory(
        &self,
        actor: &SimActor,
        instance: &InstanceId,
        kind: &InventoryType,
        rows: Vec<InventoryEntry>,
    ) -> Result<(), SimError> {
        self.at(instance, |state, place| {
            let (now, rows) = (state.now(), Rows::new(rows));
            let item = item(kind, &rows.hash, &describe_time(now));
            state.change(place, instance, |server| {
                let mut reports = Reports::clone(&server.reports);
                reports.insert(kind.clone(), Report { captured_at: now, rows });
                server.reports = Arc::new(reports);
            })?;
            state.record_report(place, actor, instance, vec![item])
        })
    }

    /// The role session that the server's agent calls AWS with.
    ///
    /// # Errors
    /// When the server does not exist.
    pub fn agent_of(&self, instance: &InstanceId) -> Result<SimActor, SimError> {
        self.at(instance, |state, place| {
            let server = state.server(place, instance)?;
            Ok(SimActor::instance(server.profile_name().unwrap_or(NO_ROLE), instance))
        })
    }
}

impl State {
    pub(in crate::testing) fn report_all(&mut self, place: &Place, server: &Server) -> Result<(), SimError> {
        let now = self.now();
        let time = describe_time(now);
        let reports = report(&server.content, now);
        let mut items: Vec<Value> = reports.iter().map(|(kind, report)| item(kind, &report.rows.hash, &time)).collect();
        // Addresses differ from server to server, and so does the hash of this type.
        let network = content_hash(server.id.as_str().as_bytes());
        items.push(item(&InventoryType::new("AWS:Network"), &network, &time));
        self.change(place, &server.id, |server| server.reports = reports)?;
        let actor = SimActor::instance(server.profile_name().unwrap_or(NO_ROLE), &server.id);
        self.record_report(place, &actor, &server.id, items)
    }

    fn record_report(
        &mut self,
        place: &Place,
        actor: &SimActor,
        instance: &InstanceId,
        items: Vec<Value>,
    ) -> Result<(), SimError> {
        let (account, region) = (&place.account, &place.region);
        let inventory = format!("arn:aws:ssm:{region}:{account}:managed-instance-inventory/{instance}");
        let call = Call::new("ssm", "PutInventory", json!({"instanceId": instance, "items": items})).about(vec![
            json!({"accountId": account, "ARN": instance_arn(place, instance)}),
            json!({"accountId": account, "ARN": inventory}),
        ]);
        self.record(place, actor, call).map(|_| ())
    }
}

/// Right after a boot too: the caller says that now is when the association runs.
fn can_report(server: &Server, now: Timestamp) -> bool {
    let reaches = server.attributes.cut_since.is_none() && !server.has_outage(now) && !server.attributes.impaired;
    server.state(now) == "running" && reaches && server.node.as_ref().is_some_and(|node| node.lost_at.is_none())
}

fn item(kind: &InventoryType, hash: &str, time: &str) -> Value {
    json!({"typeName": kind, "schemaVersion": schema_version(kind), "captureTime": time, "contentHash": hash})
}
