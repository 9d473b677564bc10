//! A person approved this plan. What is approved is the plan's hash, so the answer is completed when the
//! plan is known.

use crate::plan::Approval;
use crate::types::{Gate, GateReport, PlanHash};

use super::{Answer, Candidate, Context};

pub(super) fn ask(candidate: &Candidate<'_>) -> Answer {
    match candidate.fleet {
        Some(fleet) if fleet.approval => Answer::hold(format!(
            "fleet {} wants a person's approval, which can be given when every other gate allows",
            fleet.name
        )),
        Some(fleet) => Answer::allow(format!("fleet {} wants no approval", fleet.name)),
        None => Answer::refuse("without a fleet nobody may approve"),
    }
}

/// The answer for a plan that somebody approved.
pub(in crate::plan) fn approved(approval: &Approval) -> GateReport {
    let reason = format!("{} approved this plan until {}", approval.approver, approval.expires_at);
    Answer::allow(reason).of(Gate::Approval)
}

/// The answer for a plan that waits for its approval.
pub(in crate::plan) fn awaiting(hash: &PlanHash, context: &Context<'_, '_>) -> GateReport {
    let expired = context.input.approvals.iter().any(|approval| approval.plan == *hash);
    let note = if expired { "its approval has expired; " } else { "" };
    Answer::hold(format!("{note}the plan waits for a person: `cattleguard approve {hash}` lifts this"))
        .of(Gate::Approval)
}
