//! The enforcing role may make the calls.

use super::{Answer, Candidate, Context};
use crate::plan::Permissions;

pub(super) fn ask(candidate: &Candidate<'_>, context: &Context<'_, '_>) -> Answer {
    let account = &candidate.instance.account;
    let Permissions::Checked(accounts) = context.input.permissions else {
        // A plan is made to be read: whoever executes one checks first and passes the result.
        return Answer::allow(format!("permissions in {account} are checked before anything is done"));
    };
    match accounts.get(account) {
        None => Answer::hold(format!("permissions in {account} were not checked; a run that checks them lifts this")),
        Some(missing) if missing.is_empty() => Answer::allow(format!("every permission in {account} is there")),
        Some(missing) => {
            let mut missing = missing.clone();
            missing.sort();
            Answer::refuse(format!("missing in {account}: {}; grant them to lift this", missing.join(", ")))
        }
    }
}
