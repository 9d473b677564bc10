//! No other controller owns the instance: it would undo what we do, or destroy the evidence.

use crate::evaluate::owner_of;

use super::{Answer, Candidate};

pub(super) fn ask(candidate: &Candidate<'_>) -> Answer {
    let owner = owner_of(candidate.instance);
    let name = owner.name.as_deref().unwrap_or("unnamed");
    match (owner.is_foreign(), &owner.tag) {
        (true, Some(tag)) => Answer::refuse(format!(
            "{} ({name}) owns the instance, as its tag `{tag}` says: replace it through that controller",
            owner.kind
        )),
        (true, None) => {
            Answer::refuse(format!("EC2 says that {name} operates the instance: replace it through that service"))
        }
        (false, _) if owner.kind == "asg" => Answer::allow(format!(
            "only the Auto Scaling group {name} owns it; members are replaced through their group"
        )),
        (false, _) => Answer::allow("no other controller owns it"),
    }
}
