//! Compliance Finding, class 2003: one for each server and control that policies hold it to.
//!
//! A control that a server's policies name is failed. One that they do not name is passed only where the server was judged
//! and some rule in force looks at it; where something could not be seen, or nothing looks, it is unknown.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Kind, event, resource, set};
use crate::evaluate::controls::Control;
use crate::evaluate::{Assessed, Held};
use crate::report::listing::Listing;
use crate::report::text::clean;
use crate::store::InstanceResult;
use crate::types::{DecisionStatus, Finding, FindingStatus, Severity, Verdict};

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
    /// How one server stands to one control, and why that is not known.
    fn of(listing: &Listing, result: &InstanceResult, control: &Control, assessed: &Assessed) -> (Self, Vec<String>) {
        let reasons = || result.reasons.iter().map(|reason| reason.reason.clone()).collect();
        let Some(decision) = &result.decision else { return (Self::Unknown, reasons()) };
        if decision.controls.contains(&control.id) {
            return (Self::Fail, decision.reasons.clone());
        }
        if decision.status != DecisionStatus::Ok || result.verdict == Verdict::Unjudged || !result.reasons.is_empty() {
            return (Self::Unknown, reasons());
        }
        let golden = result.golden.as_ref();
        let server = Held {
            account: &result.instance.account,
            fleet: result.fleet.as_ref(),
            compared: golden.is_some(),
            golden: golden.and_then(|of| listing.goldens.iter().find(|one| one.reference() == *of)),
        };
        match assessed.why_not(control, server) {
            Some(why) => (Self::Unknown, vec![why]),
            None => (Self::Pass, waived(listing, result)),
        }
    }
}

/// What is waived on a server, one line each: a pass beside it is one by exception.
fn waived(listing: &Listing, result: &InstanceResult) -> Vec<String> {
    let waived = |finding: &&Finding| finding.instance == result.instance.id && finding.status == FindingStatus::Waived;
    let by =
        |finding: &Finding| finding.exception.as_ref().map_or_else(String::new, |id| format!(" by exception {id}"));
    let line = |finding: &Finding| format!("finding {} ({}) is waived{}", finding.id, finding.code, by(finding));
    listing.findings.iter().filter(waived).map(line).collect()
}

/// Servers by how they stand to one control.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Judged, and nothing names the control.
    pub passed: usize,
    /// Of those, servers with findings that are waived.
    pub with_exceptions: usize,
    /// Named by a policy.
    pub failed: usize,
    /// Not judged, or not looked at.
    pub unknown: usize,
}

/// How many servers stand how to one control.
pub fn counts(listing: &Listing, control: &Control, assessed: &Assessed) -> Counts {
    let mut counts = Counts::default();
    for result in listing.results.iter().filter(|result| result.decision.is_some()) {
        match Standing::of(listing, result, control, assessed) {
            (Standing::Pass, waived) => {
                counts.passed += 1;
                counts.with_exceptions += usize::from(!waived.is_empty());
            }
            (Standing::Fail, _) => counts.failed += 1,
            (Standing::Unknown, _) => counts.unknown += 1,
        }
    }
    counts
}

/// The events, by server and control.
pub fn compliance_findings(listing: &Listing, controls: &[Control], assessed: &Assessed) -> Vec<Value> {
    let servers = listing.results.iter().filter(|result| result.decision.is_some());
    servers.flat_map(|result| controls.iter().map(|control| one(listing, result, control, assessed))).collect()
}

fn one(listing: &Listing, result: &InstanceResult, control: &Control, assessed: &Assessed) -> Value {
    let (standing, why) = Standing::of(listing, result, control, assessed);
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
    let why: BTreeSet<String> = why.iter().map(|line| clean(line, 300)).collect();
    if !why.is_empty() {
        set(&mut compliance, "status_details", json!(why.into_iter().take(20).collect::<Vec<_>>()));
    }
    set(&mut value, "compliance", compliance);
    set(
        &mut value,
        "message",
        json!(format!("{} {}: {status} for {}", control.framework, control.clause, instance.id)),
    );
    set(
        &mut value,
        "finding_info",
        json!({
            "uid": clean(&uid, 200), "title": clean(&control.title, 300), "types": [clean(&control.id, 80)],
            "created_time": at.as_millisecond(),
        }),
    );
    let name = instance.tags.get("Name").map(String::as_str);
    set(&mut value, "resources", json!([resource(&place, instance.id.as_str(), name)]));
    value
}
