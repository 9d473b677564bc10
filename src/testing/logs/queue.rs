//! Queues as readers see them: a message is hidden while somebody has it, and comes again if it is not deleted.

use std::time::Duration;

use async_trait::async_trait;

use crate::collect::{LogAccess, LogQueue, QueueDepth, QueueMessage, ReadError};
use crate::testing::clock::after;
use crate::testing::{FakeCloud, api};

/// A receive brings so many at most.
const BATCH: usize = 10;

/// A handle is the message's id and the receive that it is of: an older one no longer works.
fn handle(id: &str, receives: u32) -> String {
    format!("{id}#{receives}")
}

#[async_trait]
impl LogQueue for FakeCloud {
    async fn receive(
        &self,
        at: &LogAccess,
        queue: &str,
        _wait: Duration,
        visibility: Duration,
    ) -> Result<Vec<QueueMessage>, ReadError> {
        let mut state = self.lock();
        state.count(api::RECEIVE, &at.place)?;
        let now = state.now();
        let messages = state.logs.queues.entry(queue.to_owned()).or_default();
        // All messages of a FIFO queue are of one group here: the next ones wait until those in flight are gone.
        let is_shut = queue.ends_with(".fifo") && messages.iter().any(|message| message.visible_at > now);
        let room = if is_shut { 0 } else { BATCH };
        let visible = messages.iter_mut().filter(|message| message.visible_at <= now).take(room);
        let received = visible.map(|message| {
            message.receives += 1;
            message.visible_at = after(now, visibility);
            QueueMessage {
                id: message.id.clone(),
                handle: handle(&message.id, message.receives),
                body: message.body.clone(),
                sent_at: Some(message.sent_at),
                receives: message.receives,
            }
        });
        Ok(received.collect())
    }

    async fn extend(
        &self,
        at: &LogAccess,
        queue: &str,
        handles: &[String],
        visibility: Duration,
    ) -> Result<(), ReadError> {
        let mut state = self.lock();
        state.count(api::EXTEND, &at.place)?;
        let now = state.now();
        for message in state.logs.queues.entry(queue.to_owned()).or_default() {
            if handles.contains(&handle(&message.id, message.receives)) {
                message.visible_at = after(now, visibility);
            }
        }
        Ok(())
    }

    async fn delete(&self, at: &LogAccess, queue: &str, handles: &[String]) -> Result<(), ReadError> {
        let mut state = self.lock();
        state.count(api::DELETE, &at.place)?;
        let messages = state.logs.queues.entry(queue.to_owned()).or_default();
        messages.retain(|message| !handles.contains(&handle(&message.id, message.receives)));
        Ok(())
    }

    async fn depth(&self, at: &LogAccess, queue: &str) -> Result<QueueDepth, ReadError> {
        let mut state = self.lock();
        state.count(api::DEPTH, &at.place)?;
        let now = state.now();
        let messages = state.logs.queues.entry(queue.to_owned()).or_default();
        let waiting = messages.iter().filter(|message| message.visible_at <= now).count() as u64;
        Ok(QueueDepth { waiting, in_flight: messages.len() as u64 - waiting })
    }
}
