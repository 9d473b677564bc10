//! How far the head of the audit log was put where nobody changes it.

use jiff::Timestamp;

use super::traits::StoreError;

/// Where anchoring stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Anchored {
    /// The entry that was put last, with its hash and when; `None`: none was.
    pub head: Option<(i64, String, Timestamp)>,
    /// Why the heads after it could not be put.
    pub fault: Option<String>,
}

/// Remembers it between processes: a failure is told once, and tried again by whoever comes next.
pub trait Anchors {
    /// Where anchoring stands.
    fn anchored(&self) -> Result<Anchored, StoreError>;
    /// Keeps where it stands, in place of what was.
    fn keep_anchored(&self, anchored: &Anchored) -> Result<(), StoreError>;
}
