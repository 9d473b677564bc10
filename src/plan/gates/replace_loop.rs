//! The lineage was not just replaced for the same reason: then the golden or the baseline is wrong, and
//! another replacement would drift as well.

use jiff::SignedDuration;

use crate::types::OperationKind;

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
    let again = candidate.findings.iter().find(|finding| {
        lineage.replacements.iter().any(|replacement| replacement.fingerprints.contains(&finding.fingerprint))
    });
    if let Some(finding) = again {
        return Answer::refuse(format!(
            "its predecessor was replaced for the same `{}` ({}), so the golden is likelier wrong than the server; \
             promoting a corrected golden or an exception lifts this",
            finding.code, finding.subject
        ));
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
