//! A maintenance window is open, and the grace that policy asked for is over.

use jiff::{SignedDuration, Timestamp};

use crate::plan::windows::{Standing, standing};
use crate::types::{OperationKind, Severity};

use super::{Answer, Candidate, Context};

pub(super) fn ask(candidate: &Candidate<'_>, context: &Context<'_, '_>) -> Answer {
    let now = context.input.now;
    if let Some(until) = grace_end(candidate).filter(|until| now < *until) {
        return Answer::hold_until(until, format!("policy asked for a grace of {} s", candidate.decision.grace_s));
    }
    let urgent = candidate.kind == OperationKind::Quarantine && candidate.decision.severity == Severity::Critical;
    if urgent {
        return Answer::allow("containing a critical drift does not wait for a window");
    }
    let Some(fleet) = candidate.fleet else {
        return Answer::refuse("without a fleet there is no maintenance window");
    };
    if fleet.windows.is_empty() {
        return Answer::refuse(format!(
            "fleet {} has no maintenance window, and outside every window nothing is done; add one to lift this",
            fleet.name
        ));
    }
    match standing(&fleet.windows, now) {
        Ok(Standing::Open(until)) => Answer::allow(format!("a maintenance window is open until {until}")),
        Ok(Standing::Shut(Some(next))) => {
            Answer::hold_until(next, format!("no maintenance window is open; the next opens at {next}"))
        }
        Ok(Standing::Shut(None)) => Answer::refuse("no maintenance window ever opens; correct them to lift this"),
        Err(problem) => {
            Answer::refuse(format!("a maintenance window of fleet {} is not usable: {problem}", fleet.name))
        }
    }
}

/// Grace counts from the first sighting of the oldest finding behind the operation.
fn grace_end(candidate: &Candidate<'_>) -> Option<Timestamp> {
    let grace = i64::try_from(candidate.decision.grace_s).unwrap_or(i64::MAX);
    let first = candidate.findings.first()?.first_seen;
    (grace > 0).then(|| first.checked_add(SignedDuration::from_secs(grace)).unwrap_or(Timestamp::MAX))
}
