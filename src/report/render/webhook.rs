//! A notice as a CloudEvent: CloudEvents 1.0, JSON format, structured mode (`application/cloudevents+json`).

use serde::Serialize;

use crate::report::notice::{Notice, NoticeKind};
use crate::report::text::clean;

/// Content type of the body.
pub const CONTENT_TYPE: &str = "application/cloudevents+json";
/// Identifies the schema of `data`.
pub const DATA_SCHEMA: &str = "https://cattleguard.dev/schemas/notice/v1.json";
/// `source` of every event.
pub const SOURCE: &str = "urn:cattleguard:scanner";
/// Standard Webhooks advises receivers to expect less than 20 kB.
const BODY_BYTES: usize = 20_000;

#[derive(Serialize)]
struct CloudEvent<'a> {
    specversion: &'static str,
    id: &'a str,
    source: &'static str,
    r#type: &'static str,
    subject: String,
    time: String,
    datacontenttype: &'static str,
    dataschema: &'static str,
    data: &'a Notice,
}

/// The body of the request. `id` is the outbox key: equal over retries, so receivers can drop repetitions.
///
/// Findings that do not fit are left out of `data.findings`; `data.totals` stays exact.
pub fn cloud_event(notice: &Notice, id: &str) -> Vec<u8> {
    let mut notice = notice.clone();
    // Only we need it, to know what a digest told.
    notice.covers.clear();
    notice.flips.clear();
    loop {
        let event = CloudEvent {
            specversion: "1.0",
            id,
            source: SOURCE,
            r#type: event_type(notice.kind),
            subject: subject(&notice),
            time: notice.time.to_string(),
            datacontenttype: "application/json",
            dataschema: DATA_SCHEMA,
            data: &notice,
        };
        let body = serde_json::to_vec(&event).unwrap_or_default();
        let smaller = body.len() > BODY_BYTES && (notice.findings.pop().is_some() || notice.lines.pop().is_some());
        if !smaller {
            return body;
        }
    }
}

/// The CloudEvents `type`, versioned.
pub fn event_type(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::New => "io.cattleguard.finding.new.v1",
        NoticeKind::Update => "io.cattleguard.finding.update.v1",
        NoticeKind::Repeat => "io.cattleguard.finding.repeat.v1",
        NoticeKind::Acknowledged => "io.cattleguard.finding.acknowledged.v1",
        NoticeKind::Flapping => "io.cattleguard.finding.flapping.v1",
        NoticeKind::Resolved => "io.cattleguard.finding.resolved.v1",
        NoticeKind::Reattributed => "io.cattleguard.finding.reattributed.v1",
        NoticeKind::MassDrift => "io.cattleguard.finding.mass_drift.v1",
        NoticeKind::Digest => "io.cattleguard.finding.digest.v1",
        NoticeKind::DigestEnding => "io.cattleguard.finding.digest_ending.v1",
        NoticeKind::CoverageLost => "io.cattleguard.coverage.lost.v1",
        NoticeKind::CoverageRestored => "io.cattleguard.coverage.restored.v1",
        NoticeKind::PolicyError => "io.cattleguard.policy.error.v1",
        NoticeKind::OperationStarted => "io.cattleguard.operation.started.v1",
        NoticeKind::OperationDone => "io.cattleguard.operation.done.v1",
        NoticeKind::OperationFailed => "io.cattleguard.operation.failed.v1",
        NoticeKind::ApprovalWanted => "io.cattleguard.plan.approval_wanted.v1",
        NoticeKind::ApprovalEnded => "io.cattleguard.plan.approval_ended.v1",
        NoticeKind::ExceptionEnding => "io.cattleguard.exception.ending.v1",
        NoticeKind::ExceptionEnded => "io.cattleguard.exception.ended.v1",
        NoticeKind::Test => "io.cattleguard.notice.test.v1",
        NoticeKind::DeadLetter => "io.cattleguard.notice.dead_letter.v1",
        NoticeKind::DeliveryRestored => "io.cattleguard.notice.delivery_restored.v1",
        NoticeKind::AnchorFailed => "io.cattleguard.audit.anchor_failed.v1",
        NoticeKind::AnchorRestored => "io.cattleguard.audit.anchor_restored.v1",
    }
}

/// The instance's ARN where the notice is about exactly one, else the group.
pub(super) fn subject(notice: &Notice) -> String {
    if let Some(operation) = &notice.operation {
        return clean(&operation.arn, 200);
    }
    match notice.findings.as_slice() {
        [first, ..] if notice.totals.instances == 1 && !first.arn.is_empty() => clean(&first.arn, 200),
        _ => notice.group.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::report::draft::{NotifySettings, OutboxHistory, draft_notices};
    use crate::report::fixtures;

    fn notice(findings: Vec<crate::types::Finding>) -> Notice {
        let outbox = fixtures::MemoryOutbox::default();
        let report = fixtures::report(findings);
        let destination = [fixtures::webhook("hook", "http://127.0.0.1/")];
        let settings = NotifySettings { listed_findings: 100, ..NotifySettings::default() };
        let drafts = draft_notices(&report, &destination, &OutboxHistory::new(&outbox), fixtures::now(), &settings);
        serde_json::from_value(drafts[0].payload.clone()).unwrap()
    }

    #[test]
    fn carries_every_required_attribute_and_the_notice() {
        let notice = notice(vec![fixtures::finding("event-ssh-key-pushed", "i-0aa", "key")]);
        let body: Value = serde_json::from_slice(&cloud_event(&notice, "ntc_1")).unwrap();
        assert_eq!(body["specversion"], "1.0");
        assert_eq!(body["id"], "ntc_1");
        assert_eq!(body["type"], "io.cattleguard.finding.new.v1");
        assert_eq!(body["subject"], "arn:aws:ec2:eu-west-1:111122223333:instance/i-0aa");
        assert_eq!(body["time"], "2026-11-23T10:00:00Z");
        assert_eq!(body["datacontenttype"], "application/json");
        assert_eq!(body["data"]["findings"][0]["who"]["display"], "alice");
        assert_eq!(body["data"]["totals"]["findings"], 1);
    }

    #[test]
    fn stays_below_the_advised_size_with_exact_totals() {
        let findings = (0..90).map(|number| {
            let mut finding = fixtures::finding("event-ssh-key-pushed", &format!("i-{number}"), "key");
            finding.summary = "\u{1b}[31m\"\\".repeat(500);
            finding
        });
        let notice = notice(findings.collect());
        let body = cloud_event(&notice, "ntc_1");
        assert!(body.len() <= BODY_BYTES, "{}", body.len());
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["data"]["totals"]["findings"], 90);
        assert!(!body["data"]["findings"].as_array().unwrap().is_empty());
    }
}
