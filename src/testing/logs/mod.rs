//! Buckets with log files, and queues that tell of them.

mod provide;
mod queue;
mod read;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::collect::{ObjectName, ReadFailure};
use crate::types::Place;

/// An object of a bucket.
#[derive(Clone, Debug)]
struct Stored {
    bytes: Vec<u8>,
    metadata: BTreeMap<String, String>,
    etag: String,
    modified: Timestamp,
    /// Why it cannot be fetched, and what S3 says.
    refused: Option<(ReadFailure, String)>,
}

/// A message of a queue.
#[derive(Clone, Debug)]
struct Message {
    id: String,
    body: String,
    sent_at: Timestamp,
    visible_at: Timestamp,
    receives: u32,
}

/// All buckets and queues.
#[derive(Debug, Default)]
pub(super) struct LogWorld {
    objects: BTreeMap<ObjectName, Stored>,
    queues: BTreeMap<String, Vec<Message>>,
    /// Events that are in log files already, by bucket and place.
    shipped: BTreeMap<(String, Place), usize>,
    /// How long it takes to fetch an object.
    latency: Duration,
    /// Counts what needs a name.
    named: u64,
}

impl LogWorld {
    /// Names of all objects, in order.
    pub(super) fn names(&self) -> impl Iterator<Item = &ObjectName> {
        self.objects.keys()
    }

    fn name(&mut self, what: &str) -> String {
        self.named += 1;
        format!("{what}-{:04}", self.named)
    }
}
