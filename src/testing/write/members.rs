//! Members of Auto Scaling groups: standby, leaving, joining, protection.

use serde_json::json;

use super::refusal::Refusal;
use super::{Done, Writer};
use crate::remediate::{Output, WriteFailure};
use crate::testing::account_log::Change;
use crate::testing::groups::Group;
use crate::testing::heal::NOTICES;
use crate::testing::later::Due;
use crate::testing::state::State;
use crate::types::InstanceId;

impl State {
    /// The group counts one member less and launches a substitute, unless it wants one less as well.
    pub(super) fn write_standby(
        &mut self,
        writer: &Writer<'_>,
        name: &str,
        instance: &InstanceId,
        decrement: bool,
    ) -> Result<Done, Refusal> {
        let group = self.member_of(writer, name, instance)?;
        if group.lifecycle(instance, self.now()) != "InService" {
            return Err(not_in_state(instance, "InService"));
        }
        if decrement && group.desired <= group.min_size {
            return Err(Refusal::invalid("ValidationError", format!("{name} would fall below its minimum size")));
        }
        self.note(writer.place, &writer.by, instance, Change::Standby { group: name.to_owned() });
        if decrement {
            self.set_desired(writer.place, &writer.by, name, group.desired - 1)?;
        }
        self.change_group(writer.place, name, |group| {
            group.standby.insert(instance.clone());
        })?;
        self.leave_targets(writer, &group, instance)?;
        self.tend_soon(writer, name);
        Ok(self.activity())
    }

    pub(super) fn remove_standby(
        &mut self,
        writer: &Writer<'_>,
        name: &str,
        instance: &InstanceId,
    ) -> Result<Done, Refusal> {
        let group = self.member_of(writer, name, instance)?;
        if !group.standby.contains(instance) {
            return Err(not_in_state(instance, "Standby"));
        }
        self.room_for_one(&group)?;
        self.note(writer.place, &writer.by, instance, Change::InService { group: name.to_owned() });
        self.set_desired(writer.place, &writer.by, name, group.desired + 1)?;
        self.change_group(writer.place, name, |group| {
            // It keeps its age, and is the first to go when the group shrinks.
            group.standby.remove(instance);
        })?;
        self.enter_targets(writer, &group, instance)?;
        Ok(self.activity())
    }

    /// Lowers the desired capacity, so that no substitute is launched.
    pub(super) fn write_leave(
        &mut self,
        writer: &Writer<'_>,
        name: &str,
        instance: &InstanceId,
    ) -> Result<Done, Refusal> {
        let group = self.member_of(writer, name, instance)?;
        let standby = group.standby.contains(instance);
        let lower = group.desired - i32::from(!standby);
        if lower < group.min_size {
            return Err(Refusal::invalid("ValidationError", format!("{name} would fall below its minimum size")));
        }
        self.note(writer.place, &writer.by, instance, Change::LeftGroup { group: name.to_owned() });
        self.set_desired(writer.place, &writer.by, name, lower)?;
        self.change_group(writer.place, name, |group| group.forget(instance))?;
        self.leave_targets(writer, &group, instance)?;
        Ok(self.activity())
    }

    pub(super) fn write_join(
        &mut self,
        writer: &Writer<'_>,
        name: &str,
        instance: &InstanceId,
    ) -> Result<Done, Refusal> {
        let server = self.living(writer, instance)?;
        if server.state(self.now()) != "running" {
            return Err(Refusal::conflict("ValidationError", format!("{instance} is not running")));
        }
        let group = self.known_group(writer, name)?;
        let held = self.site(writer.place)?.groups.values();
        if held.map(|slot| slot.current()).any(|group| group.members.contains_key(instance)) {
            return Err(Refusal::conflict("ValidationError", format!("{instance} is already a member of a group")));
        }
        self.room_for_one(&group)?;
        self.note(writer.place, &writer.by, instance, Change::InService { group: name.to_owned() });
        self.set_desired(writer.place, &writer.by, name, group.desired + 1)?;
        let now = self.now();
        self.join(writer.place, &group, &[(instance.clone(), server.zone.clone())], now)?;
        Ok(self.activity())
    }

    pub(super) fn write_scale_in(
        &mut self,
        writer: &Writer<'_>,
        name: &str,
        instance: &InstanceId,
        on: bool,
    ) -> Result<Done, Refusal> {
        self.member_of(writer, name, instance)?;
        let set = Change::Set { what: "scale-in-protection".to_owned(), to: on.to_string() };
        self.note(writer.place, &writer.by, instance, set);
        self.change_group(writer.place, name, |group| {
            if on {
                group.protected.insert(instance.clone());
            } else {
                group.protected.remove(instance);
            }
        })?;
        Ok(Done::silently())
    }

    pub(super) fn known_group(&self, writer: &Writer<'_>, name: &str) -> Result<Group, Refusal> {
        let missing = |_| {
            let message = format!("AutoScalingGroup name not found: {name}");
            Refusal::new(WriteFailure::NotFound, "ValidationError", message)
        };
        self.group(writer.place, name).map_err(missing)
    }

    pub(super) fn room_for_one(&self, group: &Group) -> Result<(), Refusal> {
        if group.desired < group.max_size {
            return Ok(());
        }
        let message = format!("{} would exceed its maximum size {}", group.name, group.max_size);
        Err(Refusal::invalid("ValidationError", message))
    }

    pub(super) fn tend_soon(&mut self, writer: &Writer<'_>, name: &str) {
        self.schedule(writer.place, NOTICES, Due::Tend(name.to_owned(), NOTICES));
    }

    fn member_of(&self, writer: &Writer<'_>, name: &str, instance: &InstanceId) -> Result<Group, Refusal> {
        let group = self.known_group(writer, name)?;
        if group.members.contains_key(instance) {
            return Ok(group);
        }
        let message = format!("The instance {instance} is not part of Auto Scaling group {name}");
        Err(Refusal::new(WriteFailure::NotFound, "ValidationError", message))
    }

    fn leave_targets(&mut self, writer: &Writer<'_>, group: &Group, instance: &InstanceId) -> Result<(), Refusal> {
        for arn in &group.target_groups {
            self.drain(writer.place, &writer.by, arn, instance.as_str())?;
        }
        Ok(())
    }

    fn enter_targets(&mut self, writer: &Writer<'_>, group: &Group, instance: &InstanceId) -> Result<(), Refusal> {
        let zone = self.server(writer.place, instance)?.zone.clone();
        for arn in &group.target_groups {
            self.enrol(writer.place, &writer.by, arn, instance.as_str(), None, Some(zone.clone()))?;
        }
        Ok(())
    }

    fn activity(&mut self) -> Done {
        let activity = self.ids.uuid("activity");
        let answer = json!({"activities": [{"activityId": activity, "statusCode": "InProgress"}]});
        Done::answering(answer).giving(Output::Task(activity))
    }
}

fn not_in_state(instance: &InstanceId, state: &str) -> Refusal {
    Refusal::conflict("ValidationError", format!("The instance {instance} is not in {state}"))
}
