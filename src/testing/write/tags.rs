//! Tags of anything.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::refusal::Refusal;
use super::{Done, Writer};
use crate::testing::account_log::Change;
use crate::testing::state::State;
use crate::types::InstanceId;

/// Tags that one resource may carry.
const MOST_TAGS: usize = 50;

impl State {
    pub(super) fn write_tags(
        &mut self,
        writer: &Writer<'_>,
        resources: &[String],
        tags: &BTreeMap<String, String>,
    ) -> Result<Done, Refusal> {
        if tags.keys().any(|key| key.starts_with("aws:")) {
            return Err(Refusal::invalid("InvalidParameterValue", "tag keys starting with 'aws:' are reserved"));
        }
        self.edit_tags(writer, resources, |held| held.extend(tags.clone()))
    }

    pub(super) fn remove_tags(
        &mut self,
        writer: &Writer<'_>,
        resources: &[String],
        keys: &[String],
    ) -> Result<Done, Refusal> {
        self.edit_tags(writer, resources, |held| held.retain(|key, _| !keys.contains(key)))
    }

    fn edit_tags(
        &mut self,
        writer: &Writer<'_>,
        resources: &[String],
        edit: impl Fn(&mut BTreeMap<String, String>),
    ) -> Result<Done, Refusal> {
        for resource in resources {
            if resource.starts_with("i-") {
                let id = InstanceId::new(resource);
                let mut tags = BTreeMap::clone(&self.server(writer.place, &id)?.tags);
                edit(&mut tags);
                if tags.len() > MOST_TAGS {
                    return Err(Refusal::invalid("TagLimitExceeded", "more than 50 tags"));
                }
                let text = tags.iter().map(|(key, value)| format!("{key}={value}"));
                let set = Change::Set { what: "tags".to_owned(), to: text.collect::<Vec<_>>().join(" ") };
                self.note(writer.place, &writer.by, &id, set);
                self.change(writer.place, &id, |server| server.tags = Arc::new(tags))?;
            } else {
                let ground = &mut self.site_mut(writer.place)?.ground;
                match ground.snapshots.get_mut(resource) {
                    Some(snapshot) => edit(&mut snapshot.tags),
                    None => edit(ground.tags.entry(resource.clone()).or_default()),
                }
            }
        }
        Ok(Done::plainly())
    }
}
