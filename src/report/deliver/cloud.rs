//! Delivery to AWS: SNS, EventBridge and Security Hub. The calls themselves are behind [`CloudPublish`].

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::Value;

use super::{Attempt, Sending};
use crate::collect::{ReadError, ReadFailure};
use crate::report::notice::NoticeKind;
use crate::report::render::cloud_event;
use crate::report::render::hub::{HubFinding, hub_findings};
use crate::report::render::story::headline;
use crate::report::render::webhook::event_type;
use crate::report::text::clean;

/// Findings that one import takes ("BatchImportFindings").
pub const IMPORT: usize = 100;
/// `Source` of our events on a bus.
const SOURCE: &str = "cattleguard";

/// A message for a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicMessage {
    /// ARN.
    pub topic: String,
    /// For subscribers that read mail: ASCII, at most 100 characters, one line.
    pub subject: String,
    /// The CloudEvent.
    pub body: String,
    /// What filter policies can look at.
    pub attributes: BTreeMap<&'static str, String>,
    /// Group and key for a FIFO topic, which drops repetitions.
    pub fifo: Option<(String, String)>,
}

/// An event for a bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusEvent {
    /// ARN.
    pub bus: String,
    /// `Source`.
    pub source: &'static str,
    /// `DetailType`: the CloudEvents type.
    pub detail_type: &'static str,
    /// `Detail`: the notice.
    pub detail: String,
    /// ARNs of the instances.
    pub resources: Vec<String>,
}

/// The calls of AWS that deliver alerts.
#[async_trait]
pub trait CloudPublish: Send + Sync {
    /// `sns:Publish`.
    async fn publish(&self, message: &TopicMessage) -> Result<(), ReadError>;
    /// `events:PutEvents` with one event.
    async fn put_event(&self, event: &BusEvent) -> Result<(), ReadError>;
    /// `securityhub:BatchImportFindings` with at most [`IMPORT`] findings of one place. Returns those that were refused,
    /// with the reason.
    async fn import(&self, findings: &[HubFinding]) -> Result<Vec<(String, String)>, ReadError>;
}

pub(super) async fn topic(sending: &Sending<'_>, topic: &str) -> Attempt {
    let Sending { notice, row, .. } = sending;
    let key = row.draft.key.as_str();
    let body = String::from_utf8(cloud_event(notice, key)).unwrap_or_default();
    let group = blake3::hash(row.draft.group.as_bytes()).to_hex();
    let group = group.get(..32).unwrap_or_default().to_owned();
    let message = TopicMessage {
        topic: topic.to_owned(),
        subject: ascii(&headline(notice)),
        body,
        attributes: attributes(sending),
        fifo: topic.ends_with(".fifo").then(|| (group, key.to_owned())),
    };
    match sending.client.cloud() {
        Ok(cloud) => ended(cloud.publish(&message).await),
        Err(attempt) => attempt,
    }
}

fn attributes(sending: &Sending<'_>) -> BTreeMap<&'static str, String> {
    let notice = sending.notice;
    let first = notice.findings.first();
    let account = notice.operation.as_ref().map(|operation| &operation.account);
    let account = account.or(first.map(|finding| &finding.account));
    let given = [
        ("type", Some(event_type(notice.kind).to_owned())),
        ("severity", Some(notice.severity.to_string())),
        ("code", Some(clean(notice.group.code.as_str(), 80))),
        ("fleet", notice.group.fleet.as_ref().map(|fleet| clean(fleet.as_str(), 80))),
        ("account", account.map(|account| clean(account.as_str(), 20))),
    ];
    given.into_iter().filter_map(|(name, value)| Some((name, value?))).filter(|(_, value)| !value.is_empty()).collect()
}

/// A subject of SNS: printable ASCII, at most 100 characters, not beginning with a space ("Publish").
fn ascii(text: &str) -> String {
    let text: String = clean(text, 95).chars().map(|c| if (' '..='~').contains(&c) { c } else { '-' }).collect();
    format!("cg: {}", text.trim())
}

pub(super) async fn bus(sending: &Sending<'_>, bus: &str) -> Attempt {
    let notice = sending.notice;
    let event: Value = serde_json::from_slice(&cloud_event(notice, &sending.row.draft.key)).unwrap_or_default();
    let arns = notice.findings.iter().map(|finding| &finding.arn);
    let arns = arns.chain(notice.operation.iter().map(|operation| &operation.arn));
    let mut resources: Vec<String> = arns.filter(|arn| !arn.is_empty()).map(|arn| clean(arn, 256)).collect();
    resources.sort();
    resources.dedup();
    let mut detail = event.get("data").cloned().unwrap_or_default();
    if let Some(fields) = detail.as_object_mut() {
        // EventBridge may deliver twice: this is what consumers can drop a repetition by.
        fields.insert("id".to_owned(), Value::from(sending.row.draft.key.as_str()));
    }
    let event = BusEvent {
        bus: bus.to_owned(),
        source: SOURCE,
        detail_type: event_type(notice.kind),
        detail: detail.to_string(),
        resources,
    };
    match sending.client.cloud() {
        Ok(cloud) => ended(cloud.put_event(&event).await),
        Err(attempt) => attempt,
    }
}

/// Imports the findings of a notice, a place at a time. Importing again updates: nothing is there twice.
pub(super) async fn hub(sending: &Sending<'_>) -> Attempt {
    if sending.notice.kind == NoticeKind::Test {
        return Attempt::Dead("Security Hub takes findings only: the first of them is its test".to_owned());
    }
    let cloud = match sending.client.cloud() {
        Ok(cloud) => cloud,
        Err(attempt) => return attempt,
    };
    let mut places: BTreeMap<_, Vec<HubFinding>> = BTreeMap::new();
    for finding in hub_findings(sending.notice) {
        places.entry(finding.place.clone()).or_default().push(finding);
    }
    for findings in places.values() {
        for part in findings.chunks(IMPORT) {
            match cloud.import(part).await {
                Ok(refused) => {
                    if let Some((id, why)) = refused.first() {
                        let (count, id, why) = (refused.len(), clean(id, 60), clean(why, 120));
                        return Attempt::Dead(format!("Security Hub refuses {count} findings, {id}: {why}"));
                    }
                }
                Err(error) => return ended(Err(error)),
            }
        }
    }
    Attempt::Delivered
}

fn ended(result: Result<(), ReadError>) -> Attempt {
    let Err(error) = result else { return Attempt::Delivered };
    let reason = clean(&error.reason(), 300);
    Attempt::Retry(match error.failure {
        ReadFailure::Denied => format!("{reason}: `cattleguard iam-policy` prints what is needed"),
        ReadFailure::NotFound => format!("{reason}: check the ARN"),
        _ => reason,
    })
}

#[cfg(test)]
#[path = "cloud_tests.rs"]
mod tests;
