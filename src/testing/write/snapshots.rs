//! Snapshots of all volumes of a server. There is no client token: repeating the call makes them twice.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use super::refusal::Refusal;
use super::{Done, Writer};
use crate::remediate::{Output, SnapshotMade};
use crate::testing::account_log::Change;
use crate::testing::clock::after;
use crate::testing::ground::Snapshot;
use crate::testing::state::State;
use crate::types::InstanceId;

/// How long a snapshot is `pending`.
const COMPLETES: Duration = Duration::from_secs(240);

impl State {
    pub(super) fn write_snapshots(
        &mut self,
        writer: &Writer<'_>,
        instance: &InstanceId,
        tags: &BTreeMap<String, String>,
    ) -> Result<Done, Refusal> {
        let server = self.living(writer, instance)?;
        let now = self.now();
        let (listed_from, completed_at) = (after(now, self.settings.describe_delay), after(now, COMPLETES));
        let mut made = Vec::new();
        for volume in &server.volumes {
            let id = self.ids.resource("snap");
            let snapshot = Snapshot { volume: volume.id.clone(), tags: tags.clone(), listed_from, completed_at };
            self.site_mut(writer.place)?.ground.snapshots.insert(id.clone(), snapshot);
            made.push(SnapshotMade { snapshot: id, volume: volume.id.to_string() });
        }
        let names: Vec<&str> = made.iter().map(|one| one.snapshot.as_str()).collect();
        let set = Change::Set { what: "snapshots".to_owned(), to: names.join(" ") };
        self.note(writer.place, &writer.by, instance, set);
        let item = |one: &SnapshotMade| json!({"snapshotId": one.snapshot, "volumeId": one.volume, "state": "pending"});
        let list: Vec<_> = made.iter().map(item).collect();
        Ok(Done::answering(json!({"snapshotSet": {"item": list}})).giving(Output::Snapshots(made)))
    }
}
