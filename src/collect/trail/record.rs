//! The envelope of a record, borrowed from its text: what is not needed is scanned over, never built.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::condition::Body;
use super::text::{clean, cleaned};
use super::tree::Tree;
use crate::types::{AccountId, EventId, Region};

/// Fields of a CloudTrail record ("CloudTrail record contents", AWS CloudTrail user guide), undecoded.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Envelope<'a> {
    #[serde(borrow, rename = "eventID")]
    event_id: Option<&'a RawValue>,
    #[serde(borrow, rename = "eventTime")]
    event_time: Option<&'a RawValue>,
    #[serde(borrow, rename = "eventSource")]
    event_source: Option<&'a RawValue>,
    #[serde(borrow, rename = "eventName")]
    event_name: Option<&'a RawValue>,
    #[serde(borrow, rename = "awsRegion")]
    region: Option<&'a RawValue>,
    #[serde(borrow, rename = "recipientAccountId")]
    account: Option<&'a RawValue>,
    #[serde(borrow, rename = "readOnly")]
    read_only: Option<&'a RawValue>,
    #[serde(borrow, rename = "errorCode")]
    error_code: Option<&'a RawValue>,
    #[serde(borrow, rename = "requestID")]
    request_id: Option<&'a RawValue>,
    #[serde(borrow, rename = "sourceIPAddress")]
    source_ip: Option<&'a RawValue>,
    #[serde(borrow, rename = "userAgent")]
    user_agent: Option<&'a RawValue>,
    #[serde(borrow, rename = "vpcEndpointId")]
    vpc_endpoint: Option<&'a RawValue>,
    #[serde(borrow, rename = "vpcEndpointAccountId")]
    vpc_endpoint_account: Option<&'a RawValue>,
    #[serde(borrow, rename = "sessionCredentialFromConsole")]
    from_console: Option<&'a RawValue>,
    #[serde(borrow, rename = "userIdentity")]
    identity: Option<Tree<'a>>,
    // One sample in AWS's own documentation capitalises the name.
    #[serde(borrow, rename = "requestParameters", alias = "RequestParameters")]
    request: Option<Tree<'a>>,
    #[serde(borrow, rename = "responseElements", alias = "ResponseElements")]
    response: Option<&'a RawValue>,
    #[serde(borrow)]
    resources: Option<&'a RawValue>,
    /// LookupEvents wraps the record as a string.
    #[serde(borrow, rename = "CloudTrailEvent")]
    lookup: Option<&'a RawValue>,
    /// EventBridge wraps it as an object.
    #[serde(borrow)]
    detail: Option<&'a RawValue>,
}

/// The parts that decide whether a record is of interest.
pub(super) struct Head<'a> {
    pub(super) source: Cow<'a, str>,
    pub(super) name: Cow<'a, str>,
    pub(super) read_only: Option<bool>,
    pub(super) error: Option<String>,
}

/// Everything needed of an interesting record.
pub(super) struct Record<'r> {
    pub(super) id: EventId,
    pub(super) time: Timestamp,
    pub(super) account: AccountId,
    pub(super) region: Region,
    pub(super) request_id: Option<Cow<'r, str>>,
    pub(super) source_ip: Option<Cow<'r, str>>,
    pub(super) user_agent: Option<Cow<'r, str>>,
    pub(super) vpc_endpoint: Option<Cow<'r, str>>,
    pub(super) vpc_endpoint_account: Option<Cow<'r, str>>,
    pub(super) from_console: bool,
    pub(super) identity: Tree<'r>,
    /// Whether CloudTrail recorded request parameters at all.
    pub(super) has_request: bool,
    pub(super) body: Body<'r>,
    /// `resources[].ARN`; read only where CloudTrail left the parameters out.
    pub(super) resources: Vec<String>,
}

impl<'a> Envelope<'a> {
    pub(super) fn parse(raw: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(raw)
    }

    /// The record inside, when this is only its wrapping (LookupEvents, EventBridge).
    pub(super) fn inner(&self) -> Option<Cow<'a, str>> {
        if self.event_id.is_some() {
            return None;
        }
        match (self.lookup, self.detail) {
            (Some(text), _) => scalar(text),
            (None, Some(detail)) => Some(Cow::Borrowed(detail.get())),
            (None, None) => None,
        }
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

    /// Decodes the rest.
    pub(super) fn record(mut self) -> Result<Record<'a>, String> {
        let id = bounded(self.event_id).filter(|id| !id.is_empty()).ok_or("eventID is not a text")?;
        let id = EventId::new(id);
        let time = bounded(self.event_time).unwrap_or_default();
        let time = read_time(&time).ok_or_else(|| format!("eventTime `{time}` is not a time"))?;
        let identity = self.identity.take().unwrap_or_default();
        let has_request = self.request.is_some();
        let account = self
            .account
            .and_then(scalar)
            .or_else(|| identity.get("accountId").and_then(Tree::text).map(|text| Cow::Owned(text.into_owned())))
            .ok_or("recipientAccountId is missing")?;
        let region = bounded(self.region).ok_or("awsRegion is missing")?;
        Ok(Record {
            id,
            time,
            account: AccountId::new(padded(&cleaned(&account))),
            region: Region::new(region),
            request_id: bounded(self.request_id),
            source_ip: bounded(self.source_ip),
            user_agent: bounded(self.user_agent),
            vpc_endpoint: bounded(self.vpc_endpoint),
            vpc_endpoint_account: bounded(self.vpc_endpoint_account),
            from_console: self.from_console.and_then(scalar).is_some_and(|text| text.eq_ignore_ascii_case("true")),
            identity,
            has_request,
            body: Body::new(self.request.take().unwrap_or_default(), json(self.response)),
            resources: if has_request { Vec::new() } else { self.resource_arns() },
        })
    }

    fn resource_arns(&self) -> Vec<String> {
        let Tree::List(items) = Tree::read(json(self.resources)) else { return Vec::new() };
        items.iter().filter_map(|item| item.get("ARN").and_then(Tree::as_str)).map(clean).collect()
    }
}

fn bounded(raw: Option<&RawValue>) -> Option<Cow<'_, str>> {
    Some(match scalar(raw?)? {
        Cow::Borrowed(text) => cleaned(text),
        Cow::Owned(text) => Cow::Owned(clean(&text)),
    })
}

/// Account ids re-typed as numbers lose their leading zeros.
pub(super) fn padded(account: &str) -> Cow<'_, str> {
    let is_short = account.len() < 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    if is_short { Cow::Owned(format!("{account:0>12}")) } else { Cow::Borrowed(account) }
}

/// CloudTrail writes `2026-03-02T09:00:00Z`. Query engines export the same in UTC without saying so.
fn read_time(text: &str) -> Option<Timestamp> {
    let plain = || Offset::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok();
    text.parse().ok().or_else(plain)
}

fn json(raw: Option<&RawValue>) -> &str {
    raw.map_or("null", RawValue::get)
}

/// A scalar as text, without allocating in the usual case.
fn scalar(raw: &RawValue) -> Option<Cow<'_, str>> {
    let text = raw.get();
    if let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
            return Some(Cow::Borrowed(inner));
        }
        return serde_json::from_str::<String>(text).ok().map(Cow::Owned);
    }
    (!text.starts_with(['{', '[']) && text != "null").then_some(Cow::Borrowed(text))
}
