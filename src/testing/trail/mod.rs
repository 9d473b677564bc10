//! CloudTrail: every call leaves a record in the shape that its API's age demands.

mod call;
mod event;

pub(super) use call::{Call, wrapped};
pub(super) use call::{describe_time, items, millis};
pub(super) use event::Event;
