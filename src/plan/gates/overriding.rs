//! A person's word against the gates. What the gate said stays in the record.

use crate::types::{Gate, GateAnswer, GateReport};

use super::{Answer, Candidate, Context};

/// What no word lifts: stopped is stopped, and what cannot be launched or may not be called cannot be done.
const STANDING: [Gate; 3] = [Gate::KillSwitch, Gate::GoldenUsable, Gate::Permissions];

pub(super) fn apply(report: GateReport, candidate: &Candidate<'_>, context: &Context<'_, '_>) -> GateReport {
    let Some(word) = context.input.overriding else { return report };
    let stands = report.answer == GateAnswer::Allow || STANDING.contains(&report.gate);
    if stands || *word.instance != candidate.instance.id {
        return report;
    }
    let said = format!("{} overrides it ({}); it said: {}", word.by, word.reason, report.reason);
    Answer::allow(said).of(report.gate)
}
