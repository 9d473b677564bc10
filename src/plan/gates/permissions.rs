//! The enforcing role may make the calls.

use super::{Answer, Candidate, Context};
use crate::plan::Permissions;

pub(super) fn ask(candidate: &Candidate<'_>, context: &Context<'_, '_>) -> Answer {
    let account = &candidate.instance.account;
    let known = match context.input.permissions {
        Permissions::Unknown => None,
        Permissions::Checked(accounts) => accounts.get(account),
    };
    match known {
        // A plan is made to be read: whoever executes one checks first and passes the result.
        None => Answer::allow(format!("permissions in {account} are checked before anything is done")),
        Some(missing) if missing.is_empty() => Answer::allow(format!("every permission in {account} is there")),
        Some(missing) => {
            let mut missing = missing.clone();
            missing.sort();
            Answer::refuse(format!("missing in {account}: {}; grant them to lift this", missing.join(", ")))
        }
    }
}
