//! `/metrics` in Prometheus's text format (version 0.0.4) and `/healthz`.
//!
//! Both answer without a session, as a scraper has none: they hold counts by account, region, fleet, code and
//! destination, and nothing of one server or one person.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use super::Site;
use super::act::plain;
use super::pages::{blocking_task, failed};
use crate::app::error::AppError;
use crate::report::page::Known;
use crate::store::OutboxState;
use crate::types::{CoverageStatus, GoldenStatus};

/// Numbers of the state.
pub(super) async fn metrics(State(site): State<Arc<Site>>) -> Response {
    match blocking_task(move || all(&site)).await {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response(),
        Err(error) => failed(&error),
    }
}

/// Whether the state can be read. A scan that is long ago is no fault of this process: alert on its age.
pub(super) async fn healthz(State(site): State<Arc<Site>>) -> Response {
    match blocking_task(move || Ok(site.store.head()?)).await {
        Ok(_) => plain(StatusCode::OK, "ok"),
        Err(error) => failed(&error),
    }
}

fn all(site: &Site) -> Result<String, AppError> {
    let mut out = Families::default();
    let counts = site.store.outbox_counts()?;
    let now = site.now();
    let rows = out.family("cattleguard_outbox_rows", "gauge", "Notices in the outbox.");
    for count in &counts {
        let state = match count.state {
            OutboxState::Pending => "pending",
            OutboxState::Delivered => "delivered",
            OutboxState::Dead => "dead",
        };
        rows.put(&[("destination", &count.destination), ("state", state)], count.rows);
    }
    let oldest = out.family(
        "cattleguard_outbox_oldest_pending_seconds",
        "gauge",
        "Age of the oldest notice that is not delivered.",
    );
    for count in counts.iter().filter(|count| count.state == OutboxState::Pending) {
        oldest.put(&[("destination", &count.destination)], now.duration_since(count.oldest).as_secs().max(0));
    }
    let paused =
        out.family("cattleguard_paused", "gauge", "1 for each pause that is in force; an empty fleet is everything.");
    for (fleet, _) in site.store.pauses()? {
        paused.put(&[("fleet", fleet.as_ref().map_or("", |fleet| fleet.as_str()))], 1);
    }
    let entries = site.store.head()?.map_or(0, |(seq, _)| seq);
    out.family("cattleguard_audit_entries", "counter", "Entries of the audit log.").put(&[], entries);
    out.family("cattleguard_build_info", "gauge", "The version.").put(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    let mut text = out.text();
    // Before the first scan there is no more to say.
    if site.store.last_scan()?.is_some() {
        text.push_str(&site.made()?.1);
    }
    Ok(text)
}

/// Numbers of the last scan; made once a state, as the page is.
pub(super) fn of_scan(known: &Known) -> String {
    let mut out = Families::default();
    let scan = &known.scan;
    let took = scan.finished_at.duration_since(scan.started_at).as_secs();
    out.family("cattleguard_last_scan_timestamp_seconds", "gauge", "When the last scan ended.")
        .put(&[], scan.finished_at.as_second());
    out.family("cattleguard_last_scan_duration_seconds", "gauge", "How long it took.").put(&[], took);
    out.family("cattleguard_last_scan_exit_code", "gauge", "0 complete, 1 findings, 3 partial.")
        .put(&[], scan.exit_code);
    let mut verdicts: BTreeMap<(&str, &str, &str, &str), u64> = BTreeMap::new();
    for result in &known.results {
        let fleet = result.fleet.as_ref().map_or("", |fleet| fleet.as_str());
        let instance = &result.instance;
        *verdicts
            .entry((instance.account.as_str(), instance.region.as_str(), fleet, result.verdict.as_str()))
            .or_default() += 1;
    }
    let family = out.family("cattleguard_instances", "gauge", "Servers of the last scan by verdict.");
    for ((account, region, fleet, verdict), count) in verdicts {
        family.put(&[("account", account), ("region", region), ("fleet", fleet), ("verdict", verdict)], count);
    }
    let family =
        out.family("cattleguard_coverage_complete", "gauge", "Whether a source was read completely by the last scan.");
    for entry in &scan.coverage {
        let labels =
            [("account", entry.account.as_str()), ("region", entry.region.as_str()), ("source", entry.source.as_str())];
        family.put(&labels, u8::from(entry.status == CoverageStatus::Complete));
    }
    findings(&mut out, known);
    enforcement(&mut out, known);
    let family = out.family("cattleguard_golden_age_seconds", "gauge", "Age of each line's promoted golden.");
    for golden in known.goldens.iter().filter(|golden| golden.status == GoldenStatus::Promoted) {
        let age = known.now.duration_since(golden.recorded_at).as_secs();
        family.put(&[("line", golden.line.as_str()), ("version", golden.version.as_str())], age);
    }
    out.text()
}

fn findings(out: &mut Families, known: &Known) {
    let mut counts: BTreeMap<(&str, &str, &str, &str), u64> = BTreeMap::new();
    for finding in &known.findings {
        let fleet = finding.fleet.as_ref().map_or("", |fleet| fleet.as_str());
        *counts
            .entry((fleet, finding.code.as_str(), finding.severity.as_str(), finding.status.as_str()))
            .or_default() += 1;
    }
    let family = out.family("cattleguard_findings", "gauge", "Findings; resolved ones of the last 30 days.");
    for ((fleet, code, severity, status), count) in counts {
        family.put(&[("fleet", fleet), ("code", code), ("severity", severity), ("status", status)], count);
    }
    let active = known.exceptions.iter().filter(|exception| exception.is_active(known.now)).count();
    out.family("cattleguard_exceptions_active", "gauge", "Exceptions in force.").put(&[], active);
}

fn enforcement(out: &mut Families, known: &Known) {
    let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for record in &known.operations {
        *counts.entry((record.kind.as_str(), record.status.as_str())).or_default() += 1;
    }
    let family =
        out.family("cattleguard_operations", "gauge", "Operations that are not over, and those of the last 30 days.");
    for ((kind, status), count) in counts {
        family.put(&[("kind", kind), ("status", status)], count);
    }
    let plan = known.plan.as_ref();
    out.family("cattleguard_plan_operations", "gauge", "Operations of the last plan.")
        .put(&[], plan.map_or(0, |plan| plan.operations.len()));
    let mut gates: BTreeMap<&str, u64> = BTreeMap::new();
    for held in plan.iter().flat_map(|plan| &plan.held) {
        if let Some(first) = crate::report::render::parts::blocking(&held.gates).first() {
            *gates.entry(first.gate.as_str()).or_default() += 1;
        }
    }
    let family =
        out.family("cattleguard_plan_held", "gauge", "What the last plan holds, by the gate that weighs most.");
    for (gate, count) in gates {
        family.put(&[("gate", gate)], count);
    }
}

/// Metric families in the text format.
#[derive(Default)]
struct Families(Vec<Family>);

struct Family {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    samples: String,
}

impl Families {
    fn family(&mut self, name: &'static str, kind: &'static str, help: &'static str) -> &mut Family {
        self.0.push_mut(Family { name, kind, help, samples: String::new() })
    }

    fn text(&self) -> String {
        let mut out = String::new();
        for Family { name, kind, help, samples } in &self.0 {
            // Writing into a String cannot fail.
            let _ = write!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n{samples}");
        }
        out
    }
}

impl Family {
    fn put(&mut self, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        self.samples.push_str(self.name);
        for (index, (name, text)) in labels.iter().enumerate() {
            let _ = write!(self.samples, "{}{name}=\"{}\"", if index == 0 { '{' } else { ',' }, escaped(text));
        }
        let _ = writeln!(self.samples, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }
}

/// A label's value: backslash, quote and line break are escaped (Prometheus, "Exposition formats").
fn escaped(text: &str) -> String {
    let text = crate::report::text::clean(text, 120);
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
