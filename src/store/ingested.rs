//! Change events that were read from files by hand.

use super::traits::{Link, StoreError};
use crate::types::ChangeEvent;

/// Keeps what `ingest` read.
pub trait Ingested {
    /// Keeps events and links; how many events were not known before. A scan that meets one of them in the trail
    /// still judges it.
    ///
    /// # Errors
    /// The state cannot be written; then nothing of it is kept.
    fn keep_ingested(&self, events: &[ChangeEvent], links: &[Link]) -> Result<u64, StoreError>;
}
