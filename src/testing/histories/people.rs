//! What people do to the account and to the registry, one thing at a time.

use super::build::ALARM;
use super::evidence::Fact;
use super::scan::ACTIONS;
use super::world::{Request, World};
use crate::plan::AlarmState;
use crate::remediate::{Approval, OperationRecord, OperationStatus};
use crate::testing::{SimActor, SimError, SimFleet};
use crate::types::{GoldenStatus, InstanceId, OperationKind};

fn carol() -> SimActor {
    SimActor::person("carol@example.com")
}

impl World {
    /// A server of the fleet, whoever made it.
    pub(super) fn any_server(&self) -> Option<InstanceId> {
        let scene = self.cloud.scene(&self.place);
        let servers: Vec<InstanceId> =
            scene.into_iter().filter(|(_, server)| server.state == "running").map(|(id, _)| id).collect();
        self.truth().dice.pick(&servers).cloned()
    }

    pub(super) fn drift(&self) -> Result<(), SimError> {
        let Some(server) = self.any_server() else { return Ok(()) };
        let name = format!("tool-{}", self.truth().dice.below(1000));
        self.cloud.install_package(&server, &name, "1")?;
        self.cloud.run_inventory(&server)
    }

    pub(super) fn drift_everywhere(&self) -> Result<(), SimError> {
        let servers: Vec<InstanceId> = self.cloud.scene(&self.place).into_keys().collect();
        for server in servers {
            drop(self.cloud.install_package(&server, "agent-update", "2"));
        }
        self.cloud.run_inventory_all()
    }

    pub(super) fn regroup(&self) -> Result<(), SimError> {
        let Some(server) = self.any_server() else { return Ok(()) };
        let group = SimFleet::security_group(&self.place.region, "debug-open");
        self.cloud.modify_instance_groups(&carol(), &server, &[group])
    }

    pub(super) fn stop(&self) -> Result<(), SimError> {
        let Some(server) = self.any_server() else { return Ok(()) };
        self.cloud.stop(&carol(), &server)
    }

    pub(super) fn start(&self) {
        for (id, server) in self.cloud.scene(&self.place) {
            if server.state == "stopped" && self.truth().dice.per_mille(500) {
                drop(self.cloud.start(&carol(), &id));
            }
        }
    }

    pub(super) fn terminate(&self) -> Result<(), SimError> {
        let Some(server) = self.any_server() else { return Ok(()) };
        self.cloud.terminate(&carol(), &server)
    }

    pub(super) fn impair(&self) -> Result<(), SimError> {
        let Some(server) = self.any_server() else { return Ok(()) };
        self.cloud.set_impaired(&server, true)
    }

    pub(super) fn recover_all(&self) {
        for id in self.cloud.scene(&self.place).into_keys() {
            drop(self.cloud.set_impaired(&id, false));
        }
    }

    /// Promotes the other version; the groups' templates follow, as a pipeline would see to, most of the time.
    pub(super) fn deploy(&self) -> Result<(), SimError> {
        let now = self.now();
        let mut promoted = None;
        let follows = {
            let mut truth = self.truth();
            for golden in &mut truth.goldens {
                if golden.status == GoldenStatus::Promoted {
                    golden.status = GoldenStatus::Deprecated;
                } else {
                    (golden.status, golden.promoted_at) = (GoldenStatus::Promoted, Some(now));
                    promoted = golden.images.first().map(|image| image.image.clone());
                }
            }
            truth.dice.per_mille(850)
        };
        let Some(image) = promoted.filter(|_| follows) else { return Ok(()) };
        for group in &self.groups {
            self.cloud.edit_group_template(&self.place, group, |spec| spec.image = image.clone())?;
        }
        Ok(())
    }

    pub(super) fn pause(&self) {
        self.note(Fact::Paused);
        if self.truth().dice.per_mille(300) {
            drop(self.cloud.set_parameter(&self.place, super::host::SWITCH, Some("stop")));
        } else {
            drop(self.store.pause(None, "incident", self.now()));
        }
    }

    pub(super) fn resume(&self) {
        drop(self.cloud.set_parameter(&self.place, super::host::SWITCH, None));
        drop(self.store.resume(None, self.now()));
        let fleet = self.truth().fleet.name.clone();
        drop(self.store.resume(Some(&fleet), self.now()));
        self.note(Fact::Resumed);
    }

    pub(super) fn budget(&self) {
        let count = {
            let mut truth = self.truth();
            let count = truth.dice.between(0, 3);
            truth.fleet.budget_count = u32::try_from(count).unwrap_or_default();
            count
        };
        self.note(Fact::Budget(usize::try_from(count).unwrap_or_default()));
    }

    /// Whether there was a plan to approve.
    pub(super) fn approve(&self) -> bool {
        let Some(plan) = self.truth().unapproved.clone() else { return false };
        let now = self.now();
        let expires_at = now.checked_add(jiff::SignedDuration::from_hours(4)).unwrap_or(now);
        let operations = std::collections::BTreeSet::new();
        self.store.approve(&Approval { plan, operations, approver: "carol".to_owned(), at: now, expires_at }).is_ok()
    }

    pub(super) fn capacity(&self, there: bool) -> Result<(), SimError> {
        for zone in ["eu-west-1a", "eu-west-1b", "eu-west-1c"] {
            let there = there || self.truth().dice.per_mille(500);
            self.cloud.set_capacity(&self.place, "m7i.large", zone, there)?;
        }
        Ok(())
    }

    pub(super) fn alarm(&self, firing: bool) -> Result<(), SimError> {
        let state = if firing { AlarmState::Firing } else { AlarmState::Ok };
        self.cloud.set_alarm(&self.place, ALARM, Some(state))
    }

    pub(super) fn permission(&self, allowed: bool) -> Result<(), SimError> {
        if allowed {
            return ACTIONS.iter().try_for_each(|action| self.cloud.permit(&self.place, action, true));
        }
        let action = self.truth().dice.pick(&ACTIONS).copied().unwrap_or_default();
        self.cloud.permit(&self.place, action, false)
    }

    /// An image whose servers do not boot, or are not what was recorded.
    pub(super) fn bad_image(&self) -> Result<(), SimError> {
        let (image, spoilt) = {
            let mut truth = self.truth();
            (truth.dice.pick(&self.images).cloned(), truth.dice.per_mille(500))
        };
        let Some(image) = image else { return Ok(()) };
        if spoilt {
            self.cloud.set_spoilt(&self.place, &image, true)
        } else {
            self.cloud.set_bootable(&self.place, &image, false)
        }
    }

    pub(super) fn good_images(&self) -> Result<(), SimError> {
        for image in &self.images {
            self.cloud.set_spoilt(&self.place, image, false)?;
            self.cloud.set_bootable(&self.place, image, true)?;
        }
        Ok(())
    }

    /// Somebody asks for something by hand.
    pub(super) fn ask(&self) {
        let Ok(operations) = super::past::operations(self) else { return };
        let wanted = |record: &&OperationRecord| match record.status {
            OperationStatus::Done => record.kind == OperationKind::Quarantine,
            OperationStatus::Retaining | OperationStatus::NeedsHuman => true,
            _ => false,
        };
        let open: Vec<&OperationRecord> = operations.iter().filter(wanted).collect();
        let mut truth = self.truth();
        let Some(record) = truth.dice.pick(&open).copied() else { return };
        let request = match record.status {
            OperationStatus::Done => Request::Release(record.instance.clone()),
            OperationStatus::NeedsHuman if truth.dice.per_mille(500) => Request::Resume(record.id.clone()),
            _ => Request::Rollback(record.id.clone()),
        };
        truth.requests.push(request);
    }

    pub(super) fn hold(&self) -> Result<(), SimError> {
        let Some(server) = self.any_server() else { return Ok(()) };
        self.cloud.create_tags(&carol(), &server, &[("cattleguard:hold", "legal")])
    }
}
