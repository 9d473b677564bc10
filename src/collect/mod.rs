//! Stage 1: sources -> [`Snapshot`](crate::types::Snapshot).
//!
//! The collector does the I/O behind [`CloudRead`]; the builder assembles what was found. A source that
//! could not be read is data in the snapshot's coverage, never an error that hides what was read.

pub mod builder;
pub mod collector;
pub mod digest;
pub mod hashes;
pub mod logs;
pub mod meter;
pub mod reference;
pub mod settings;
pub mod source;
pub mod trail;
mod trail_reader;

pub use builder::Builder;
pub use collector::{Collected, Collection, Memory, Progress, collect, user_data_digest};
pub use logs::{Listing, LogAccess, LogObject, LogQueue, LogStore, ObjectName, QueueDepth, QueueMessage, TrailLogs};
pub use meter::{ApiMeter, api_span};
pub use reference::{read_events, read_image, read_reference};
pub use settings::{BucketSource, CollectSettings, QueueSource, TrailSource};
pub use source::{CloudRead, Page, PageToken, ReadError, ReadFailure};
#[cfg(any(test, feature = "testing"))]
pub use trail_reader::message_agrees;
pub use trail_reader::{Receipt, acknowledge};
