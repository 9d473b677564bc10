//! `ec2:ModifyInstanceAttribute` in its forms. It is an old API: its records are flat.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::testing::account_log::{By, Change};
use crate::testing::actor::SimActor;
use crate::testing::cloud::FakeCloud;
use crate::testing::error::SimError;
use crate::testing::state::State;
use crate::testing::trail::{Call, items};
use crate::types::{InstanceId, Place, SecurityGroupId};

/// How long a person waits between stop, edit and start. More than a stop takes.
const BETWEEN_STEPS: Duration = Duration::from_secs(45);

impl FakeCloud {
    /// Replaces the user data the way it has to be done: stop, edit, start. Takes 90 virtual seconds, for which
    /// the clock is advanced. Three records.
    ///
    /// # Errors
    /// When the server does not run.
    pub fn modify_user_data(&self, actor: &SimActor, instance: &InstanceId, data: &[u8]) -> Result<(), SimError> {
        self.stop(actor, instance)?;
        self.clock().advance(BETWEEN_STEPS);
        self.at(instance, |state, place| {
            state.in_state(place, instance, "stopped", "ModifyInstanceAttribute")?;
            state.note(place, &By::of(actor), instance, Change::Drifted { how: "user data".to_owned() });
            state.change(place, instance, |server| server.user_data = Some(Arc::from(data)))?;
            state.attribute(place, actor, instance, "userData", json!("<sensitiveDataRemoved>"))
        })?;
        self.clock().advance(BETWEEN_STEPS);
        self.start(actor, instance)
    }

    /// Replaces the groups of the primary interface through the instance (`groupSet`).
    ///
    /// # Errors
    /// When the server does not exist or is being terminated.
    pub fn modify_instance_groups(
        &self,
        actor: &SimActor,
        instance: &InstanceId,
        groups: &[SecurityGroupId],
    ) -> Result<(), SimError> {
        self.at(instance, |state, place| {
            let server = state.live(place, instance, "ModifyInstanceAttribute")?;
            let primary = server.primary().ok_or_else(|| SimError::missing("the primary interface"))?.id.clone();
            state.regroup(place, &By::of(actor), instance, &primary, groups)?;
            let list = groups.iter().map(|group| json!({"groupId": group})).collect();
            state.attribute(place, actor, instance, "groupSet", items(list))
        })
    }

    /// Changes the instance type of a stopped server.
    ///
    /// # Errors
    /// When the server is not stopped.
    pub fn modify_instance_type(
        &self,
        actor: &SimActor,
        instance: &InstanceId,
        instance_type: &str,
    ) -> Result<(), SimError> {
        self.at(instance, |state, place| {
            state.in_state(place, instance, "stopped", "ModifyInstanceAttribute")?;
            state.note(place, &By::of(actor), instance, Change::Drifted { how: "instance type".to_owned() });
            state.change(place, instance, |server| server.instance_type = Arc::from(instance_type))?;
            state.attribute(place, actor, instance, "instanceType", json!({"value": instance_type}))
        })
    }

    /// Switches the source/destination check of the primary interface.
    ///
    /// # Errors
    /// When the server does not exist or is being terminated.
    pub fn source_dest_check(&self, actor: &SimActor, instance: &InstanceId, on: bool) -> Result<(), SimError> {
        self.at(instance, |state, place| {
            state.live(place, instance, "ModifyInstanceAttribute")?;
            state.change(place, instance, |server| {
                if let Some(primary) = server.interfaces.first_mut() {
                    primary.source_dest_check = Some(on);
                }
            })?;
            state.attribute(place, actor, instance, "sourceDestCheck", json!({"value": on}))
        })
    }
}

impl State {
    fn attribute(
        &mut self,
        place: &Place,
        actor: &SimActor,
        instance: &InstanceId,
        key: &str,
        value: Value,
    ) -> Result<(), SimError> {
        let mut request = json!({"instanceId": instance});
        if let Some(object) = request.as_object_mut() {
            object.insert(key.to_owned(), value);
        }
        self.record(place, actor, Call::ec2("ModifyInstanceAttribute", request)).map(|_| ())
    }
}

pub(super) fn sorted(groups: &[SecurityGroupId]) -> Vec<SecurityGroupId> {
    let mut groups = groups.to_vec();
    groups.sort();
    groups
}
