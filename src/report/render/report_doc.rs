//! The whole state as JSON, `cattleguard.dev/report/v1`: one document, or one record a line.

use serde::Serialize;
use serde_json::{Value, json};

use super::goldens::goldens_value;
use super::operation_doc::HeadDoc;
use super::scan_doc::{CoverageDoc, FindingDoc, InstanceDoc, PlanDoc};
use super::scan_json::pretty;
use crate::report::listing::Listing;
use crate::types::Verdict;

/// Schema of the document and of its records.
pub const REPORT_SCHEMA: &str = "cattleguard.dev/report/v1";

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    made_at: jiff::Timestamp,
    scan: Value,
    coverage: Vec<CoverageDoc<'a>>,
    instances: Vec<InstanceDoc<'a>>,
    findings: Vec<FindingDoc<'a>>,
    plan: Option<PlanDoc<'a>>,
    operations: Vec<HeadDoc<'a>>,
    goldens: Value,
    exceptions: &'a [crate::types::Exception],
    summary: Value,
}

fn scan(listing: &Listing) -> Value {
    let scan = &listing.scan;
    json!({
        "scan_id": scan.scan_id, "started_at": scan.started_at, "finished_at": scan.finished_at,
        "exit_code": scan.exit_code,
    })
}

fn summary(listing: &Listing) -> Value {
    let count = |verdict| listing.results.iter().filter(|result| result.verdict == verdict).count();
    let plan = listing.plan.as_ref();
    json!({
        "clean": count(Verdict::Clean), "drifted": count(Verdict::Drifted), "unjudged": count(Verdict::Unjudged),
        "findings": listing.findings.len(),
        "planned": plan.map_or(0, |plan| plan.operations.len()), "held": plan.map_or(0, |plan| plan.held.len()),
        "exit_code": listing.scan.exit_code,
    })
}

/// As one document.
pub fn report_json(listing: &Listing) -> String {
    pretty(&Document {
        schema: REPORT_SCHEMA,
        made_at: listing.now,
        scan: scan(listing),
        coverage: listing.scan.coverage.iter().map(CoverageDoc::from).collect(),
        instances: listing.results.iter().map(InstanceDoc::from).collect(),
        findings: listing.findings.iter().map(FindingDoc::from).collect(),
        plan: listing.plan.as_ref().map(PlanDoc::from),
        operations: listing.operations.iter().map(HeadDoc::from).collect(),
        goldens: goldens_value(&listing.goldens),
        exceptions: &listing.exceptions,
        summary: summary(listing),
    })
}

/// A record's body. All of them are structs of plain values: they become objects.
fn value(body: impl Serialize) -> Value {
    serde_json::to_value(body).unwrap_or_default()
}

/// As one record a line; the last one is the summary.
pub fn report_ndjson(listing: &Listing) -> String {
    let mut out = String::new();
    let mut put = |kind: &str, body: Value| {
        let mut record = json!({ "type": kind, "schema": REPORT_SCHEMA });
        if let (Value::Object(record), Value::Object(body)) = (&mut record, body) {
            // The record's own names win: nothing in a body may pass for another type.
            record.extend(body.into_iter().filter(|(name, _)| name != "type" && name != "schema"));
        }
        out.push_str(&record.to_string());
        out.push('\n');
    };
    let mut head = scan(listing);
    if let Value::Object(fields) = &mut head {
        fields.insert("made_at".to_owned(), json!(listing.now));
    }
    put("scan", head);
    for entry in &listing.scan.coverage {
        put("coverage", value(CoverageDoc::from(entry)));
    }
    for result in &listing.results {
        put("instance", value(InstanceDoc::from(result)));
    }
    for finding in &listing.findings {
        put("finding", value(FindingDoc::from(finding)));
    }
    for record in &listing.operations {
        put("operation", value(HeadDoc::from(record)));
    }
    if let Some(plan) = &listing.plan {
        put("plan", value(PlanDoc::from(plan)));
    }
    put("summary", summary(listing));
    out
}
