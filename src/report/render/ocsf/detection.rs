//! Detection Finding, class 2004: one for each finding.

use std::collections::HashMap;
use std::net::IpAddr;

use serde_json::{Value, json};

use super::{Kind, event, resource};
use crate::detect::codes;
use crate::report::listing::Listing;
use crate::report::render::parts::sides;
use crate::report::text::clean;
use crate::types::{Attribution, Finding, FindingStatus, InstanceId, Place};

/// Authors of one finding.
const AUTHORS: usize = 10;

/// The events, in the order of the findings.
pub fn detection_findings(listing: &Listing) -> Vec<Value> {
    let names: HashMap<&InstanceId, &str> = listing
        .results
        .iter()
        .filter_map(|result| Some((&result.instance.id, result.instance.tags.get("Name")?.as_str())))
        .collect();
    listing.findings.iter().map(|one| finding(one, names.get(&one.instance).copied())).collect()
}

fn finding(finding: &Finding, name: Option<&str>) -> Value {
    let (activity, activity_name) = match finding.status {
        FindingStatus::Resolved => (3, "Close"),
        _ if finding.times_seen > 1 => (2, "Update"),
        _ => (1, "Create"),
    };
    let (status_id, status) = match finding.status {
        FindingStatus::Open => (1, "New"),
        FindingStatus::Acknowledged => (2, "In Progress"),
        FindingStatus::Waived => (3, "Suppressed"),
        FindingStatus::Resolved => (4, "Resolved"),
    };
    let kind = Kind {
        class: 2004,
        class_name: "Detection Finding",
        category: 2,
        category_name: "Findings",
        activity,
        activity_name,
    };
    let place = Place::new(finding.account.clone(), finding.region.clone());
    let uid = format!("{}/{}", finding.id, finding.last_seen.as_millisecond());
    let mut value = event(&kind, finding.severity, finding.last_seen, &place, &uid);
    value["status_id"] = json!(status_id);
    value["status"] = json!(status);
    value["is_alert"] = json!(finding.status == FindingStatus::Open);
    value["message"] = json!(clean(&finding.summary, 400));
    value["start_time"] = json!(finding.first_seen.as_millisecond());
    value["end_time"] = json!(finding.last_seen.as_millisecond());
    value["count"] = json!(finding.times_seen);
    value["finding_info"] = info(finding);
    value["resources"] = json!([resource(&place, finding.instance.as_str(), name)]);
    let evidences: Vec<Value> = finding.attribution.iter().take(AUTHORS).map(evidence).collect();
    if !evidences.is_empty() {
        value["evidences"] = Value::from(evidences);
    }
    if let Some(page) = codes::page(finding.code.as_str()) {
        value["remediation"] = json!({ "desc": page.advice });
    }
    value["unmapped"] = json!({
        "code": finding.code, "subject": clean(&finding.subject, 400), "fleet": finding.fleet, "golden": finding.golden,
        "fingerprint": finding.fingerprint, "source": finding.source.as_str(), "exception": finding.exception,
    });
    value
}

fn info(finding: &Finding) -> Value {
    let title = codes::page(finding.code.as_str()).map_or(finding.code.as_str(), |page| page.title);
    let (expected, actual) = sides(finding, 400);
    let difference = crate::report::render::parts::arrow(&expected, &actual);
    let mut info = json!({
        "uid": finding.id, "title": clean(title, 200), "types": [finding.code],
        "first_seen_time": finding.first_seen.as_millisecond(), "last_seen_time": finding.last_seen.as_millisecond(),
        "created_time": finding.first_seen.as_millisecond(), "data_sources": [finding.source.as_str()],
        "analytic": { "name": finding.code, "uid": finding.code, "type": "Rule", "type_id": 1 },
    });
    if !difference.is_empty() {
        info["desc"] = json!(difference);
    }
    info
}

/// Who, by which call, from where. An address that is none is a service's name.
fn evidence(by: &Attribution) -> Value {
    let mut user = json!({ "name": clean(&by.display, 128), "uid": clean(&by.principal, 256) });
    if let Some(mfa) = by.mfa {
        user["has_mfa"] = json!(mfa);
    }
    let mut actor = json!({ "user": user });
    if let Some(session) = &by.execution {
        actor["session"] = json!({ "uid": clean(session, 200) });
    }
    let mut evidence = json!({
        "actor": actor,
        "api": { "operation": clean(&by.event_name, 128), "request": { "uid": clean(by.event_id.as_str(), 80) } },
        "data": { "event_time": by.event_time, "because": clean(&by.because, 200) },
    });
    if let Some(from) = &by.source_ip {
        evidence["src_endpoint"] = match from.parse::<IpAddr>() {
            Ok(address) => json!({ "ip": address }),
            Err(_) => json!({ "svc_name": clean(from, 128) }),
        };
    }
    evidence
}
