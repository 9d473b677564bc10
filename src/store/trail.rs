//! What is remembered of log objects and messages between scans.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::traits::StoreError;
use crate::types::Place;

/// A log object of a trail's bucket that was read, or that could not be read yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectMark {
    /// The account-region that it holds events of.
    pub place: Place,
    /// Source, as its checkpoints are named.
    pub source: String,
    /// Key.
    pub key: String,
    /// Entity tag of what was read.
    pub etag: String,
    /// Bytes as stored.
    pub size: u64,
    /// When CloudTrail delivered it.
    pub delivered_at: Timestamp,
    /// Scans that tried to read it in vain.
    pub attempts: u32,
    /// Why it could not be read; `None` once there is no more to be done about it.
    pub problem: Option<String>,
}

/// A message or object that was given up: it is not tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Source, as its checkpoints are named.
    pub source: String,
    /// Message id or object key.
    pub name: String,
    /// Why.
    pub reason: String,
    /// The beginning of the message, or the objects that it names.
    pub body: String,
    /// When it was given up.
    pub at: Timestamp,
    /// Somebody wants the next scan to try it once more.
    #[serde(default)]
    pub again: bool,
}

/// Which letters: source and name of each.
pub type LetterNames = [(String, String)];

/// What one scan has to say of log objects and messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrailMarks {
    /// Objects that were read or could not be.
    pub objects: Vec<ObjectMark>,
    /// Objects of a source delivered before this need not be remembered any more, unless they could not be read.
    pub settled: Vec<(Place, String, Timestamp)>,
    /// Given up. A name that its source gave up before is ignored, unless it was tried once more.
    pub dead: Vec<DeadLetter>,
    /// Read after all, by source and name: no dead letters any more.
    pub revived: Vec<(String, String)>,
}

/// Log objects and messages between scans.
pub trait TrailMemory {
    /// All remembered objects, the oldest first.
    fn object_marks(&self) -> Result<Vec<ObjectMark>, StoreError>;
    /// All that was given up and is not pruned yet, the newest first.
    fn dead_letters(&self) -> Result<Vec<DeadLetter>, StoreError>;
    /// Has the next scan try these once more. Writes the audit entries in the same transaction. Refused as a whole when
    /// one is not there.
    fn retry_dead_letters(&self, which: &LetterNames, reason: &str, by: &str, now: Timestamp)
    -> Result<(), StoreError>;
    /// Forgets these for good, in the same way.
    fn drop_dead_letters(&self, which: &LetterNames, reason: &str, by: &str, now: Timestamp) -> Result<(), StoreError>;
}
