//! The configuration in the audit log: an entry whenever it is not the one that was in force before.

use jiff::Timestamp;
use serde_json::json;

use crate::app::config::Config;
use crate::store::audit::canonical;
use crate::store::{Store, StoreError};

const ACTION: &str = "config.change";

/// Writes an entry if the settings are not those of the last one. Secrets are references in it, and never more.
///
/// # Errors
/// State.
pub(super) fn note_config(store: &dyn Store, config: &Config, by: &str, now: Timestamp) -> Result<(), StoreError> {
    let settings = json!(config.stated);
    let digest = format!("blake3:{}", blake3::hash(canonical(&settings).as_bytes()).to_hex());
    let before = store.last_of(ACTION)?;
    let former = before.as_ref().map(|entry| entry.object.as_str());
    if former != Some(digest.as_str()) {
        store.append(now, by, ACTION, &digest, &json!({ "from": former, "settings": settings }))?;
    }
    Ok(())
}
