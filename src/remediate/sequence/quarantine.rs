//! Quarantine: contain an instance with its evidence, reversibly.

use super::{Laid, contain, mark, remark, traffic};
use crate::remediate::{Condition, CutMode, Evidence, Step};
use crate::types::Track;

/// The steps of a quarantine. On the hygiene track it leaves traffic first and then is cut; on the compromise track it
/// is cut first, and clients see their connections end; only its group lets go of it before.
pub(in crate::remediate) fn quarantine(laid: &Laid<'_>) -> Vec<Step> {
    let mut steps = vec![mark(laid, "claim", "quarantining")];
    steps.extend(containment(laid));
    steps.push(Step::collect("evidence-bundle", Evidence::Bundle));
    steps.push(remark(laid, "mark-quarantined", "quarantined"));
    if laid.track == Track::Compromise {
        // What was contained of a host that may be somebody else's stays contained.
        steps.iter_mut().for_each(|step| step.contains = true);
    }
    steps
}

/// Everything between the claim and the evidence bundle.
fn containment(laid: &Laid<'_>) -> Vec<Step> {
    let mut steps = contain::protect(laid);
    steps.extend(contain::preserve(laid));
    match laid.track {
        Track::Hygiene => {
            steps.extend(traffic::enter_standby(laid));
            steps.extend(traffic::leave_targets(laid, true));
            steps.extend(contain::cut_network(laid));
        }
        Track::Compromise => {
            // Its group would end a member that is cut off: out of the group's reach first, which is one call.
            steps.extend(traffic::enter_standby(laid));
            steps.extend(contain::cut_network(laid));
            steps.extend(traffic::leave_targets(laid, false));
        }
    }
    steps.extend(contain::cut_identity(laid));
    if laid.settings.cut == CutMode::Stop {
        steps.extend(contain::stop(laid));
    }
    steps.push(Step::wait("verify-cut", "", Condition::CutVerified, 300));
    steps
}
