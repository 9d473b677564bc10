//! What enforcement would do, what it holds and why, and what is under way.

use super::Known;
use super::words::{ago, minute, name, number};
use crate::remediate::{OperationRecord, OperationStatus};
use crate::report::render::operation_words::waits_for;
use crate::report::render::parts::{blocking, gate_line, operation_phrase};
use crate::report::text::clean;
use crate::report::waits_for_approval;
use crate::types::GateAnswer;

/// Rows of each list.
const SHOWN: usize = 60;

/// The queue.
pub(super) struct Queue {
    pub(super) plan: Option<String>,
    pub(super) made: String,
    pub(super) waits: bool,
    pub(super) running: Vec<Running>,
    pub(super) planned: Vec<Planned>,
    pub(super) held: Vec<HeldRow>,
    pub(super) counts: [String; 3],
    pub(super) more_planned: usize,
    pub(super) more_held: usize,
}

/// An operation that is not over, or ended in the period.
pub(super) struct Running {
    pub(super) id: String,
    pub(super) what: String,
    pub(super) instance: String,
    pub(super) fleet: String,
    pub(super) status: &'static str,
    pub(super) over: bool,
    pub(super) waits: String,
    pub(super) by: String,
    pub(super) began: String,
}

/// An operation of the plan.
pub(super) struct Planned {
    pub(super) instance: String,
    pub(super) fleet: String,
    pub(super) what: String,
    pub(super) severity: &'static str,
    pub(super) reasons: Vec<String>,
}

/// Something the plan holds.
pub(super) struct HeldRow {
    pub(super) instance: String,
    pub(super) fleet: String,
    pub(super) what: &'static str,
    pub(super) refused: bool,
    pub(super) gates: Vec<String>,
}

pub(super) fn queue(known: &Known) -> Queue {
    let mut running: Vec<&OperationRecord> = known.operations.iter().collect();
    running.sort_by_key(|record| (record.status.is_over(), std::cmp::Reverse(record.created_at)));
    let live = running.iter().filter(|record| !record.status.is_over()).count();
    let (mut planned, mut held) = (Vec::new(), Vec::new());
    let (mut made, mut waits, mut counts) = (String::new(), false, [0, 0]);
    if let Some(plan) = &known.plan {
        made = minute(plan.created_at);
        waits = plan.held.iter().any(waits_for_approval);
        counts = [plan.operations.len(), plan.held.len()];
        planned = plan
            .operations
            .iter()
            .take(SHOWN)
            .map(|operation| Planned {
                instance: name(operation.instance.as_str()),
                fleet: name(operation.fleet.as_str()),
                what: operation_phrase(operation),
                severity: operation.severity.as_str(),
                reasons: operation.reasons.iter().take(3).map(|reason| clean(reason, 200)).collect(),
            })
            .collect();
        held = plan
            .held
            .iter()
            .take(SHOWN)
            .map(|held| HeldRow {
                instance: name(held.instance.as_str()),
                fleet: held
                    .fleet
                    .as_ref()
                    .map_or_else(|| super::heat::NO_FLEET.to_owned(), |fleet| name(fleet.as_str())),
                what: held.kind.as_str(),
                refused: held.gates.iter().any(|gate| gate.answer == GateAnswer::Refuse),
                gates: blocking(&held.gates).into_iter().map(gate_line).collect(),
            })
            .collect();
    }
    Queue {
        plan: known.plan.as_ref().map(|plan| clean(plan.to_approve().as_str(), 80)),
        made,
        waits,
        running: running.into_iter().take(SHOWN).map(|record| row(record, known)).collect(),
        planned,
        held,
        counts: [number(live), number(counts[0]), number(counts[1])],
        more_planned: counts[0].saturating_sub(SHOWN),
        more_held: counts[1].saturating_sub(SHOWN),
    }
}

fn row(record: &OperationRecord, known: &Known) -> Running {
    let replacement =
        record.facts.replacement.as_ref().map_or(String::new(), |id| format!(" by {}", name(id.as_str())));
    let note = record.note.as_deref().map(|note| clean(note, 200));
    Running {
        id: clean(record.id.as_str(), 60),
        what: format!("{}{replacement}", record.kind),
        instance: name(record.instance.as_str()),
        fleet: name(record.fleet.as_str()),
        status: record.status.as_str(),
        over: record.status.is_over(),
        waits: match record.status {
            OperationStatus::Done | OperationStatus::RolledBack => note.unwrap_or_default(),
            _ => waits_for(record).or(note).unwrap_or_default(),
        },
        by: clean(&record.requested.by, 60),
        began: ago(record.created_at, known.now),
    }
}
