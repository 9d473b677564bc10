//! What is needed of an interesting record, decoded.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use super::condition::Body;
use super::envelope::{Envelope, Raw, is_object, scalar};
use super::text::{clean, cleaned};
use super::tree::Tree;
use crate::types::{AccountId, EventId, Region};

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
    /// What an event of a service says in place of a request.
    pub(super) details: Tree<'r>,
    /// `resources[].ARN`; read only where CloudTrail left the parameters out.
    pub(super) resources: Vec<String>,
}

impl<'a> Envelope<'a> {
    /// Decodes the rest.
    pub(super) fn record(mut self) -> Result<Record<'a>, String> {
        let id = bounded(self.event_id).filter(|id| !id.is_empty()).ok_or("eventID is not a text")?;
        let id = EventId::new(id);
        let time = bounded(self.event_time).unwrap_or_default();
        let time = read_time(&time).ok_or_else(|| format!("eventTime `{time}` is not a time"))?;
        let identity = self.identity.take().unwrap_or_default();
        let has_request = self.request.is_some();
        // Read as they stand they would say that nobody did it, and to nothing.
        if identity.as_str().is_some_and(|text| !text.is_empty()) {
            return Err("userIdentity is a text, and no JSON object".to_owned());
        }
        if self.request.as_ref().and_then(Tree::as_str).is_some_and(is_object) {
            return Err("requestParameters is a text, and no JSON object".to_owned());
        }
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
            details: if has_request { Tree::Null } else { Tree::read(json(self.details)) },
            resources: if has_request { Vec::new() } else { self.resource_arns() },
        })
    }

    fn resource_arns(&self) -> Vec<String> {
        let Tree::List(items) = Tree::read(json(self.resources)) else { return Vec::new() };
        items.iter().filter_map(|item| item.get("ARN").and_then(Tree::as_str)).map(clean).collect()
    }
}

fn bounded(raw: Option<Raw<'_>>) -> Option<Cow<'_, str>> {
    Some(match scalar(raw?)? {
        Cow::Borrowed(text) => cleaned(text),
        Cow::Owned(text) => Cow::Owned(clean(&text)),
    })
}

/// Account ids re-typed as numbers lose their leading zeros, and get a point or an exponent where a tool took them for
/// floating point.
pub(super) fn padded(account: &str) -> Cow<'_, str> {
    if account.bytes().all(|byte| byte.is_ascii_digit()) {
        return if account.len() < 12 { Cow::Owned(format!("{account:0>12}")) } else { Cow::Borrowed(account) };
    }
    let is_number = account.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+'));
    match account.parse::<f64>() {
        Ok(number) if is_number && number.fract() == 0.0 && (0.0..1e12).contains(&number) => {
            Cow::Owned(format!("{number:012.0}"))
        }
        _ => Cow::Borrowed(account),
    }
}

/// CloudTrail writes `2026-03-02T09:00:00Z`. Query engines export the same in UTC without saying so.
fn read_time(text: &str) -> Option<Timestamp> {
    let plain = || Offset::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok();
    usual_time(text).or_else(|| text.parse().ok()).or_else(plain)
}

/// `2026-03-02T09:00:00Z`, and nothing else.
fn usual_time(text: &str) -> Option<Timestamp> {
    let (&[y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, b'T', h0, h1, b':', n0, n1, b':', s0, s1, b'Z'], []) =
        text.as_bytes().split_first_chunk()?
    else {
        return None;
    };
    let two = |tens: u8, ones: u8| {
        (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| ((tens - b'0') * 10 + (ones - b'0')).cast_signed())
    };
    let year = i16::from(two(y0, y1)?) * 100 + i16::from(two(y2, y3)?);
    let time = DateTime::new(year, two(m0, m1)?, two(d0, d1)?, two(h0, h1)?, two(n0, n1)?, two(s0, s1)?, 0).ok()?;
    Offset::UTC.to_timestamp(time).ok()
}

fn json(raw: Option<Raw<'_>>) -> &str {
    raw.map_or("null", |Raw(text)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_id_is_the_same_however_a_tool_wrote_the_number() {
        for (written, id) in [
            ("111122223333", "111122223333"),
            ("12223333", "000012223333"),
            ("111122223333.0", "111122223333"),
            ("1.11122223333E11", "111122223333"),
            ("1.2223333e+7", "000012223333"),
        ] {
            assert_eq!(padded(written), id);
        }
        for other in
            ["", "anonymous", "111122223333.5", "1e12", "-1.0", "inf", "e", "1.1.1", "cloudfront.amazonaws.com"]
        {
            let id = if other.is_empty() { "000000000000" } else { other };
            assert_eq!(padded(other), id, "{other}");
        }
    }

    #[test]
    fn the_usual_time_is_read_as_any_other_way_of_writing_it() {
        for (usual, other) in [
            ("2026-03-02T09:00:00Z", "2026-03-02T09:00:00+00:00"),
            ("2024-02-29T23:59:59Z", "2024-02-29 23:59:59Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.0Z"),
        ] {
            assert_eq!(usual_time(usual), other.parse().ok(), "{usual}");
            assert!(usual_time(usual).is_some());
        }
        for other in ["", "2026-03-02T09:00:00", "2026-03-02T09:00:00z", "2026-02-30T09:00:00Z", "2026-03-02T24:00:00Z"]
        {
            assert_eq!(usual_time(other), None, "{other}");
        }
        assert_eq!(read_time("2016-12-31T23:59:60Z"), "2016-12-31T23:59:60Z".parse().ok());
    }
}
