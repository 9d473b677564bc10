//! Decision records between scans.

use jiff::Timestamp;
use serde_json::Value;

use super::traits::StoreError;
use crate::types::{DecisionId, DecisionRecord, InstanceId};

/// Decision records, and the inputs that they were made from.
///
/// A commit adds a record for every decision that is not an uneventful pass and is not as the one before, and one when
/// such a decision ends.
pub trait Decisions {
    /// Visits the records that held at some time since then, oldest first.
    fn each_decision_since(&self, since: Timestamp, visit: &mut dyn FnMut(DecisionRecord)) -> Result<(), StoreError>;
    /// One record.
    fn decision(&self, id: &DecisionId) -> Result<Option<DecisionRecord>, StoreError>;
    /// The input document of an instance with this digest, when it is kept.
    fn input_of(&self, instance: &InstanceId, digest: &str) -> Result<Option<Value>, StoreError>;
}
