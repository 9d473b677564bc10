//! The scan as one JSON document, `cattleguard.dev/scan/v1`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::scan_doc::{CoverageDoc, EventDoc, FindingDoc, InstanceDoc, PlanDoc, SCAN_SCHEMA, SummaryDoc, instances};
use super::trail::{TrailDoc, letters, trail_docs};
use crate::report::scan_report::ScanReport;
use crate::store::DeadLetter;
use crate::types::{FindingId, ScanId, ScanMode, SetAside};

#[derive(Serialize)]
struct ScanDoc<'a> {
    schema: &'static str,
    scan_id: &'a ScanId,
    started_at: Timestamp,
    finished_at: Timestamp,
    mode: ScanMode,
    coverage: Vec<CoverageDoc<'a>>,
    trail: Vec<TrailDoc<'a>>,
    instances: Vec<InstanceDoc<'a>>,
    findings: Vec<FindingDoc<'a>>,
    resolved: Vec<FindingDoc<'a>>,
    new: &'a BTreeSet<FindingId>,
    plan: PlanDoc<'a>,
    set_aside: &'a [SetAside],
    dead_letters: &'a [DeadLetter],
    unresolved_events: Vec<EventDoc<'a>>,
    calls: &'a BTreeMap<String, u64>,
    /// What was carried out, when that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    enforcement: Option<&'a serde_json::Value>,
    summary: SummaryDoc,
}

/// The document, indented, with a final line break. `enforcement` is what was carried out of its plan, if that was
/// asked for.
pub fn scan_json(report: &ScanReport, enforcement: Option<&serde_json::Value>) -> String {
    let document = ScanDoc {
        schema: SCAN_SCHEMA,
        scan_id: &report.scan_id,
        started_at: report.started_at,
        finished_at: report.finished_at,
        mode: report.mode,
        coverage: report.coverage.iter().map(CoverageDoc::from).collect(),
        trail: trail_docs(report).collect(),
        instances: instances(report),
        findings: report.findings.iter().map(FindingDoc::from).collect(),
        resolved: report.resolved.iter().map(FindingDoc::from).collect(),
        new: &report.new,
        plan: PlanDoc::from(&report.plan),
        set_aside: &report.set_aside,
        dead_letters: letters(report),
        unresolved_events: report.unresolved_events.iter().map(EventDoc::from).collect(),
        calls: &report.calls,
        enforcement,
        summary: SummaryDoc::from(report),
    };
    pretty(&document)
}

/// Indented JSON with a final line break. Our documents hold nothing that JSON cannot: only keys that are not
/// text could fail.
pub(super) fn pretty(document: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::report::fixtures;

    #[test]
    fn has_the_documented_shape() {
        let mut report = fixtures::report(vec![fixtures::finding("event-interactive-session", "i-0aa", "s")]);
        report.plan.held.push(fixtures::held("i-0aa"));
        report.plan.operations.push(fixtures::operation("i-0bb"));
        let document: Value = serde_json::from_str(&scan_json(&report, None)).unwrap();
        assert_eq!(document["schema"], "cattleguard.dev/scan/v1");
        assert_eq!(document["mode"], "observe");
        assert_eq!(document["coverage"][0]["source"], "ec2");
        assert_eq!(document["coverage"][0]["status"], "complete");
        let instance = &document["instances"][0];
        assert_eq!(instance["golden"], "web@1");
        assert_eq!(instance["verdict"], "drifted");
        assert_eq!(instance["decision"]["action"], "alert");
        assert_eq!(instance["decision"]["track"], "hygiene");
        assert_eq!(instance["findings"][0], document["findings"][0]["id"]);
        let by = &document["findings"][0]["attribution"][0];
        assert_eq!(by["display"], "alice");
        assert_eq!(by["event_time"], "2026-11-23T09:58:00Z");
        assert_eq!(document["findings"][0]["status"], "open");
        assert_eq!(document["plan"]["operations"][0]["kind"], "replace");
        let gate = &document["plan"]["held"][0]["gates"][1];
        assert_eq!((gate["gate"].as_str(), gate["answer"].as_str()), (Some("window"), Some("hold")));
        assert_eq!(gate["until"], "2026-11-24T02:00:00Z");
        assert_eq!(document["summary"]["drifted"], 1);
        assert_eq!(document["summary"]["exit_code"], 1);
    }

    #[test]
    fn hostile_text_stays_inside_its_string() {
        let mut finding = fixtures::finding("software-package-added", "i-0aa", "x");
        finding.summary = "\",\"summary\":\"fine\u{1b}[2J\u{0}\n".to_owned();
        let text = scan_json(&fixtures::report(vec![finding.clone()]), None);
        assert!(!text.contains('\u{1b}') && !text.contains('\0'));
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(document["findings"][0]["summary"], finding.summary.as_str());
    }
}
