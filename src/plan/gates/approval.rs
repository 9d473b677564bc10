//! A person approved this operation. What is approved is a hash of the plan's operations, so the answer is completed when
//! the plan is known.

use crate::plan::Approval;
use crate::types::{Gate, GateReport, InstanceId, PlanHash};

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

/// What people said of one operation.
pub(in crate::plan) struct Given<'a> {
    /// The approval that counts; of several the one that lasts longest.
    pub(in crate::plan) counts: Option<&'a Approval>,
    /// One was given, and its time is over.
    expired: bool,
    /// One was given, and something was begun on the instance since.
    used_up: bool,
}

impl<'a> Given<'a> {
    /// Approvals of the operation by its own hash, or of the whole plan.
    pub(in crate::plan) fn of(hashes: [&PlanHash; 2], instance: &InstanceId, context: &Context<'_, 'a>) -> Self {
        let input = context.input;
        let begun = |since: jiff::Timestamp| {
            input.history.operations.iter().any(|past| past.instance == *instance && past.begun_at > since)
        };
        let about = || input.approvals.iter().filter(|approval| hashes.contains(&&approval.plan));
        let lasting = || about().filter(|approval| input.now < approval.expires_at);
        let counts = lasting().filter(|approval| !begun(approval.given_at));
        Self {
            counts: counts.max_by(|a, b| (a.expires_at, &a.approver).cmp(&(b.expires_at, &b.approver))),
            expired: about().any(|approval| input.now >= approval.expires_at),
            used_up: lasting().any(|approval| begun(approval.given_at)),
        }
    }
}

/// The answer for an operation that somebody approved.
pub(in crate::plan) fn approved(approval: &Approval) -> GateReport {
    let reason = format!("{} approved it until {}", approval.approver, approval.expires_at);
    Answer::allow(reason).of(Gate::Approval)
}

/// The answer for an operation that waits for its approval.
pub(in crate::plan) fn awaiting(to_approve: &PlanHash, given: &Given<'_>) -> GateReport {
    let note = match (given.used_up, given.expired) {
        (true, _) => "its approval was used up by the operation that was begun since; ",
        (false, true) => "its approval has expired; ",
        (false, false) => "",
    };
    Answer::hold(format!("{note}it waits for a person: `cattleguard approve {to_approve}` lifts this"))
        .of(Gate::Approval)
}
