//! What to collect and how far to look back. Built from the configuration by `app`.

use std::path::PathBuf;
use std::time::Duration;

use super::logs::LogAccess;
use crate::types::{InventoryType, Place};

/// A trail's bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketSource {
    /// Where the bucket is, and as whom it is read.
    pub access: LogAccess,
    /// Bucket.
    pub bucket: String,
    /// What comes before `AWSLogs/`: empty, or ending in `/`.
    pub prefix: String,
    /// `o-…` of an organisation's trail, which comes between `AWSLogs/` and the account.
    pub organization: Option<String>,
    /// Log files that one scan reads of an account-region at most.
    pub objects: usize,
    /// ARNs of the keys that the log files are encrypted with.
    pub kms_keys: Vec<String>,
}

impl BucketSource {
    /// The name under which its checkpoints are kept.
    pub fn name(&self) -> String {
        format!("s3:{}/{}", self.bucket, self.prefix)
    }
}

/// A queue that is told of new log files, or that gets the events themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSource {
    /// Where the queue is, and as whom it and the buckets are read.
    pub access: LogAccess,
    /// URL.
    pub url: String,
    /// Buckets that its messages may name.
    pub buckets: Vec<String>,
    /// Messages that one scan receives at most.
    pub messages: usize,
    /// ARNs of the keys that messages and log files are encrypted with.
    pub kms_keys: Vec<String>,
}

impl QueueSource {
    /// The name under which its checkpoints and dead letters are kept.
    pub fn name(&self) -> String {
        format!("sqs:{}", self.url)
    }
}

/// Where change events come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrailSource {
    /// `cloudtrail:LookupEvents` in every place.
    Lookup,
    /// Log files on disk: `.json`, `.json.gz`, or a folder tree of them.
    Dir(PathBuf),
    /// Log files in a trail's bucket.
    S3(BucketSource),
    /// Messages of a queue.
    Sqs(QueueSource),
}

impl TrailSource {
    /// The name under which its checkpoint is kept.
    pub fn name(&self) -> String {
        match self {
            Self::Lookup => "lookup".to_owned(),
            Self::Dir(path) => format!("dir:{}", path.display()),
            Self::S3(source) => source.name(),
            Self::Sqs(source) => source.name(),
        }
    }

    /// How its buckets or queue are reached; `None` where there are none.
    pub fn access(&self) -> Option<&LogAccess> {
        match self {
            Self::Lookup | Self::Dir(_) => None,
            Self::S3(source) => Some(&source.access),
            Self::Sqs(source) => Some(&source.access),
        }
    }
}

/// Settings of one collection.
#[derive(Clone, Debug)]
pub struct CollectSettings {
    /// Account-regions, without repeats.
    pub places: Vec<Place>,
    /// Account-regions that are configured and not collected this time: a queue may bring their events as well, which
    /// must not be lost.
    pub elsewhere: Vec<Place>,
    /// Sources of change events.
    pub trail: Vec<TrailSource>,
    /// Inventory types to read; `AWS:Application` and `AWS:Service` unless configured.
    pub inventory_types: Vec<InventoryType>,
    /// How far back the first scan reads the trail.
    pub lookback: Duration,
    /// How much of the trail is read again for late events.
    pub overlap: Duration,
    /// Places collected at the same time.
    pub concurrency: usize,
    /// Whether load balancers are asked.
    pub load_balancers: bool,
}
