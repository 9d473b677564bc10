//! How a run of enforcement is shown and how it exits.

use serde_json::{Value, json};

use super::execute::{Outcome, Outcomes};
use crate::app::exit::{Exit, worst};
use crate::remediate::{OperationRecord, OperationStatus};
use crate::report::render::parts::time;
use crate::report::text::wrap;
use crate::types::Plan;

/// Schema of the JSON form.
const SCHEMA: &str = "cattleguard.dev/enforcement/v1";

/// Facts are wrapped to this, as other commands wrap where there is no terminal.
const WIDTH: usize = 100;
/// Facts stand below what they are about.
const INDENT: usize = 13;

/// The exit code of a run: 4 when something waits, 2 when an operation failed and was undone.
pub(in crate::app) fn exit_of(outcomes: &Outcomes, refused: &[String], plan: Option<&Plan>) -> Exit {
    let held = plan.is_some_and(|plan| !plan.held.is_empty()) || !refused.is_empty() || outcomes.holds();
    let mut parts = Vec::new();
    if held {
        parts.push(Exit::Held);
    }
    if outcomes.failed() {
        parts.push(Exit::Failed);
    }
    worst(parts)
}

/// Text and JSON of a run.
pub(in crate::app) fn show(outcomes: &Outcomes, refused: &[String]) -> (String, Value) {
    let mut lines = Vec::new();
    let mut documents = Vec::new();
    for outcome in &outcomes.0 {
        let (line, document) = one(outcome);
        lines.push(line);
        documents.push(document);
    }
    lines.extend(refused.iter().map(|reason| format!("refused  {reason}")));
    if lines.is_empty() {
        lines.push("nothing was to be done; `cattleguard plan` says what is held, and why".to_owned());
    }
    let document = json!({"schema": SCHEMA, "operations": documents, "refused": refused});
    (lines.join("\n") + "\n", document)
}

fn one(outcome: &Outcome) -> (String, Value) {
    match outcome {
        Outcome::Ended(record) => {
            let status = record.status.as_str();
            let mut line = format!("{status:<12} {} {} ({})", record.kind, record.instance, record.id);
            for fact in facts(record).iter().flat_map(|fact| wrap(fact, WIDTH - INDENT)) {
                line.push_str(&format!("\n{:INDENT$}{fact}", ""));
            }
            let document = json!({
                "outcome": "ended", "operation": record.id, "kind": record.kind, "instance": record.instance,
                "status": record.status, "replacement": record.facts.replacement, "note": record.note,
                "cut": record.facts.cut, "retain_until": record.facts.retain_until,
            });
            (line, document)
        }
        Outcome::Refused(operation, refused) => {
            let how = if refused.transient { "held" } else { "refused" };
            let line = format!("{how:<12} {} {}: {}", operation.kind, operation.instance, refused.reason);
            let document = json!({
                "outcome": how, "kind": operation.kind, "instance": operation.instance, "reason": refused.reason,
            });
            (line, document)
        }
        Outcome::Halted(record, reason) => {
            let line = format!("{:<12} {} {} ({}): {reason}", "halted", record.kind, record.instance, record.id);
            let document = json!({
                "outcome": "halted", "operation": record.id, "kind": record.kind, "instance": record.instance,
                "reason": reason,
            });
            (line, document)
        }
        Outcome::Unjournalled(operation, reason) => {
            let line = format!("{:<12} {} {}: {reason}", "not begun", operation.kind, operation.instance);
            let document = json!({
                "outcome": "not-begun", "kind": operation.kind, "instance": operation.instance, "reason": reason,
            });
            (line, document)
        }
    }
}

fn facts(record: &OperationRecord) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(new) = &record.facts.replacement {
        lines.push(format!("replaced by {new}"));
    }
    if let Some(cut) = &record.facts.cut {
        lines.push(format!("cut {}: {}", if cut.proven { "proven" } else { "unproven" }, cut.why));
    }
    match record.facts.retain_until {
        Some(_) if record.kept_for_a_person().is_some() => lines.extend(record.kept_for_a_person().map(str::to_owned)),
        Some(until) if record.status == OperationStatus::Retaining => {
            lines.push(format!("the old instance is kept, isolated, until {}", time(until)));
        }
        _ => lines.extend(record.note.clone()),
    }
    lines
}
