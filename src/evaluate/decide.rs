//! From the hits of every policy to one decision: maxima first, then the caps.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::waived::{self, Waived};
use super::{Evaluator, InputFacts, PolicySet};
use crate::types::{
    Action, Decision, DecisionStatus, Enforcement, PolicyOutcome, PolicyResult, RuleHit, Severity, Track,
};

/// Decides about one instance. Use [`Evaluator`] for many.
pub fn decide(set: &PolicySet, facts: &InputFacts<'_>) -> Decision {
    Evaluator::new(set).decide(facts).0
}

/// Decides about many instances, in their order, with the input document of each.
pub fn evaluate_all<'a>(set: &PolicySet, facts: impl IntoIterator<Item = InputFacts<'a>>) -> Vec<(Decision, Value)> {
    let mut evaluator = Evaluator::new(set);
    facts.into_iter().map(|facts| evaluator.decide(&facts)).collect()
}

/// `sha256:` and 64 hex digits over an input document in its canonical form.
pub fn input_digest(canonical: &str) -> String {
    use std::fmt::Write as _;
    let mut text = "sha256:".to_owned();
    for byte in Sha256::digest(canonical) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// One decision from what each policy said: maxima first, then the caps. What exceptions waive asks for nothing.
pub fn combine(facts: &InputFacts<'_>, policies: Vec<PolicyResult>, input_digest: String, bundle: &str) -> Decision {
    let policies = Waived::of_findings(facts.findings).apply(policies);
    let mut hits: Vec<&RuleHit> =
        policies.iter().flat_map(|policy| &policy.hits).filter(|hit| !waived::is_waived(hit)).collect();
    // Stable: hits of equal strength stay in the order of their policies' names.
    hits.sort_by(|a, b| b.severity.cmp(&a.severity).then(b.action.cmp(&a.action)));
    let failed = failures(&policies);
    let asked = hits.iter().map(|hit| hit.action).max().unwrap_or_default();
    let (action, capped_by) = if failed.is_empty() {
        cap(asked, facts)
    } else {
        let lowered = (asked > Action::Alert).then(|| "a policy could not be evaluated".to_owned());
        (Action::Alert, lowered)
    };
    let mut severity = hits.iter().map(|hit| hit.severity).max().unwrap_or_default();
    if !failed.is_empty() {
        severity = severity.max(Severity::High);
    }
    let mut controls: Vec<String> = hits.iter().flat_map(|hit| hit.controls.clone()).collect();
    controls.sort();
    controls.dedup();
    let mut reasons: Vec<String> = failed;
    for hit in &hits {
        if !reasons.contains(&hit.msg) {
            reasons.push(hit.msg.clone());
        }
    }
    Decision {
        instance: facts.instance.id.clone(),
        account: facts.instance.account.clone(),
        region: facts.instance.region.clone(),
        fleet: facts.fleet.map(|fleet| fleet.name.clone()),
        action,
        asked,
        capped_by,
        track: hits.iter().map(|hit| hit.track).max().unwrap_or(Track::Hygiene),
        severity,
        reasons,
        controls,
        grace_s: grace(&hits),
        status: if policies.iter().any(|policy| policy.outcome == PolicyOutcome::Error) {
            DecisionStatus::Error
        } else {
            DecisionStatus::Ok
        },
        policies,
        input_digest,
        bundle_digest: bundle.to_owned(),
    }
}

/// The longest grace of the hits that ask for an act. Those of the compromise track are not kept waiting by what the hygiene
/// track allows: whoever names a ticket has some hours for the work, and none for an intrusion.
fn grace(hits: &[&RuleHit]) -> u64 {
    let acting = || hits.iter().filter(|hit| hit.action >= Action::Quarantine);
    let track = acting().map(|hit| hit.track).max();
    acting().filter(|hit| Some(hit.track) == track).map(|hit| hit.grace_s).max().unwrap_or_default()
}

fn failures(policies: &[PolicyResult]) -> Vec<String> {
    policies
        .iter()
        .filter(|policy| policy.outcome == PolicyOutcome::Error)
        .map(|policy| {
            let error = policy.error.as_deref().unwrap_or("no detail");
            format!("The policy {} could not be evaluated, so nothing is enforced: {error}", policy.policy)
        })
        .collect()
}

/// Lowers what policy asked for to the ceilings, and names every ceiling that lowered it: each has to be
/// raised to lift the cap.
fn cap(asked: Action, facts: &InputFacts<'_>) -> (Action, Option<String>) {
    let fleet_ceiling = facts.fleet.map_or(Enforcement::Observe, |fleet| fleet.enforcement);
    let mut by = Vec::new();
    if asked.capped(facts.mode) < asked {
        by.push(format!("mode = \"{}\"", facts.mode));
    }
    if asked.capped(fleet_ceiling) < asked {
        by.push(match facts.fleet {
            Some(fleet) => format!("fleet {}: enforcement = \"{}\"", fleet.name, fleet.enforcement),
            None => "the instance belongs to no fleet".to_owned(),
        });
    }
    let action = asked.capped(facts.mode).capped(fleet_ceiling);
    (action, (!by.is_empty()).then(|| by.join("; ")))
}

#[cfg(test)]
mod tests;
