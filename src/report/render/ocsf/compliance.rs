//! Compliance Finding, class 2003: one for each server and control that policies hold it to.
//!
//! A control that a server's policies name is failed. One that they do not name is passed only where the server was judged
//! clean; where something could not be seen it is unknown.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Kind, event, resource};
use crate::evaluate::controls::Control;
use crate::report::listing::Listing;
use crate::report::text::clean;
use crate::store::InstanceResult;
use crate::types::{DecisionStatus, Severity, Verdict};

/// How a server stands to a control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// Judged, and nothing named the control.
    Pass,
    /// A policy named it.
    Fail,
    /// Not judged, or a policy failed.
    Unknown,
}

impl Standing {
    /// `pass`, `fail`, `unknown`.
    fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
        }
    }

    /// How one server stands to one control.
    fn of(result: &InstanceResult, control: &str) -> Self {
        let Some(decision) = &result.decision else { return Self::Unknown };
        if decision.controls.iter().any(|one| one == control) {
            return Self::Fail;
        }
        match (decision.status, result.verdict) {
            (DecisionStatus::Ok, Verdict::Clean | Verdict::Drifted) if result.reasons.is_empty() => Self::Pass,
            _ => Self::Unknown,
        }
    }
}

/// How one server stands to one control: `pass`, `fail` or `unknown`.
pub fn standing(result: &InstanceResult, control: &str) -> &'static str {
    Standing::of(result, control).as_str()
}

/// The events, by server and control.
pub fn compliance_findings(listing: &Listing, controls: &[Control]) -> Vec<Value> {
    let servers = listing.results.iter().filter(|result| result.decision.is_some());
    servers.flat_map(|result| controls.iter().map(|control| one(listing, result, control))).collect()
}

fn one(listing: &Listing, result: &InstanceResult, control: &Control) -> Value {
    let standing = Standing::of(result, &control.id);
    let kind = Kind {
        class: 2003,
        class_name: "Compliance Finding",
        category: 2,
        category_name: "Findings",
        activity: 1,
        activity_name: "Create",
    };
    let decision = result.decision.as_ref();
    let severity = match standing {
        Standing::Fail => decision.map_or(Severity::Info, |decision| decision.severity),
        Standing::Pass | Standing::Unknown => Severity::Info,
    };
    let instance = &result.instance;
    let (place, at) = (instance.place(), listing.scan.started_at);
    let uid = format!("{}/{}", instance.id, control.id);
    let mut value = event(&kind, severity, at, &place, &format!("{uid}/{}", listing.scan.scan_id));
    let (status_id, status) = match standing {
        Standing::Pass => (1, "Pass"),
        Standing::Fail => (3, "Fail"),
        Standing::Unknown => (0, "Unknown"),
    };
    let mut compliance = json!({
        "control": clean(&control.clause, 60), "standards": [format!("{} {}", control.framework, control.version)],
        "desc": clean(&control.title, 300), "status_id": status_id, "status": status,
    });
    let why = why(standing, result);
    if !why.is_empty() {
        compliance["status_details"] = json!(why);
    }
    value["compliance"] = compliance;
    value["message"] = json!(format!("{} {}: {status} for {}", control.framework, control.clause, instance.id));
    value["finding_info"] = json!({
        "uid": clean(&uid, 200), "title": clean(&control.title, 300), "types": [clean(&control.id, 80)],
        "created_time": at.as_millisecond(),
    });
    let name = instance.tags.get("Name").map(String::as_str);
    value["resources"] = json!([resource(&place, instance.id.as_str(), name)]);
    value
}

fn why(standing: Standing, result: &InstanceResult) -> Vec<String> {
    let lines: BTreeSet<String> = match standing {
        Standing::Pass => BTreeSet::new(),
        Standing::Fail => {
            result.decision.iter().flat_map(|decision| &decision.reasons).map(|text| clean(text, 300)).collect()
        }
        Standing::Unknown => result.reasons.iter().map(|reason| clean(&reason.reason, 300)).collect(),
    };
    lines.into_iter().take(20).collect()
}
