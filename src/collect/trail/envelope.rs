//! The envelope of a record, borrowed from its text: what is not needed is scanned over, never built.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::strict::Reader;
use super::text::clean;
use super::tree::Tree;

/// A value as it is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Raw<'a>(pub(super) &'a str);

impl<'de: 'a, 'a> Deserialize<'de> for Raw<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(deserializer).map(|raw| Self(raw.get()))
    }
}

/// Fields of a CloudTrail record ("CloudTrail record contents", AWS CloudTrail user guide), undecoded.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Envelope<'a> {
    #[serde(borrow, rename = "eventID")]
    pub(super) event_id: Option<Raw<'a>>,
    #[serde(borrow, rename = "eventTime")]
    pub(super) event_time: Option<Raw<'a>>,
    #[serde(borrow, rename = "eventSource")]
    pub(super) event_source: Option<Raw<'a>>,
    #[serde(borrow, rename = "eventName")]
    pub(super) event_name: Option<Raw<'a>>,
    #[serde(borrow, rename = "awsRegion")]
    pub(super) region: Option<Raw<'a>>,
    #[serde(borrow, rename = "recipientAccountId")]
    pub(super) account: Option<Raw<'a>>,
    #[serde(borrow, rename = "readOnly")]
    pub(super) read_only: Option<Raw<'a>>,
    #[serde(borrow, rename = "errorCode")]
    pub(super) error_code: Option<Raw<'a>>,
    #[serde(borrow, rename = "requestID")]
    pub(super) request_id: Option<Raw<'a>>,
    #[serde(borrow, rename = "sourceIPAddress")]
    pub(super) source_ip: Option<Raw<'a>>,
    #[serde(borrow, rename = "userAgent")]
    pub(super) user_agent: Option<Raw<'a>>,
    #[serde(borrow, rename = "vpcEndpointId")]
    pub(super) vpc_endpoint: Option<Raw<'a>>,
    #[serde(borrow, rename = "vpcEndpointAccountId")]
    pub(super) vpc_endpoint_account: Option<Raw<'a>>,
    #[serde(borrow, rename = "sessionCredentialFromConsole")]
    pub(super) from_console: Option<Raw<'a>>,
    #[serde(borrow, rename = "userIdentity")]
    pub(super) identity: Option<Tree<'a>>,
    // One sample in AWS's own documentation capitalises the name.
    #[serde(borrow, rename = "requestParameters", alias = "RequestParameters")]
    pub(super) request: Option<Tree<'a>>,
    #[serde(borrow, rename = "responseElements", alias = "ResponseElements")]
    pub(super) response: Option<Raw<'a>>,
    #[serde(borrow)]
    pub(super) resources: Option<Raw<'a>>,
    /// What an event of a service says in place of a request.
    #[serde(borrow, rename = "serviceEventDetails")]
    pub(super) details: Option<Raw<'a>>,
    /// LookupEvents wraps the record as a string.
    #[serde(borrow, rename = "CloudTrailEvent")]
    pub(super) lookup: Option<Raw<'a>>,
    /// EventBridge wraps it as an object.
    #[serde(borrow)]
    pub(super) detail: Option<Raw<'a>>,
}

/// Members that are objects, and that tell who did what to which instance.
const OBJECTS: [&str; 5] =
    ["userIdentity", "requestParameters", "RequestParameters", "responseElements", "ResponseElements"];

/// Whether a text looks like an object.
pub(super) fn is_object(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

/// Where a member's value goes.
enum Slot<'s, 'a> {
    Raw(&'s mut Option<Raw<'a>>),
    Tree(&'s mut Option<Tree<'a>>),
}

/// The parts that decide whether a record is of interest.
pub(super) struct Head<'a> {
    pub(super) source: Cow<'a, str>,
    pub(super) name: Cow<'a, str>,
    pub(super) read_only: Option<bool>,
    pub(super) error: Option<String>,
}

impl<'a> Envelope<'a> {
    pub(super) fn parse(raw: &'a str) -> Result<Self, serde_json::Error> {
        Self::usual(raw).map_or_else(|| serde_json::from_str(raw), Ok)
    }

    /// One that is written as CloudTrail writes; `None` leaves it to `serde_json`, which also says what is wrong with it.
    fn usual(raw: &'a str) -> Option<Self> {
        let (mut envelope, mut seen, mut reader) = (Self::default(), 0_u32, Reader::new(raw));
        reader.object(|reader, name| {
            let Some((field, slot)) = envelope.slot(name) else { return reader.raw().map(drop) };
            // One that is there twice is no record.
            if seen & (1 << field) != 0 {
                return None;
            }
            seen |= 1 << field;
            match slot {
                Slot::Raw(slot) => *slot = Some(Raw(reader.raw()?)).filter(|Raw(text)| *text != "null"),
                Slot::Tree(slot) => *slot = Some(reader.tree()?).filter(|tree| *tree != Tree::Null),
            }
            Some(())
        })?;
        reader.is_done().then_some(envelope)
    }

    /// Where the value of a member goes, if anywhere, and the number of that field.
    fn slot(&mut self, name: &str) -> Option<(u8, Slot<'_, 'a>)> {
        let (field, slot) = match name {
            "userIdentity" => return Some((0, Slot::Tree(&mut self.identity))),
            "requestParameters" | "RequestParameters" => return Some((1, Slot::Tree(&mut self.request))),
            "eventTime" => (2, &mut self.event_time),
            "eventSource" => (3, &mut self.event_source),
            "eventName" => (4, &mut self.event_name),
            "awsRegion" => (5, &mut self.region),
            "sourceIPAddress" => (6, &mut self.source_ip),
            "userAgent" => (7, &mut self.user_agent),
            "errorCode" => (8, &mut self.error_code),
            "responseElements" | "ResponseElements" => (9, &mut self.response),
            "requestID" => (10, &mut self.request_id),
            "eventID" => (11, &mut self.event_id),
            "readOnly" => (12, &mut self.read_only),
            "resources" => (13, &mut self.resources),
            "recipientAccountId" => (14, &mut self.account),
            "vpcEndpointId" => (15, &mut self.vpc_endpoint),
            "vpcEndpointAccountId" => (16, &mut self.vpc_endpoint_account),
            "sessionCredentialFromConsole" => (17, &mut self.from_console),
            "CloudTrailEvent" => (18, &mut self.lookup),
            "detail" => (19, &mut self.detail),
            "serviceEventDetails" => (20, &mut self.details),
            _ => return None,
        };
        Some((field, Slot::Raw(slot)))
    }

    /// The record inside, when this is only its wrapping (LookupEvents, EventBridge).
    pub(super) fn inner(&self) -> Option<Cow<'a, str>> {
        if self.event_id.is_some() {
            return None;
        }
        match (self.lookup, self.detail) {
            (Some(text), _) => scalar(text),
            (None, Some(Raw(detail))) => Some(Cow::Borrowed(detail)),
            (None, None) => None,
        }
    }

    /// The record as CloudTrail wrote it, where an export made texts of objects: Athena's table of CloudTrail logs has requests
    /// and responses in columns of text.
    pub(super) fn unquoted(&self, raw: &str) -> Option<String> {
        let is_text = |part: Option<&Tree<'_>>| part.and_then(Tree::as_str).is_some_and(is_object);
        let response = || self.response.is_some_and(|Raw(text)| text.strip_prefix('"').is_some_and(is_object));
        if !(is_text(self.identity.as_ref()) || is_text(self.request.as_ref()) || response()) {
            return None;
        }
        let mut record: Map<String, Value> = serde_json::from_str(raw).ok()?;
        let mut found = 0;
        for (_, part) in record.iter_mut().filter(|(name, _)| OBJECTS.contains(&name.as_str())) {
            if let Some(Ok(object @ Value::Object(_))) = part.as_str().map(serde_json::from_str) {
                *part = object;
                found += 1;
            }
        }
        serde_json::to_string(&record).ok().filter(|_| found > 0)
    }

    /// Decodes the head, or says which mandatory field is missing.
    pub(super) fn head(&self) -> Result<Head<'a>, &'static str> {
        if self.event_id.is_none() {
            return Err("eventID is missing");
        }
        if self.event_time.is_none() {
            return Err("eventTime is missing");
        }
        let source = self.event_source.and_then(scalar).ok_or("eventSource is missing")?;
        let name = self.event_name.and_then(scalar).ok_or("eventName is missing")?;
        // AWS's own sample of SendSSHPublicKey has a trailing blank in the name.
        let name = match name {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
        };
        let read_only = self.read_only.and_then(scalar).map(|text| text.eq_ignore_ascii_case("true"));
        let error = self.error_code.and_then(scalar).map(|text| clean(&text)).filter(|text| !text.is_empty());
        Ok(Head { source, name, read_only, error })
    }
}

/// A scalar as text, without allocating in the usual case.
pub(super) fn scalar(Raw(text): Raw<'_>) -> Option<Cow<'_, str>> {
    if let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
            return Some(Cow::Borrowed(inner));
        }
        return serde_json::from_str::<String>(text).ok().map(Cow::Owned);
    }
    (!text.starts_with(['{', '[']) && text != "null").then_some(Cow::Borrowed(text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RECORD: &str = r#"{"eventVersion":"1.11","userIdentity":{"type":"IAMUser","accountId":"111122223333"},"eventTime":"2026-11-24T02:40:00Z","eventSource":"ec2.amazonaws.com","eventName":"StopInstances","awsRegion":"eu-west-1","sourceIPAddress":"192.0.2.1","userAgent":"x","requestParameters":{"instancesSet":{"items":[{"instanceId":"i-1"}]},"force":false},"responseElements":null,"requestID":"r","eventID":"e","readOnly":false,"resources":[],"recipientAccountId":"111122223333","vpcEndpointId":"v","vpcEndpointAccountId":"1","errorCode":"x","sessionCredentialFromConsole":"true","detail":{},"CloudTrailEvent":"y","sharedEventID":"s","serviceEventDetails":{"instanceIdSet":["i-1"]},"tlsDetails":{"a":[1,true]}}"#;

    fn by_serde(raw: &str) -> Option<Envelope<'_>> {
        serde_json::from_str(raw).ok()
    }

    #[test]
    fn the_usual_form_comes_to_the_same_as_any_other() {
        let usual = Envelope::usual(RECORD);
        assert!(usual.is_some());
        assert_eq!(usual, by_serde(RECORD));
        let other = RECORD.replace("requestParameters", "RequestParameters").replace("responseE", "ResponseE");
        assert_eq!(Envelope::usual(&other), by_serde(&other));
        for (from, to) in [
            ("\"requestID\":\"r\"", "\"eventID\":null"),
            ("\"detail\"", "\"userIdentity\""),
            ("\"tlsDetails\"", "\"responseElements\""),
            ("\"sharedEventID\"", "\"RequestParameters\""),
        ] {
            let twice = RECORD.replace(from, to);
            assert_eq!((Envelope::usual(&twice), by_serde(&twice)), (None, None), "{twice}");
        }
    }

    proptest! {
        #[test]
        fn the_usual_form_never_comes_to_something_else(
            cuts in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..3, prop::sample::select(b"\"\\{}[],:n1 \x01".to_vec())), 1..4),
        ) {
            let mut text = RECORD.as_bytes().to_vec();
            for (place, kind, byte) in cuts {
                let at = place.index(text.len());
                match kind {
                    0 => text[at] = byte,
                    1 => text.insert(at, byte),
                    _ => drop(text.remove(at)),
                }
            }
            let text = String::from_utf8(text).unwrap();
            if let Some(usual) = Envelope::usual(&text) {
                prop_assert_eq!(Some(usual), by_serde(&text));
            }
        }
    }
}
