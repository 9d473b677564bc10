//! No other controller owns the instance: it would undo what we do, or destroy the evidence. Nor does a quarantine:
//! there the instance serves nobody, so nothing can take its place while it serves.

use crate::evaluate::owner_of;
use crate::types::{OperationKind, Track};

use super::{Answer, Candidate, Context};

pub(super) fn ask(candidate: &Candidate<'_>, context: &Context<'_, '_>) -> Answer {
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
        (false, _) if in_quarantine(candidate, context) => Answer::refuse(format!(
            "it is in quarantine: `cattleguard release {0}` it, or `replace {0} --contain-first`",
            candidate.instance.id
        )),
        (false, _) if owner.kind == "asg" => Answer::allow(format!(
            "only the Auto Scaling group {name} owns it; members are replaced through their group"
        )),
        (false, _) => Answer::allow("no other controller owns it"),
    }
}

fn in_quarantine(candidate: &Candidate<'_>, context: &Context<'_, '_>) -> bool {
    let serves_first = candidate.kind == OperationKind::Replace && candidate.decision.track == Track::Hygiene;
    serves_first && context.input.history.contained.contains(&candidate.instance.id)
}
