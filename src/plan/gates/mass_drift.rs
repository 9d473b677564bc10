//! The fleet is not drifting as a whole.

use super::{Answer, Candidate, Context};

pub(super) fn ask(candidate: &Candidate<'_>, context: &Context<'_, '_>) -> Answer {
    match candidate.fleet.and_then(|fleet| context.frozen.get(&fleet.name)) {
        Some(reason) => Answer::refuse(format!("the fleet is frozen: {reason}")),
        None => Answer::allow("the fleet is not drifting as a whole"),
    }
}
