//! Nothing at all is done while it is pulled.

use super::{Answer, Candidate, Context};

pub(super) fn ask(candidate: &Candidate<'_>, context: &Context<'_, '_>) -> Answer {
    if let Some(reason) = context.input.stopped {
        return Answer::refuse(format!("everything is stopped: {reason}"));
    }
    let pauses = context.input.pauses;
    if let Some((_, reason)) = pauses.iter().filter(|(fleet, _)| fleet.is_none()).min() {
        return Answer::refuse(format!("everything is paused: {reason}; `cattleguard resume` lifts it"));
    }
    let own = candidate.fleet.map(|fleet| &fleet.name);
    match pauses.iter().filter(|(fleet, _)| fleet.as_ref() == own).min() {
        Some((Some(fleet), reason)) => {
            Answer::refuse(format!("fleet {fleet} is paused: {reason}; `cattleguard resume --fleet {fleet}` lifts it"))
        }
        _ => Answer::allow("nothing is paused"),
    }
}
