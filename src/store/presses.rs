//! Buttons that people pressed.

use jiff::Timestamp;
use serde_json::Value;

use super::traits::StoreError;

/// A press with what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Pressed {
    /// The same press has the same key, however often it is told of.
    pub key: String,
    /// When it was worked off.
    pub at: Timestamp,
    /// Who pressed, for the audit log.
    pub by: String,
    /// On what, for the audit log.
    pub object: String,
    /// Details for the audit log.
    pub details: Value,
    /// What the person was told.
    pub outcome: String,
}

/// Buttons that people pressed.
pub trait Presses {
    /// What came of a press, if it was worked off before.
    fn press(&self, key: &str) -> Result<Option<String>, StoreError>;
    /// Keeps what came of a press, with its audit entry `slack.press` in the same transaction. One that is kept already
    /// stays as it is.
    fn save_press(&self, pressed: &Pressed) -> Result<(), StoreError>;
}
