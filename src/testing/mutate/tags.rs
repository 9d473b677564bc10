//! Tags.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

use crate::testing::account_log::{By, Change};
use crate::testing::actor::SimActor;
use crate::testing::cloud::FakeCloud;
use crate::testing::error::SimError;
use crate::testing::trail::{Call, items};
use crate::types::InstanceId;

impl FakeCloud {
    /// `ec2:CreateTags` on one instance.
    ///
    /// # Errors
    /// When the server does not exist.
    pub fn create_tags(&self, actor: &SimActor, instance: &InstanceId, tags: &[(&str, &str)]) -> Result<(), SimError> {
        self.at(instance, |state, place| {
            let set = Change::Set { what: "tags".to_owned(), to: String::new() };
            state.note(place, &By::of(actor), instance, set);
            state.change(place, instance, |server| {
                let mut changed = BTreeMap::clone(&server.tags);
                changed.extend(tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
                server.tags = Arc::new(changed);
            })?;
            let list = tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
            let request = json!({"resourcesSet": items(vec![json!({"resourceId": instance})]), "tagSet": items(list)});
            state.record(place, actor, Call::ec2("CreateTags", request)).map(|_| ())
        })
    }

    /// `ec2:DeleteTags` on one instance.
    ///
    /// # Errors
    /// When the server does not exist.
    pub fn delete_tags(&self, actor: &SimActor, instance: &InstanceId, keys: &[&str]) -> Result<(), SimError> {
        self.at(instance, |state, place| {
            let set = Change::Set { what: "tags".to_owned(), to: String::new() };
            state.note(place, &By::of(actor), instance, set);
            state.change(place, instance, |server| {
                let mut changed = BTreeMap::clone(&server.tags);
                changed.retain(|key, _| !keys.contains(&key.as_str()));
                server.tags = Arc::new(changed);
            })?;
            let list = keys.iter().map(|key| json!({"key": key})).collect();
            let request = json!({"resourcesSet": items(vec![json!({"resourceId": instance})]), "tagSet": items(list)});
            state.record(place, actor, Call::ec2("DeleteTags", request)).map(|_| ())
        })
    }
}
