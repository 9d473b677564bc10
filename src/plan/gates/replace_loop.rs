//! The lineage was not just replaced for the same reason: then the golden or the baseline is wrong, and
//! another replacement would drift as well.

use jiff::SignedDuration;

use crate::plan::breaker::DELIBERATE;
use crate::types::{Finding, OperationKind};

use super::{Answer, Candidate, Context};

/// Most replacements of one lineage in a day.
const MAX_PER_DAY: usize = 2;

const DAY: SignedDuration = SignedDuration::from_hours(24);

pub(super) fn ask(candidate: &Candidate<'_>, context: &Context<'_, '_>) -> Answer {
    if candidate.kind != OperationKind::Replace {
        return Answer::allow("only replacing can go in circles");
    }
    let Some(lineage) = context.input.history.lineages.get(&candidate.instance.id) else {
        return Answer::allow("the instance replaced no other");
    };
    // Rolling forward, back and forward again is what an operator does, not what servers come to by themselves.
    let counting = candidate.findings.iter().filter(|finding| !DELIBERATE.contains(&finding.code.as_str()));
    let again = counting.into_iter().find(|finding| {
        lineage.replacements.iter().any(|replacement| replacement.fingerprints.contains(&finding.fingerprint))
    });
    if let Some(finding) = again {
        return Answer::refuse(repeated(finding));
    }
    let now = context.input.now;
    let mut recent: Vec<_> = lineage
        .replacements
        .iter()
        .map(|replacement| replacement.at)
        .filter(|at| now.duration_since(*at) < DAY)
        .collect();
    recent.sort();
    if recent.len() < MAX_PER_DAY {
        return Answer::allow(format!("its lineage was replaced {} times in the last 24 hours", recent.len()));
    }
    // Room is free when only one less than the limit lies within the day.
    let last_in_the_way = recent.get(recent.len() - MAX_PER_DAY).copied().unwrap_or(now);
    let until = last_in_the_way.checked_add(DAY).unwrap_or(now);
    Answer::hold_until(
        until,
        format!("its lineage was replaced {} times in the last 24 hours, {MAX_PER_DAY} are the most", recent.len()),
    )
}

/// A state that comes back points at the golden, a call that comes back at whoever makes it.
fn repeated(finding: &Finding) -> String {
    let (code, subject) = (&finding.code, &finding.subject);
    let why = if code.family() == "event" {
        "replacing does not keep them from it; see to the cause. An exception"
    } else {
        "so the golden is likelier wrong than the server; promoting a corrected golden or an exception"
    };
    format!("its predecessor was replaced for the same `{code}` ({subject}), {why} lifts this")
}
