//! What an independent judge may know: the account's log, and how servers really are.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::FakeCloud;
use crate::remediate::InstanceDetail;
use crate::testing::account_log::{AccountEntry, Scene, SeenOperation, ServerScene};
use crate::testing::server::Server;
use crate::testing::state::{Site, State};
use crate::types::{InstanceId, OperationId, Place};

/// The tags of ours: marks that need not be restored.
const OUR_TAGS: &str = "cattleguard:";

/// Everything about a server that undoing an operation must restore.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ServerForm {
    /// As the probe describes it, without what changes by itself: attachment and association ids, launch time.
    pub detail: InstanceDetail,
    /// Where it is registered, with the port, unless it is on its way out.
    pub targets: BTreeSet<(String, String, i32)>,
    /// Its group, whether it is in standby, and whether it is protected from scale-in.
    pub group: Option<(String, bool, bool)>,
    /// Inline policies of its role.
    pub policies: BTreeMap<String, String>,
}

impl FakeCloud {
    /// Every change so far, in order.
    pub fn log(&self) -> Vec<AccountEntry> {
        self.lock().log.clone()
    }

    /// Every change after the first `seen`.
    pub fn log_after(&self, seen: usize) -> Vec<AccountEntry> {
        self.lock().log.get(seen..).unwrap_or_default().to_vec()
    }

    /// How many changes there were.
    pub fn log_length(&self) -> usize {
        self.lock().log.len()
    }

    /// Operations that made a call, as the account met them.
    pub fn operations(&self) -> BTreeMap<OperationId, SeenOperation> {
        self.lock().operations.clone()
    }

    /// All servers of a place as they are now.
    pub fn scene(&self, place: &Place) -> Scene {
        self.lock().scene(place)
    }

    /// The form of a server; `None` when it is gone.
    pub fn form(&self, place: &Place, instance: &InstanceId) -> Option<ServerForm> {
        self.lock().form(place, instance)
    }
}

impl State {
    pub(in crate::testing) fn scene(&self, place: &Place) -> Scene {
        let Some(site) = self.sites.get(place) else { return Scene::new() };
        let now = self.now();
        let current = site.servers.values().filter_map(|slot| slot.current().as_ref());
        let living = current.filter(|server| server.state(now) != "terminated");
        let mut scene: Scene = living.map(|server| (server.id.clone(), site.scene_of(server, now))).collect();
        for (arn, slot) in &site.targets {
            for (target, registration) in &slot.current().registered {
                let owner = self.owner_of(place, target);
                let health = site.target_state(target, registration, now);
                if let (Some(server), Some(health)) = (scene.get_mut(&owner), health) {
                    server.targets.insert((arn.clone(), target.clone()), health.to_owned());
                }
            }
        }
        scene
    }

    pub(in crate::testing) fn form(&self, place: &Place, instance: &InstanceId) -> Option<ServerForm> {
        let (now, site) = (self.now(), self.sites.get(place)?);
        let server = self.server(place, instance).ok()?;
        if matches!(server.state(now), "terminated" | "shutting-down") {
            return None;
        }
        let mut detail = site.detail_of(place, &server, now);
        detail.instance.launched_at = jiff::Timestamp::UNIX_EPOCH;
        detail.instance.tags.retain(|key, _| !key.starts_with(OUR_TAGS));
        detail.auto_public_ip = None;
        detail.profile = detail.profile.map(|(_, arn)| (String::new(), arn));
        for address in &mut detail.addresses {
            address.association.clear();
        }
        for (seen, interface) in detail.interfaces.iter_mut().zip(&mut detail.instance.interfaces) {
            seen.attachment.clear();
            (interface.attachment, interface.attached_at, interface.address_associations) = (None, None, Vec::new());
        }
        for volume in &mut detail.instance.volumes {
            volume.attached_at = None;
        }
        let role = server.profile_name().unwrap_or_default().to_owned();
        let policies =
            self.policies.iter().filter(|((account, held, _), _)| *account == place.account && *held == role);
        let mut targets = BTreeSet::new();
        for (arn, slot) in &site.targets {
            let staying = slot.current().registered.iter().filter(|(_, held)| held.leaving_since.is_none());
            let own = staying.filter(|(target, _)| self.owner_of(place, target) == *instance);
            targets.extend(own.map(|(target, held)| (arn.clone(), target.clone(), held.port)));
        }
        let groups = site.groups.values().map(|slot| slot.current());
        let mut groups = groups.filter(|group| group.members.contains_key(instance));
        Some(ServerForm {
            detail,
            targets,
            group: groups.next().map(|group| {
                (group.name.clone(), group.standby.contains(instance), group.protected.contains(instance))
            }),
            policies: policies
                .filter_map(|((_, _, name), slot)| Some((name.clone(), slot.current().clone()?)))
                .collect(),
        })
    }
}

impl Site {
    fn scene_of(&self, server: &Server, now: jiff::Timestamp) -> ServerScene {
        let promised = self.images.get(&server.image).map(|known| &known.content);
        let pristine = promised.is_some_and(|content| {
            content.len() == server.content.len()
                && content
                    .iter()
                    .all(|(kind, rows)| server.content.get(kind).is_some_and(|held| held.hash == rows.hash))
        });
        // A restart, after which EC2 shows another launch time, takes back nothing of what it has shown.
        let reported = server.reports.len() >= server.content.len();
        let groups = self.groups.values().map(|slot| slot.current());
        let mut groups = groups.filter(|group| group.members.contains_key(&server.id));
        ServerScene {
            state: server.state(now).to_owned(),
            image: server.image.clone(),
            checks: server.checks(now).passed(),
            pristine,
            reported,
            cut: server.attributes.cut_since.is_some(),
            targets: BTreeMap::new(),
            group: groups.next().map(|group| (group.name.clone(), group.lifecycle(&server.id, now).to_owned())),
            replaces: server.tags.get("cattleguard:replaces").cloned(),
        }
    }
}
