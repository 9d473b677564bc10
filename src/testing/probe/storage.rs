//! Snapshots, volumes, root volume replacements.

use crate::collect::ReadError;
use crate::remediate::{RootReplacement, SnapshotDetail, VolumeDetail};
use crate::testing::api;
use crate::testing::clock::after;
use crate::testing::ground::RootFailure;
use crate::testing::state::{Site, State};
use crate::types::{InstanceId, Place, VolumeId};

impl State {
    pub(super) fn probe_snapshots(
        &mut self,
        place: &Place,
        key: &str,
        value: &str,
    ) -> Result<Vec<SnapshotDetail>, ReadError> {
        self.count(api::SNAPSHOTS, place)?;
        let (now, site) = (self.now(), self.readable(api::SNAPSHOTS, place)?);
        let listed = site.ground.snapshots.iter().filter(|(_, snapshot)| now >= snapshot.listed_from);
        let tagged = listed.filter(|(_, snapshot)| snapshot.tags.get(key).is_some_and(|held| held == value));
        let detail = tagged.map(|(id, snapshot)| SnapshotDetail {
            snapshot: id.clone(),
            volume: snapshot.volume.to_string(),
            state: if now >= snapshot.completed_at { "completed" } else { "pending" }.to_owned(),
        });
        Ok(detail.collect())
    }

    /// Volumes that do not exist are missing from the answer.
    pub(super) fn probe_volumes(&mut self, place: &Place, ids: &[VolumeId]) -> Result<Vec<VolumeDetail>, ReadError> {
        self.count(api::VOLUMES, place)?;
        let (now, site) = (self.now(), self.readable(api::VOLUMES, place)?);
        let attached = |id: &VolumeId| {
            let servers = site.visible_after(None, now).filter(|server| server.state(now) != "terminated");
            let mut held = servers.flat_map(|server| server.volumes.iter().map(move |volume| (server, volume)));
            // A volume that is not seen on its server yet still exists.
            held.find(|(_, volume)| volume.id == *id).or_else(|| {
                let servers = site.servers.values().filter_map(|slot| slot.current().as_ref());
                let servers = servers.filter(|server| server.state(now) != "terminated");
                let mut held = servers.flat_map(|server| server.volumes.iter().map(move |volume| (server, volume)));
                held.find(|(_, volume)| volume.id == *id)
            })
        };
        let detail = |id: &VolumeId| match attached(id) {
            Some((server, volume)) => {
                let leaving = server.attributes.detaching.contains(id);
                let state = if leaving { "detaching" } else { "attached" }.to_owned();
                let attached = Some((server.id.clone(), volume.device.clone(), state));
                Some(VolumeDetail { volume: id.clone(), state: "in-use".to_owned(), attached, multi_attach: false })
            }
            None => site.loose_volumes.contains_key(id).then(|| VolumeDetail {
                volume: id.clone(),
                state: "available".to_owned(),
                attached: None,
                multi_attach: false,
            }),
        };
        Ok(ids.iter().filter_map(detail).collect())
    }

    pub(super) fn probe_roots(&mut self, place: &Place, id: &InstanceId) -> Result<Vec<RootReplacement>, ReadError> {
        self.count(api::ROOT_TASKS, place)?;
        let (now, site) = (self.now(), self.readable(api::ROOT_TASKS, place)?);
        Ok(site.root_tasks(id, now))
    }
}

impl Site {
    fn root_tasks(&self, id: &InstanceId, now: jiff::Timestamp) -> Vec<RootReplacement> {
        let tasks = self.ground.roots.iter().filter(|task| task.instance == *id);
        let shown = tasks.map(|task| {
            let state = match (now >= task.done_at, task.failure) {
                (true, Some(RootFailure::Restored)) => "failed",
                (true, Some(RootFailure::Detached)) => "failed-detached",
                (true, None) => "succeeded",
                _ if now < after(task.started_at, std::time::Duration::from_secs(10)) => "pending",
                _ => "in-progress",
            };
            RootReplacement {
                task: task.task.clone(),
                state: state.to_owned(),
                image: task.image.clone(),
                started_at: Some(task.started_at),
            }
        });
        shown.collect()
    }
}
