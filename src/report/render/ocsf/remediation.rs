//! Remediation Activity, class 7001: one for each operation, as it stands.

use serde_json::{Value, json};

use super::{Kind, event};
use crate::remediate::{OperationRecord, OperationStatus};
use crate::report::listing::Listing;
use crate::report::text::clean;
use crate::types::OperationKind;

/// The events, oldest operation first.
pub fn remediation_activities(listing: &Listing) -> Vec<Value> {
    listing.operations.iter().map(operation).collect()
}

fn operation(record: &OperationRecord) -> Value {
    // D3FEND's tactics: a quarantine isolates, a replacement brings back the recorded state, so does undoing one.
    let (activity, activity_name) = match record.kind {
        OperationKind::Quarantine => (1, "Isolate"),
        OperationKind::Replace | OperationKind::Release | OperationKind::Rollback => (3, "Restore"),
    };
    let kind = Kind {
        class: 7001,
        class_name: "Remediation Activity",
        category: 7,
        category_name: "Remediation",
        activity,
        activity_name,
    };
    let at = record.ended_at.unwrap_or(record.created_at);
    let uid = format!("{}/{}", record.id, record.status);
    let mut value = event(&kind, record.severity, at, &record.place, &uid);
    let (status_id, status) = match record.status {
        OperationStatus::Done | OperationStatus::Retaining => (1, "Success"),
        OperationStatus::RolledBack | OperationStatus::RollingBack => (2, "Failure"),
        OperationStatus::NeedsHuman => (6, "Error"),
        OperationStatus::Running => (4, "Partial"),
    };
    value["status_id"] = json!(status_id);
    value["status"] = json!(status);
    value["status_code"] = json!(record.status);
    if let Some(note) = &record.note {
        value["status_detail"] = json!(clean(note, 400));
    }
    value["command_uid"] = json!(clean(record.id.as_str(), 80));
    value["message"] =
        json!(format!("{} of {} is {}", record.kind, clean(record.instance.as_str(), 40), record.status));
    value["start_time"] = json!(record.created_at.as_millisecond());
    if let Some(ended) = record.ended_at {
        value["end_time"] = json!(ended.as_millisecond());
    }
    let why: Vec<String> = record.requested.reasons.iter().take(10).map(|reason| clean(reason, 300)).collect();
    let why = if why.is_empty() { "asked for by hand".to_owned() } else { why.join("; ") };
    value["remediation"] = json!({ "desc": why });
    value["unmapped"] = json!({
        "instance": clean(record.instance.as_str(), 40), "fleet": record.fleet, "golden": record.golden, "track": record.track,
        "replacement": record.facts.replacement, "requested_by": clean(&record.requested.by, 128),
        "plan": record.requested.plan, "findings": record.requested.findings,
        "overridden": record.requested.overridden.as_deref().map(|why| clean(why, 300)),
    });
    value
}
