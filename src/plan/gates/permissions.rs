//! The enforcing role may make the calls.

use crate::plan::Permissions;
use crate::types::Enforcement;

use super::{Answer, Candidate, Context};

pub(super) fn ask(candidate: &Candidate<'_>, context: &Context<'_, '_>) -> Answer {
    let account = &candidate.instance.account;
    let known = match context.input.permissions {
        Permissions::Unknown => None,
        Permissions::Checked(accounts) => accounts.get(account),
    };
    match known {
        None if context.input.mode == Enforcement::Observe => {
            Answer::allow(format!("permissions in {account} are checked when enforcing"))
        }
        None => Answer::hold(format!("permissions in {account} were not checked; a run that checks them lifts this")),
        Some(missing) if missing.is_empty() => Answer::allow(format!("every permission in {account} is there")),
        Some(missing) => {
            let mut missing = missing.clone();
            missing.sort();
            Answer::refuse(format!("missing in {account}: {}; grant them to lift this", missing.join(", ")))
        }
    }
}
