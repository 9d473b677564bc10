//! Alerts that the simulated account was given: topics, buses and hubs that take everything.

use async_trait::async_trait;

use super::FakeCloud;
use crate::collect::ReadError;
use crate::report::CloudPublish;
use crate::report::deliver::cloud::{BusEvent, TopicMessage};
use crate::report::render::hub::HubFinding;

/// What was published, in order.
#[derive(Clone, Debug, Default)]
pub struct Published {
    /// To topics.
    pub messages: Vec<TopicMessage>,
    /// To buses.
    pub events: Vec<BusEvent>,
    /// To hubs, call by call.
    pub imports: Vec<Vec<HubFinding>>,
}

impl FakeCloud {
    /// What was published so far.
    pub fn published(&self) -> Published {
        self.published.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    fn publishing(&self, note: impl FnOnce(&mut Published)) {
        note(&mut self.published.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }
}

#[async_trait]
impl CloudPublish for FakeCloud {
    async fn publish(&self, message: &TopicMessage) -> Result<(), ReadError> {
        self.publishing(|published| published.messages.push(message.clone()));
        Ok(())
    }

    async fn put_event(&self, event: &BusEvent) -> Result<(), ReadError> {
        self.publishing(|published| published.events.push(event.clone()));
        Ok(())
    }

    async fn import(&self, findings: &[HubFinding]) -> Result<Vec<(String, String)>, ReadError> {
        self.publishing(|published| published.imports.push(findings.to_vec()));
        Ok(Vec::new())
    }
}
