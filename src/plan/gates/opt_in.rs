//! The configuration allows this kind of operation on this fleet.

use crate::types::{Action, DecisionStatus, Enforcement, OperationKind};

use super::{Answer, Candidate, Context};

pub(super) fn ask(candidate: &Candidate<'_>, context: &Context<'_, '_>) -> Answer {
    let (needed, action) = match candidate.kind {
        OperationKind::Replace => (Enforcement::Replace, Action::Replace),
        OperationKind::Quarantine | OperationKind::Release | OperationKind::Rollback => {
            (Enforcement::Quarantine, Action::Quarantine)
        }
    };
    let Some(fleet) = candidate.fleet else {
        return Answer::refuse("the instance belongs to no fleet; a fleet whose `select` matches it would lift this");
    };
    if candidate.decision.status == DecisionStatus::Error {
        return Answer::refuse("a policy could not be evaluated, so nothing is enforced; fixing the policy lifts this");
    }
    let mut low = Vec::new();
    if context.input.mode < needed {
        low.push(format!("mode = \"{}\" (set mode = \"{needed}\" to lift it)", context.input.mode));
    }
    if fleet.enforcement < needed {
        low.push(format!(
            "fleet {}: enforcement = \"{}\" (set enforcement = \"{needed}\" to lift it)",
            fleet.name, fleet.enforcement
        ));
    }
    if !low.is_empty() {
        return Answer::refuse(format!("{} is not allowed by {}", candidate.kind, low.join(" and by ")));
    }
    match &candidate.decision.capped_by {
        Some(by) if candidate.decision.action < action => {
            Answer::refuse(format!("the decision was capped by {by}; the next scan decides again"))
        }
        _ => Answer::allow(format!("mode and fleet {} allow {}", fleet.name, candidate.kind)),
    }
}
