//! Auto Scaling launches and target registration.

use serde_json::json;

use crate::testing::actor::SimActor;
use crate::testing::cloud::FakeCloud;
use crate::testing::error::SimError;
use crate::testing::groups::Registration;
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
        let known = state.site(place)?.groups.get(group).ok_or_else(|| SimError::missing(group))?.current().clone();
        let zone = state.server(place, &id)?.zone.clone();
        let spec = LaunchSpec { zone, ..LaunchSpec::clone(&known.template) };
        let service = SimActor::auto_scaling();
        state.record_launch(place, &service, &id, &spec)?;
        for arn in &known.target_groups {
            let request = json!({"targetGroupArn": arn, "targets": [{"id": id}]});
            state.record(place, &service, Call::new("elasticloadbalancing", "RegisterTargets", request))?;
        }
        Ok(id)
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
            let registration = Registration::new(port, Some(zone), state.now());
            state.change_targets(place, target_group, |targets| {
                targets.registered.insert(instance.to_string(), registration);
            })?;
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
            state.drain(place, target_group, instance)?;
            let request = json!({"targetGroupArn": target_group, "targets": [{"id": instance}]});
            let call = Call::new("elasticloadbalancing", "DeregisterTargets", request);
            state.record(place, actor, call).map(|_| ())
        })
    }
}

impl State {
    fn drain(&mut self, place: &Place, target_group: &str, instance: &InstanceId) -> Result<(), SimError> {
        let now = self.now();
        self.change_targets(place, target_group, |targets| {
            if let Some(registration) = targets.registered.get_mut(instance.as_str()) {
                registration.leaving_since.get_or_insert(now);
            }
        })
    }

    /// A terminated server leaves its Auto Scaling group at once and drains from its target groups.
    pub(super) fn leave_groups(&mut self, place: &Place, instance: &InstanceId) -> Result<(), SimError> {
        let site = self.site(place)?;
        let groups = site.groups.iter().filter(|(_, slot)| slot.current().members.contains_key(instance));
        let groups: Vec<String> = groups.map(|(name, _)| name.clone()).collect();
        let held = |name: &&str| *name == instance.as_str();
        let targets = site
            .targets
            .iter()
            .filter(|(_, slot)| slot.current().registered.keys().map(String::as_str).any(|name| held(&name)));
        let targets: Vec<String> = targets.map(|(arn, _)| arn.clone()).collect();
        for group in groups {
            self.change_group(place, &group, |group| {
                group.members.remove(instance);
            })?;
        }
        targets.iter().try_for_each(|arn| self.drain(place, arn, instance))
    }
}
