//! The scan as one record a line. Each has `type` and `schema`; the last is `summary`.

use jiff::Timestamp;
use serde::Serialize;

use super::scan_doc::{CoverageDoc, EventDoc, FindingDoc, HeldDoc, OperationDoc, SCAN_SCHEMA, SummaryDoc, instances};
use super::trail::{letters, trail_docs};
use crate::report::scan_report::ScanReport;
use crate::types::{FleetName, PlanHash, ScanId, ScanMode, SetAside};

#[derive(Serialize)]
struct Record<'a, T> {
    r#type: &'static str,
    schema: &'static str,
    scan_id: &'a ScanId,
    #[serde(flatten)]
    body: T,
}

#[derive(Serialize)]
struct Head {
    started_at: Timestamp,
    finished_at: Timestamp,
    mode: ScanMode,
}

#[derive(Serialize)]
struct FindingRecord<'a> {
    #[serde(flatten)]
    finding: FindingDoc<'a>,
    new: bool,
}

#[derive(Serialize)]
struct PlanHead<'a> {
    hash: &'a PlanHash,
    created_at: Timestamp,
    frozen: Vec<&'a FleetName>,
}

/// The records, one a line: `scan`, `coverage`, `trail_source`, `instance`, `finding` (resolved ones too), `plan`,
/// `operation`, `held`, `set_aside`, `dead_letter`, `unresolved_event`, `outcome` (one for each operation of
/// `enforcement`), `summary`.
pub fn scan_ndjson(report: &ScanReport, enforcement: Option<&serde_json::Value>) -> String {
    let mut out = Lines { text: String::new(), scan: &report.scan_id };
    out.push("scan", Head { started_at: report.started_at, finished_at: report.finished_at, mode: report.mode });
    report.coverage.iter().for_each(|entry| out.push("coverage", CoverageDoc::from(entry)));
    trail_docs(report).for_each(|progress| out.push("trail_source", progress));
    instances(report).into_iter().for_each(|instance| out.push("instance", instance));
    for finding in report.findings.iter().chain(&report.resolved) {
        let new = report.new.contains(&finding.id);
        out.push("finding", FindingRecord { finding: FindingDoc::from(finding), new });
    }
    let frozen = report.plan.frozen.iter().map(|(fleet, _)| fleet).collect();
    out.push("plan", PlanHead { hash: &report.plan.hash, created_at: report.plan.created_at, frozen });
    report.plan.operations.iter().for_each(|operation| out.push("operation", OperationDoc::from(operation)));
    report.plan.held.iter().for_each(|held| out.push("held", HeldDoc::from(held)));
    report.set_aside.iter().for_each(|record: &SetAside| out.push("set_aside", record));
    letters(report).iter().for_each(|letter| out.push("dead_letter", letter));
    report.unresolved_events.iter().for_each(|event| out.push("unresolved_event", EventDoc::from(event)));
    let outcomes = enforcement.and_then(|document| document.get("operations")).and_then(|found| found.as_array());
    outcomes.into_iter().flatten().for_each(|outcome| out.push("outcome", outcome));
    out.push("summary", SummaryDoc::from(report));
    out.text
}

struct Lines<'a> {
    text: String,
    scan: &'a ScanId,
}

impl Lines<'_> {
    fn push(&mut self, kind: &'static str, body: impl Serialize) {
        let record = Record { r#type: kind, schema: SCAN_SCHEMA, scan_id: self.scan, body };
        self.text.push_str(&serde_json::to_string(&record).unwrap_or_default());
        self.text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::report::fixtures;

    #[test]
    fn every_line_is_a_typed_record_and_the_last_is_the_summary() {
        let mut finding = fixtures::finding("event-ssh-key-pushed", "i-0aa", "k");
        finding.summary = "a\nb\u{2028}c".to_owned();
        let mut report = fixtures::report(vec![finding]);
        report.plan.held.push(fixtures::held("i-0aa"));
        report.set_aside.push(SetAside {
            origin: "trail.json#3".to_owned(),
            problem: "no eventTime".to_owned(),
            excerpt: "{".to_owned(),
        });
        let text = scan_ndjson(&report, None);
        let records: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let kinds: Vec<_> = records.iter().map(|record| record["type"].as_str().unwrap()).collect();
        let expected = "scan coverage coverage instance instance finding plan held set_aside summary";
        assert_eq!(kinds.join(" "), expected);
        assert!(records.iter().all(|record| record["schema"] == "cattleguard.dev/scan/v1"));
        let last = records.last().unwrap();
        assert_eq!((last["drifted"].as_u64(), last["exit_code"].as_u64()), (Some(1), Some(1)));
        assert_eq!(records[5]["summary"], "a\nb\u{2028}c");
    }
}
