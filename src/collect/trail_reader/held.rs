//! Messages that were received and are not deleted yet.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::collect::logs::{LogAccess, QueueMessage, TrailLogs};
use crate::collect::settings::QueueSource;
use crate::collect::source::ReadError;
use crate::types::EventId;

/// How long nobody else sees a received message. Longer than the slowest object takes to read, short enough that the
/// next scan sees what an interrupted one held.
pub(super) const VISIBILITY: Duration = Duration::from_secs(15 * 60);

/// A message whose time is over in less than this is hidden for longer.
const RENEWAL: SignedDuration = SignedDuration::from_secs(10 * 60);

/// Messages of a queue whose events are in a scan; to be deleted once that is committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// How the queue is reached.
    pub access: LogAccess,
    /// Its URL.
    pub queue: String,
    /// Handles of the messages that are done.
    pub done: Vec<String>,
    /// Handles of those that are to be read again.
    pub kept: Vec<String>,
}

/// One message.
#[derive(Debug)]
struct Message {
    handle: String,
    hidden_until: Timestamp,
    /// Whether it was read to its end and can be deleted.
    done: bool,
    /// The changes in it.
    changes: Vec<EventId>,
}

/// The messages of one queue, by id.
#[derive(Debug)]
pub(super) struct HeldMessages {
    access: LogAccess,
    queue: String,
    messages: BTreeMap<String, Message>,
}

impl HeldMessages {
    pub(super) fn new(source: &QueueSource) -> Self {
        Self { access: source.access.clone(), queue: source.url.clone(), messages: BTreeMap::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    /// A message was received, perhaps again; says whether it is the first time.
    pub(super) fn receive(&mut self, message: &QueueMessage, now: Timestamp) -> bool {
        let hidden_until = now.checked_add(VISIBILITY).unwrap_or(now);
        if let Some(known) = self.messages.get_mut(&message.id) {
            // The newest handle is the one that deletes.
            known.handle.clone_from(&message.handle);
            known.hidden_until = hidden_until;
            return false;
        }
        let (id, handle) = (message.id.clone(), message.handle.clone());
        self.messages.insert(id, Message { handle, hidden_until, done: false, changes: Vec::new() });
        true
    }

    /// A message was read to its end.
    pub(super) fn done(&mut self, id: &str, changes: Vec<EventId>) {
        if let Some(message) = self.messages.get_mut(id) {
            message.done = true;
            message.changes = changes;
        }
    }

    /// Hides those for longer whose time is nearly over. A failure is not grave: they come again.
    pub(super) async fn renew(&mut self, logs: &dyn TrailLogs, now: Timestamp) -> Result<(), ReadError> {
        let soon = now.checked_add(RENEWAL).unwrap_or(now);
        let due: Vec<&mut Message> = self.messages.values_mut().filter(|message| message.hidden_until < soon).collect();
        if due.is_empty() {
            return Ok(());
        }
        let handles: Vec<String> = due.iter().map(|message| message.handle.clone()).collect();
        let until = now.checked_add(VISIBILITY).unwrap_or(now);
        due.into_iter().for_each(|message| message.hidden_until = until);
        logs.extend(&self.access, &self.queue, &handles, VISIBILITY).await
    }

    /// What can be deleted once the scan is committed: all that was read to its end, but for messages with events that
    /// are not remembered yet.
    pub(super) fn receipt(self, is_remembered: impl Fn(&EventId) -> bool) -> Receipt {
        let Self { access, queue, messages } = self;
        let mut receipt = Receipt { access, queue, done: Vec::new(), kept: Vec::new() };
        for Message { handle, done, changes, .. } in messages.into_values() {
            let done = done && changes.iter().all(&is_remembered);
            if done { &mut receipt.done } else { &mut receipt.kept }.push(handle);
        }
        receipt
    }
}
