//! Which policy bundle was taken last: an older one is not taken again.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::StoreError;

/// A policy bundle as it was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenBundle {
    /// What it calls its state.
    pub revision: String,
    /// Grows from bundle to bundle.
    pub sequence: u64,
    /// Digest of its files.
    pub digest: String,
    /// The key that signed it; `None` where unsigned ones are taken.
    pub signed_by: Option<String>,
}

/// The memory of policy bundles.
pub trait PolicyBundles {
    /// Takes a bundle, with an audit entry when it is another than before. A conflict: its sequence is less than that of
    /// the last one taken, or equal with another content.
    fn take_bundle(&self, bundle: &TakenBundle, by: &str, now: Timestamp) -> Result<(), StoreError>;
    /// The last one taken.
    fn taken_bundle(&self) -> Result<Option<TakenBundle>, StoreError>;
}
