//! placeholder
use crate::types::InstanceId;
/// x
pub fn session_denial(id: &str, instance: &InstanceId) -> (String, String) {
    (format!("x-{instance}"), id.to_owned())
}
/// x
pub fn role_denial(at: jiff::Timestamp) -> (String, String) {
    ("x".to_owned(), at.to_string())
}
