//! Operations for people: a table of several, one in full.

use super::operation_words::{does, standing, step_name};
use super::out::Out;
use super::parts::{count, time};
use crate::remediate::{Facts, OperationRecord, OperationStatus, Requested, StepRecord, StepState};
use crate::report::look::{Look, Role};
use crate::report::text::clean;

/// Below this width the table tells instance and fleet in words.
const WIDE: usize = 110;

/// Several operations, the oldest first.
pub fn operations_table(records: &[OperationRecord], look: &Look) -> String {
    let mut out = Out::new(look);
    let headers: &[&str] = match look.width {
        WIDE.. => &["OPERATION", "STATUS", "KIND", "INSTANCE", "FLEET", "BEGUN", "WHAT"],
        _ => &["OPERATION", "STATUS", "WHAT"],
    };
    let rows: Vec<_> = records.iter().map(|record| row(record, look)).collect();
    if !rows.is_empty() {
        out.table(headers, rows);
    }
    out.line(0, &count(records.len() as u64, "operation"));
    out.finish()
}

fn row(record: &OperationRecord, look: &Look) -> Vec<String> {
    let OperationRecord { id, kind, instance, fleet, created_at, .. } = record;
    let (instance, fleet) = (clean(instance.as_str(), 40), clean(fleet.as_str(), 60));
    let made = record.facts.replacement.as_ref();
    let made = made.map_or(String::new(), |id| format!("{}{}", arrow(record), clean(id.as_str(), 40)));
    let what = [made, standing(record)].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ");
    let mut cells = vec![clean(id.as_str(), 60), status(record.status, look)];
    if look.width >= WIDE {
        cells.extend([kind.to_string(), instance, fleet, time(*created_at), what]);
    } else {
        let what = if what.is_empty() { String::new() } else { format!(": {what}") };
        cells.push(format!("{kind} {instance} of {fleet}{what}"));
    }
    cells
}

/// A replacement that was taken back did not replace anything.
fn arrow(record: &OperationRecord) -> &'static str {
    match record.status {
        OperationStatus::RolledBack | OperationStatus::RollingBack => "tried with ",
        _ => "→ ",
    }
}

fn status(status: OperationStatus, look: &Look) -> String {
    let role = match status {
        OperationStatus::Done | OperationStatus::Retaining => Role::Good,
        OperationStatus::NeedsHuman => Role::Bad,
        OperationStatus::RollingBack | OperationStatus::RolledBack => Role::Warning,
        OperationStatus::Running => Role::Heading,
    };
    look.paint(role, status.as_str())
}

/// One operation with every step.
pub fn operation_text(record: &OperationRecord, look: &Look) -> String {
    let mut out = Out::new(look);
    let OperationRecord { id, kind, place, instance, fleet, golden, track, severity, requested, .. } = record;
    let title = look.paint(Role::Heading, &format!("{} {kind}", clean(id.as_str(), 60)));
    let (instance, fleet) = (clean(instance.as_str(), 40), clean(fleet.as_str(), 60));
    let place = clean(&place.to_string(), 60);
    out.line(0, &format!("{title} · {} · {instance} · {fleet} · {place}", status(record.status, look)));
    let standing = standing(record);
    if !standing.is_empty() {
        out.labelled(2, "stands    ", &standing);
    }
    why(&mut out, requested);
    let ended = record
        .ended_at
        .map_or_else(|| format!("to be done by {}", time(record.deadline)), |at| format!("ended {}", time(at)));
    out.labelled(2, "when      ", &format!("begun {}, {ended}", time(record.created_at)));
    let golden = golden.as_ref().map_or(String::new(), |golden| format!(", from {}", clean(&golden.to_string(), 80)));
    out.labelled(2, "how       ", &format!("{track} track, severity {severity}{golden}"));
    if let Some(undone) = &record.undoes {
        out.labelled(2, "undoes    ", &clean(undone.as_str(), 60));
    }
    facts(&mut out, record);
    out.heading(&format!("Steps ({})", record.steps.len()));
    let rows: Vec<_> = record.steps.iter().enumerate().map(|(index, step)| step_row(index, step, look)).collect();
    if !rows.is_empty() {
        out.table(&["#", "STATE", "STEP", "WHAT"], rows);
    }
    out.finish()
}

fn why(out: &mut Out<'_>, requested: &Requested) {
    let Requested { by, reasons, plan, operation: _, findings, fingerprints: _, overridden } = requested;
    let plan = plan.as_ref().map_or(String::new(), |plan| format!(", plan {}", clean(plan.as_str(), 80)));
    out.labelled(2, "by        ", &format!("{}{plan}", clean(by, 120)));
    for reason in reasons {
        out.labelled(12, "• ", &clean(reason, 300));
    }
    if !findings.is_empty() {
        let ids: Vec<String> = findings.iter().map(|id| clean(id.as_str(), 40)).collect();
        out.labelled(2, "findings  ", &ids.join(", "));
    }
    if let Some(reason) = overridden {
        out.labelled(2, "overrode  ", &clean(reason, 300));
    }
}

fn facts(out: &mut Out<'_>, record: &OperationRecord) {
    let Facts {
        principal: _,
        undo_all: _,
        desired: _,
        replacement,
        snapshots,
        cut,
        task,
        serving_since,
        console: _,
        evidence,
        retain_until,
        attestation,
        notes,
    } = &record.facts;
    if let Some(id) = replacement {
        let since = serving_since.map_or(String::new(), |at| format!(", serving since {}", time(at)));
        let generation = record.generation;
        out.labelled(2, "launched  ", &format!("{}, generation {generation}{since}", clean(id.as_str(), 40)));
    }
    if let Some(task) = task {
        out.labelled(2, "task      ", &clean(task, 80));
    }
    if let Some(cut) = cut {
        let word = if cut.proven { "proven" } else { "unproven" };
        out.labelled(2, "cut       ", &format!("{word}: {}", clean(&cut.why, 300)));
    }
    if !snapshots.is_empty() {
        let ids: Vec<String> = snapshots.iter().map(|id| clean(id, 40)).collect();
        out.labelled(2, "snapshots ", &ids.join(", "));
    }
    if let Some((folder, digest)) = evidence {
        out.labelled(2, "evidence  ", &format!("{} ({})", clean(folder, 300), clean(digest.as_str(), 80)));
    }
    if let Some(until) = retain_until {
        out.labelled(2, "kept      ", &format!("until {}", time(*until)));
    }
    for difference in attestation {
        out.labelled(2, "differs   ", &clean(difference, 300));
    }
    for note in notes {
        out.labelled(2, "note      ", &clean(note, 300));
    }
}

fn step_row(index: usize, record: &StepRecord, look: &Look) -> Vec<String> {
    let StepRecord { step, state, attempts, call: _, begun_at: _, ended_at, error, may_have_happened: _ } = record;
    let role = match state {
        StepState::Done => Role::Good,
        StepState::Failed | StepState::Stuck => Role::Bad,
        StepState::Intended | StepState::Undoing | StepState::Undone => Role::Warning,
        StepState::Pending | StepState::Skipped => Role::Dim,
    };
    let mut what = does(&step.does);
    if step.optional {
        what.push_str(", if possible");
    }
    if let Some(at) = ended_at {
        what.push_str(&format!(" at {}", time(*at)));
    }
    if *attempts > 1 {
        what.push_str(&format!(", {attempts} attempts"));
    }
    if let Some(error) = error {
        what.push_str(&format!(": {}", clean(error, 300)));
    }
    let number = index.saturating_add(1).to_string();
    vec![number, look.paint(role, state.as_str()), step_name(record), what]
}

#[cfg(test)]
#[path = "operations_tests.rs"]
mod tests;
