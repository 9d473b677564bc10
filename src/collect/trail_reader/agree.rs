//! Whether a message of a queue is understood alike in whatever wrapping it comes: for tests and for fuzzing.

use super::layout;
use super::message::{ENVELOPES, Part, decoded, parts, unwrap};
use crate::collect::trail::clean;

/// Whether a message means the same in one more envelope of SNS, and a key the same once it was encoded and decoded;
/// the CloudTrail records that the message holds.
///
/// # Errors
/// What differs.
pub fn message_agrees(text: &str) -> Result<Vec<String>, String> {
    let enveloped = serde_json::json!({ "Type": "Notification", "Message": text }).to_string();
    let (inner, outer) = (unwrap(text, ENVELOPES - 1), unwrap(&enveloped, ENVELOPES));
    if inner != outer {
        return Err(format!("alone {inner:#?}\nin an envelope {outer:#?}"));
    }
    let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
    if decoded(&encoded).as_deref() != Ok(text) {
        return Err(format!("`{text}` becomes {:?}", decoded(&encoded)));
    }
    let parts = match parts(text) {
        Ok(parts) => parts,
        Err(why) if why == clean(&why) => return Ok(Vec::new()),
        Err(why) => return Err(format!("it would be told as `{why}`")),
    };
    let record = |part| match part {
        Part::Event(record) => Some(record),
        Part::Object { name, .. } => {
            // Of what date and kind, if of any: only that this ends.
            let _ = (layout::is_log(&name.key), layout::delivered_at(&name.key));
            None
        }
    };
    Ok(parts.into_iter().filter_map(record).collect())
}
