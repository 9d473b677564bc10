//! What CloudTrail, S3 and people put there.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;

use super::{Message, Stored};
use crate::collect::{ObjectName, ReadFailure};
use crate::testing::FakeCloud;
use crate::types::Place;

impl FakeCloud {
    /// Puts an object into a bucket; the same bytes again are the same object.
    pub fn put_object(&self, name: &ObjectName, bytes: Vec<u8>) {
        self.put_object_with(name, bytes, BTreeMap::new());
    }

    /// The same with user metadata, by name without `x-amz-meta-`.
    pub fn put_object_with(&self, name: &ObjectName, bytes: Vec<u8>, metadata: BTreeMap<String, String>) {
        let mut state = self.lock();
        let modified = state.now();
        let etag = blake3::hash(&bytes).to_hex().as_str().chars().take(32).collect();
        state.logs.objects.insert(name.clone(), Stored { bytes, metadata, etag, modified, refused: None });
    }

    /// Deletes an object.
    pub fn remove_object(&self, name: &ObjectName) {
        self.lock().logs.objects.remove(name);
    }

    /// Objects of a bucket, in the order of their keys.
    pub fn objects(&self, bucket: &str) -> Vec<ObjectName> {
        self.lock().logs.objects.keys().filter(|name| name.bucket == bucket).cloned().collect()
    }

    /// From now on fetching this object fails, or `None`: no longer.
    pub fn refuse_object(&self, name: &ObjectName, why: Option<(ReadFailure, &str)>) {
        if let Some(object) = self.lock().logs.objects.get_mut(name) {
            object.refused = why.map(|(failure, detail)| (failure, detail.to_owned()));
        }
    }

    /// How much time passes while an object is fetched.
    pub fn slow_objects(&self, latency: Duration) {
        self.lock().logs.latency = latency;
    }

    /// CloudTrail writes what it has recorded in a place since the last time into one log file of a bucket, as it does
    /// every few minutes. `None` when there is nothing new.
    pub fn ship_trail(&self, bucket: &str, prefix: &str, place: &Place) -> Option<ObjectName> {
        let now = self.clock().now();
        self.ship_trail_as_of(bucket, prefix, place, now)
    }

    /// The same with a file that says that it was delivered at another time.
    pub fn ship_trail_as_of(&self, bucket: &str, prefix: &str, place: &Place, at: Timestamp) -> Option<ObjectName> {
        let records = self.trail_records(place);
        let mut state = self.lock();
        let shipped = state.logs.shipped.entry((bucket.to_owned(), place.clone())).or_default();
        let new = records.get(*shipped..).unwrap_or_default();
        *shipped = records.len();
        if new.is_empty() {
            return None;
        }
        let bytes = gzip(format!("{{\"Records\":[{}]}}", new.join(",")).as_bytes());
        let Place { account, region } = place;
        let (day, minute) = (at.strftime("%Y/%m/%d"), at.strftime("%Y%m%dT%H%MZ"));
        let file = state.logs.name("file");
        drop(state);
        let folder = format!("{prefix}AWSLogs/{account}/CloudTrail/{region}/{day}");
        let key = format!("{folder}/{account}_CloudTrail_{region}_{minute}_{file}.json.gz");
        let name = ObjectName { bucket: bucket.to_owned(), key };
        self.put_object(&name, bytes);
        Some(name)
    }

    /// Sends a message to a queue.
    pub fn send_message(&self, queue: &str, body: impl Into<String>) {
        let mut state = self.lock();
        let (now, id) = (state.now(), state.logs.name("message"));
        let message = Message { id, body: body.into(), sent_at: now, visible_at: now, receives: 0 };
        state.logs.queues.entry(queue.to_owned()).or_default().push(message);
    }

    /// The messages of a queue that are not deleted, in flight or not.
    pub fn messages(&self, queue: &str) -> Vec<String> {
        let state = self.lock();
        let queue = state.logs.queues.get(queue);
        queue.into_iter().flatten().map(|message| message.body.clone()).collect()
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // A vector takes everything.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}
