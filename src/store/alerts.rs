//! What is kept for alerts beside the outbox: silences, and the messages that stand for a problem.

use jiff::Timestamp;
use serde_json::Value;

use super::traits::StoreError;
use crate::types::{Silence, SilenceId};

/// Silences.
pub trait Silences {
    /// Adds one. A conflict: no scope, or an end that is not after its beginning.
    fn add_silence(&self, silence: &Silence) -> Result<(), StoreError>;
    /// All of them, ended ones included, oldest first.
    fn silences(&self) -> Result<Vec<Silence>, StoreError>;
    /// Ends one now.
    fn revoke_silence(&self, id: &SilenceId, by: &str, now: Timestamp) -> Result<(), StoreError>;
}

/// The message that stands for one group at one destination, where it can be edited and answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Thread {
    /// Destination from the configuration.
    pub destination: String,
    /// Group, as the outbox has it.
    pub group: String,
    /// The channel's id.
    pub channel: String,
    /// The message within the channel.
    pub ts: String,
    /// Whether the problem goes on: what is over gets a message of its own when it comes again.
    pub open: bool,
    /// When it was changed last.
    pub changed_at: Timestamp,
    /// What the destination's sender keeps about it.
    pub body: Value,
}

/// Messages that stand for a problem.
pub trait Threads {
    /// Adds or replaces the thread of a group at a destination.
    fn save_thread(&self, thread: &Thread) -> Result<(), StoreError>;
    /// One group's thread, open or not.
    fn thread(&self, destination: &str, group: &str) -> Result<Option<Thread>, StoreError>;
    /// Open threads of a destination, the one changed last first, at most `limit`.
    fn open_threads(&self, destination: &str, limit: usize) -> Result<Vec<Thread>, StoreError>;
}
