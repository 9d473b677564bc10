//! A message of the queue -> the log files that it names, or the event that it is.
//!
//! Understood are notifications of S3, of CloudTrail itself, and of EventBridge ("Object Created", and CloudTrail's
//! own events), each as it is or in the envelope of SNS.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::collect::ObjectName;
use crate::collect::trail::clean;

/// What a message is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A new object.
    Object {
        /// Which.
        name: ObjectName,
        /// Bytes, where the message says.
        size: Option<u64>,
        /// Region of the bucket, where the message says.
        region: Option<String>,
    },
    /// One CloudTrail record.
    Event(String),
}

/// SNS puts its envelope once; more are no message of AWS's.
pub(super) const ENVELOPES: u32 = 2;

/// What CloudTrail says when it is given a topic.
const VALIDATION: &str = "CloudTrail validation message.";

/// Every field of every kind of message. What is absent tells them apart.
#[derive(Deserialize)]
struct Body<'a> {
    #[serde(rename = "Type")]
    kind: Option<Cow<'a, str>>,
    #[serde(rename = "Message")]
    message: Option<Cow<'a, str>>,
    #[serde(rename = "Event")]
    event: Option<Cow<'a, str>>,
    #[serde(rename = "Records", borrow)]
    records: Option<Vec<Notification<'a>>>,
    #[serde(rename = "s3Bucket")]
    bucket: Option<Cow<'a, str>>,
    #[serde(rename = "s3ObjectKey")]
    keys: Option<Vec<String>>,
    source: Option<Cow<'a, str>>,
    region: Option<Cow<'a, str>>,
    #[serde(rename = "detail-type")]
    detail_type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    detail: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Notification<'a> {
    #[serde(rename = "eventSource")]
    source: Cow<'a, str>,
    #[serde(rename = "eventName")]
    name: Cow<'a, str>,
    #[serde(rename = "awsRegion")]
    region: Option<Cow<'a, str>>,
    s3: Option<Stored>,
}

/// The object, alike in S3's notifications and in EventBridge's.
#[derive(Deserialize)]
struct Stored {
    bucket: Bucket,
    object: Object,
}

#[derive(Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Deserialize)]
struct Object {
    key: String,
    size: Option<u64>,
}

/// What a message is about; nothing for one that only says that the way is open. The error says why a message cannot
/// be understood, now or ever.
pub(super) fn parts(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = unwrap(text, ENVELOPES).map_err(|why| clean(&why))?;
    // One message could make us fetch one log thousands of times.
    let mut seen = HashSet::new();
    parts.retain(|part| match part {
        Part::Object { name, .. } => seen.insert(name.clone()),
        Part::Event(_) => true,
    });
    Ok(parts)
}

pub(super) fn unwrap(text: &str, envelopes: u32) -> Result<Vec<Part>, String> {
    if text == VALIDATION {
        return Ok(Vec::new());
    }
    let body: Body<'_> = serde_json::from_str(text).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => format!("its shape is not known: {error}"),
        _ => format!("it is not JSON: {error}"),
    })?;
    match body {
        Body { message: Some(message), kind, .. } if envelopes > 0 => match kind.as_deref() {
            None | Some("Notification") => unwrap(&message, envelopes - 1),
            Some(kind) => Err(format!("its shape is not known: an SNS message of type {kind}")),
        },
        Body { event: Some(event), records: None, .. } if event == "s3:TestEvent" => Ok(Vec::new()),
        Body { records: Some(records), .. } => of_s3(records),
        Body { bucket: Some(bucket), keys: Some(keys), .. } => Ok(keys
            .into_iter()
            .map(|key| {
                let name = ObjectName { bucket: bucket.to_string(), key };
                Part::Object { name, size: None, region: None }
            })
            .collect()),
        Body { source: Some(source), detail_type: Some(kind), detail: Some(detail), region, .. } => {
            of_eventbridge(&source, &kind, detail, region)
        }
        _ => Err("its shape is not known".to_owned()),
    }
}

fn of_s3(records: Vec<Notification<'_>>) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    for Notification { source, name, region, s3 } in records {
        if source != "aws:s3" {
            return Err(format!("its shape is not known: a record of {source}"));
        }
        // Objects that were removed, restored or tagged bring no events.
        if !name.starts_with("ObjectCreated:") {
            continue;
        }
        let Some(Stored { bucket, object }) = s3 else {
            return Err("its shape is not known: a record without an object".to_owned());
        };
        let name = ObjectName { bucket: bucket.name, key: decoded(&object.key)? };
        parts.push(Part::Object { name, size: object.size, region: region.map(Cow::into_owned) });
    }
    Ok(parts)
}

/// Only AWS can send events whose source begins with `aws.`: others are anybody's.
fn of_eventbridge(
    source: &str,
    kind: &str,
    detail: &RawValue,
    region: Option<Cow<'_, str>>,
) -> Result<Vec<Part>, String> {
    if source == "aws.s3" && kind == "Object Created" {
        let Stored { bucket, object } =
            serde_json::from_str(detail.get()).map_err(|error| format!("its shape is not known: {error}"))?;
        let name = ObjectName { bucket: bucket.name, key: object.key };
        return Ok(vec![Part::Object { name, size: object.size, region: region.map(Cow::into_owned) }]);
    }
    if source.starts_with("aws.") && kind.ends_with(" via CloudTrail") {
        // An insight is about events, it is none.
        let is_event = !kind.starts_with("AWS Insight");
        return Ok(is_event.then(|| Part::Event(detail.get().to_owned())).into_iter().collect());
    }
    Err(format!("its shape is not known: `{kind}` of {source}"))
}

/// S3's notifications encode keys as forms do: `+` for a space, `%XX` for the rest.
pub(super) fn decoded(key: &str) -> Result<String, String> {
    let wrong = || format!("its key `{key}` is not encoded as a URL");
    let mut bytes = Vec::with_capacity(key.len());
    let mut rest = key.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || rest.next().and_then(|byte| char::from(byte).to_digit(16));
                let value = digit().zip(digit()).map(|(high, low)| high * 16 + low);
                value.and_then(|value| u8::try_from(value).ok()).ok_or_else(wrong)?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
