//! Auto Scaling launches and target registration.

use std::sync::Arc;

use serde_json::json;

use crate::testing::account_log::{By, Change};
use crate::testing::actor::SimActor;
use crate::testing::cloud::FakeCloud;
use crate::testing::error::SimError;
use crate::testing::groups::{Group, Registration};
use crate::testing::launch::LaunchSpec;
use crate::testing::state::State;
use crate::testing::trail::Call;
use crate::types::{InstanceId, Place};

impl FakeCloud {
    /// Lets an Auto Scaling group launch one more member: RunInstances and RegisterTargets, both by the
    /// service-linked role. Raises the group's sizes if it has to.
    ///
    /// # Errors
    /// When there is no such group.
    pub fn asg_launch(&self, place: &Place, group: &str) -> Result<InstanceId, SimError> {
        let mut state = self.lock();
        let now = state.now();
        let launched = state.launch_members(place, group, 1, now)?;
        let id = launched.into_iter().next().ok_or_else(|| SimError::missing(group))?;
        state.note_launch(place, &By::AutoScaling, &id, None, Some(group));
        let known = state.group(place, group)?;
        let zone = state.server(place, &id)?.zone.clone();
        let spec = LaunchSpec { zone, ..LaunchSpec::clone(&known.template) };
        state.record_member_launch(place, &known, &id, &spec)?;
        Ok(id)
    }

    /// `autoscaling:SetDesiredCapacity`: the group acts on it half a minute later.
    ///
    /// # Errors
    /// When there is no such group.
    pub fn scale_group(&self, actor: &SimActor, place: &Place, group: &str, desired: i32) -> Result<(), SimError> {
        let mut state = self.lock();
        state.set_desired(place, &By::of(actor), group, desired)?;
        let request = json!({"autoScalingGroupName": group, "desiredCapacity": desired});
        state.record(place, actor, Call::new("autoscaling", "SetDesiredCapacity", request)).map(|_| ())
    }

    /// `elasticloadbalancing:RegisterTargets` of one instance: `initial` for 30 seconds, then healthy.
    ///
    /// # Errors
    /// When the server or the target group does not exist.
    pub fn register_target(
        &self,
        actor: &SimActor,
        instance: &InstanceId,
        target_group: &str,
        port: i32,
    ) -> Result<(), SimError> {
        self.at(instance, |state, place| {
            let zone = state.live(place, instance, "RegisterTargets")?.zone.clone();
            state.enrol(place, &By::of(actor), target_group, instance.as_str(), Some(port), Some(zone))?;
            let request = json!({"targetGroupArn": target_group, "targets": [{"id": instance, "port": port}]});
            let call = Call::new("elasticloadbalancing", "RegisterTargets", request);
            state.record(place, actor, call).map(|_| ())
        })
    }

    /// `elasticloadbalancing:DeregisterTargets` of one instance: it drains for 300 seconds, then is gone.
    ///
    /// # Errors
    /// When the server or the target group does not exist.
    pub fn deregister_target(
        &self,
        actor: &SimActor,
        instance: &InstanceId,
        target_group: &str,
    ) -> Result<(), SimError> {
        self.at(instance, |state, place| {
            state.drain(place, &By::of(actor), target_group, instance.as_str())?;
            let request = json!({"targetGroupArn": target_group, "targets": [{"id": instance}]});
            let call = Call::new("elasticloadbalancing", "DeregisterTargets", request);
            state.record(place, actor, call).map(|_| ())
        })
    }
}

impl State {
    /// RunInstances and RegisterTargets of a member, both by the service-linked role.
    pub(in crate::testing) fn record_member_launch(
        &mut self,
        place: &Place,
        group: &Group,
        id: &InstanceId,
        spec: &LaunchSpec,
    ) -> Result<(), SimError> {
        let service = SimActor::auto_scaling();
        self.record_launch(place, &service, id, spec, None)?;
        for arn in &group.target_groups {
            let request = json!({"targetGroupArn": arn, "targets": [{"id": id}]});
            self.record(place, &service, Call::new("elasticloadbalancing", "RegisterTargets", request))?;
        }
        Ok(())
    }

    /// Registers a target, or takes it back while it drains. Doing it again changes nothing.
    pub(in crate::testing) fn enrol(
        &mut self,
        place: &Place,
        by: &By,
        target_group: &str,
        target: &str,
        port: Option<i32>,
        zone: Option<Arc<str>>,
    ) -> Result<(), SimError> {
        let now = self.now();
        let known = self.site(place)?.targets.get(target_group).ok_or_else(|| SimError::missing(target_group))?;
        let port = port.unwrap_or(known.current().port);
        let held = known.current().registered.get(target);
        if held.is_some_and(|held| held.port == port && held.leaving_since.is_none()) {
            return Ok(());
        }
        let owner = self.owner_of(place, target);
        let change = Change::Registered { group: target_group.to_owned(), target: target.to_owned(), port };
        self.note(place, by, &owner, change);
        self.change_targets(place, target_group, |targets| {
            targets.registered.insert(target.to_owned(), Registration::new(port, zone, now));
        })
    }

    /// Lets a target drain. One that is not there stays not there.
    pub(in crate::testing) fn drain(
        &mut self,
        place: &Place,
        by: &By,
        target_group: &str,
        target: &str,
    ) -> Result<(), SimError> {
        let now = self.now();
        let known = self.site(place)?.targets.get(target_group).ok_or_else(|| SimError::missing(target_group))?;
        if known.current().registered.get(target).is_none_or(|held| held.leaving_since.is_some()) {
            return Ok(());
        }
        let owner = self.owner_of(place, target);
        let change = Change::Deregistered { group: target_group.to_owned(), target: target.to_owned() };
        self.note(place, by, &owner, change);
        self.change_targets(place, target_group, |targets| {
            if let Some(registration) = targets.registered.get_mut(target) {
                registration.leaving_since.get_or_insert(now);
            }
        })
    }

    /// The server behind a target: the instance, or the one that has the address.
    pub(in crate::testing) fn owner_of(&self, place: &Place, target: &str) -> InstanceId {
        let Some(site) = self.sites.get(place).filter(|_| !target.starts_with("i-")) else {
            return InstanceId::new(target);
        };
        let servers = site.servers.values().filter_map(|slot| slot.current().as_ref());
        let has = |address: &String| address == target;
        let found = servers
            .filter(|server| server.state(self.now()) != "terminated")
            .find(|server| server.interfaces.iter().any(|interface| interface.addresses.iter().any(has)));
        found.map_or_else(|| InstanceId::new(target), |server| server.id.clone())
    }

    /// A terminated server leaves its Auto Scaling group at once and drains from its target groups.
    pub(in crate::testing) fn leave_groups(&mut self, place: &Place, instance: &InstanceId) -> Result<(), SimError> {
        let site = self.site(place)?;
        let groups = site.groups.iter().filter(|(_, slot)| slot.current().members.contains_key(instance));
        let groups: Vec<String> = groups.map(|(name, _)| name.clone()).collect();
        let targets = site.targets.iter();
        let targets = targets.filter(|(_, slot)| slot.current().registered.contains_key(instance.as_str()));
        let targets: Vec<String> = targets.map(|(arn, _)| arn.clone()).collect();
        for group in groups {
            self.change_group(place, &group, |group| group.forget(instance))?;
        }
        targets.iter().try_for_each(|arn| self.drain(place, &By::AutoScaling, arn, instance.as_str()))
    }
}
