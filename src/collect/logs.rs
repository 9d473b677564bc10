//! What reading a trail's bucket, or the queue that tells of its objects, needs from a cloud, in domain types. One
//! method is one API call (for the batch calls of a queue: one for every ten messages).

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::source::{Page, PageToken, ReadError};
use crate::types::Place;

/// Where a bucket or queue is, and as whom it is read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogAccess {
    /// The account that owns it, and its region.
    pub place: Place,
    /// ARN of the role to assume for it; `None`: with the base credentials.
    pub role: Option<String>,
    /// External id that the role's trust policy demands.
    pub external_id: Option<String>,
    /// Source identity of the role session.
    pub source_identity: Option<String>,
}

/// An object's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName {
    /// Bucket.
    pub bucket: String,
    /// Key, decoded.
    pub key: String,
}

impl std::fmt::Display for ObjectName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

/// What a listing says of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogObject {
    /// Key.
    pub key: String,
    /// Entity tag, without quotes.
    pub etag: String,
    /// Bytes as stored.
    pub size: u64,
    /// When it was written last.
    pub modified: Option<Timestamp>,
}

/// Which objects to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Bucket.
    pub bucket: String,
    /// Only keys that begin with this.
    pub prefix: String,
    /// Only keys that sort after this.
    pub after: Option<String>,
}

/// Read access to buckets.
#[async_trait]
pub trait LogStore: Send + Sync {
    /// `s3:ListBucket`: the objects of a listing in the order of their keys, up to 1,000 a page. The pages of one
    /// listing are asked for with the same [`Listing`].
    async fn list_objects(
        &self,
        at: &LogAccess,
        listing: &Listing,
        next: Option<PageToken>,
    ) -> Result<Page<LogObject>, ReadError>;

    /// `s3:GetObject`: a whole object; `None` when it has more than `limit` bytes, which are not held in memory.
    async fn object(&self, at: &LogAccess, name: &ObjectName, limit: u64) -> Result<Option<Vec<u8>>, ReadError>;

    /// `s3:ListBucket` with a delimiter: the folders directly below a prefix that is empty or ends in `/`, in order, up
    /// to 1,000 a page. Each is the whole prefix with its last `/`.
    async fn folders(
        &self,
        at: &LogAccess,
        bucket: &str,
        prefix: &str,
        next: Option<PageToken>,
    ) -> Result<Page<String>, ReadError>;

    /// `s3:GetObject` as HeadObject: the user metadata of an object, by name without `x-amz-meta-`.
    async fn metadata(&self, at: &LogAccess, name: &ObjectName) -> Result<BTreeMap<String, String>, ReadError>;
}

/// One received message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueMessage {
    /// Its id: the same in every receive.
    pub id: String,
    /// What this receive is deleted or extended by.
    pub handle: String,
    /// Text.
    pub body: String,
    /// When it was sent, as far as the queue says.
    pub sent_at: Option<Timestamp>,
    /// How often it was received, this time included; 1 where the queue does not say.
    pub receives: u32,
}

/// About how many messages a queue holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueDepth {
    /// To be received.
    pub waiting: u64,
    /// Received and neither deleted nor visible again.
    pub in_flight: u64,
}

/// Access to queues.
#[async_trait]
pub trait LogQueue: Send + Sync {
    /// `sqs:ReceiveMessage`: up to ten messages, which nobody else sees for `visibility`. Waits for at most `wait`
    /// (20 s) when there are none.
    async fn receive(
        &self,
        at: &LogAccess,
        queue: &str,
        wait: Duration,
        visibility: Duration,
    ) -> Result<Vec<QueueMessage>, ReadError>;

    /// `sqs:ChangeMessageVisibility`: hides these messages for this long from now.
    async fn extend(
        &self,
        at: &LogAccess,
        queue: &str,
        handles: &[String],
        visibility: Duration,
    ) -> Result<(), ReadError>;

    /// `sqs:DeleteMessage`: deletes these messages. One that is gone already is deleted.
    async fn delete(&self, at: &LogAccess, queue: &str, handles: &[String]) -> Result<(), ReadError>;

    /// `sqs:GetQueueAttributes`: how many messages there are.
    async fn depth(&self, at: &LogAccess, queue: &str) -> Result<QueueDepth, ReadError>;
}

/// Buckets and queues together, as [`CloudRead::logs`](super::CloudRead::logs) gives them.
pub trait TrailLogs: LogStore + LogQueue {}

impl<T: LogStore + LogQueue> TrailLogs for T {}
