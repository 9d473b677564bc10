//! OCSF events, version 1.6.0: what Security Hub takes and other lakes read.
//!
//! Detection Finding 2004 for drift, Compliance Finding 2003 for each control of each server, Remediation Activity 7001
//! for what was done. Attributes and numbers are those of <https://schema.ocsf.io/1.6.0>; a test holds every event to
//! that schema.

mod compliance;
mod detection;
mod remediation;
#[cfg(test)]
mod tests;

pub use compliance::{compliance_findings, counts};
pub use detection::detection_findings;
pub use remediation::remediation_activities;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::report::text::clean;
use crate::types::{Place, Severity};

/// The version of the schema that events are written to.
pub const OCSF_VERSION: &str = "1.6.0";

/// Class, category and activity of an event, with the numbers made from them.
struct Kind {
    class: u32,
    class_name: &'static str,
    category: u32,
    category_name: &'static str,
    activity: u32,
    activity_name: &'static str,
}

/// What every event has. Times are milliseconds since 1970.
fn event(kind: &Kind, severity: Severity, at: Timestamp, place: &Place, uid: &str) -> Value {
    let Kind { class, class_name, category, category_name, activity, activity_name } = kind;
    json!({
        "class_uid": class, "class_name": class_name, "category_uid": category, "category_name": category_name,
        "activity_id": activity, "activity_name": activity_name,
        "type_uid": class * 100 + activity, "type_name": format!("{class_name}: {activity_name}"),
        "severity_id": severity_id(severity), "severity": severity_name(severity),
        "time": at.as_millisecond(),
        "metadata": {
            "version": OCSF_VERSION, "profiles": ["cloud"], "uid": uid, "log_provider": "cattleguard",
            "product": { "name": "Cattleguard", "vendor_name": "Cattleguard", "version": env!("CARGO_PKG_VERSION") },
        },
        "cloud": {
            "provider": "AWS", "region": clean(place.region.as_str(), 40), "cloud_partition": partition(place.region.as_str()),
            "account": { "uid": clean(place.account.as_str(), 20), "type": "AWS Account", "type_id": 10 },
        },
    })
}

/// Sets a member of an object.
pub(super) fn set(object: &mut Value, name: &str, value: Value) {
    if let Value::Object(fields) = object {
        fields.insert(name.to_owned(), value);
    }
}

/// An EC2 instance as a resource.
fn resource(place: &Place, instance: &str, name: Option<&str>) -> Value {
    let partition = partition(place.region.as_str());
    let arn = format!("arn:{partition}:ec2:{}:{}:instance/{instance}", place.region, place.account);
    let mut value = json!({
        "uid": clean(&arn, 200), "type": "AWS::EC2::Instance", "cloud_partition": partition,
        "region": clean(place.region.as_str(), 40),
    });
    if let Some(name) = name.filter(|name| !name.is_empty()) {
        set(&mut value, "name", json!(clean(name, 128)));
    }
    value
}

/// `aws`, `aws-cn`, `aws-us-gov`.
pub(super) fn partition(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        region if region.starts_with("eusc-") => "aws-eusc",
        _ => "aws",
    }
}

fn severity_id(severity: Severity) -> u8 {
    match severity {
        Severity::Info => 1,
        Severity::Low => 2,
        Severity::Medium => 3,
        Severity::High => 4,
        Severity::Critical => 5,
    }
}

fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "Informational",
        Severity::Low => "Low",
        Severity::Medium => "Medium",
        Severity::High => "High",
        Severity::Critical => "Critical",
    }
}
