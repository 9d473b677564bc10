//! Only two things may ever be ended: what the same operation launched, and its old instance when its time is over.

use jiff::SignedDuration;

use super::Violation;
use super::case::{Case, living};
use crate::remediate::Method;
use crate::testing::{AccountEntry, Change, Scene, SeenOperation};
use crate::types::{InstanceId, OperationId, OperationKind};

pub(super) fn judge(case: &Case<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    for (entry, operation, seen) in case.ours().filter(|(entry, _, _)| entry.change == Change::Terminating) {
        if case.launched_by(operation).any(|new| *new == entry.instance) {
            continue;
        }
        let problem = match seen.filter(|seen| seen.instance == entry.instance) {
            Some(seen) => old(case, entry, operation, seen),
            None => Some("it is neither its instance nor its replacement".to_owned()),
        };
        if let Some(what) = problem {
            let what = format!("{operation} ended {}: {what}", entry.instance);
            found.push(Violation { rule: "ending", at: entry.at, what });
        }
    }
    found
}

fn old(case: &Case<'_>, entry: &AccountEntry, operation: &OperationId, seen: &SeenOperation) -> Option<String> {
    let replaces = case
        .stated
        .get(operation)
        .is_some_and(|stated| stated.kind == OperationKind::Replace && stated.method == Method::Launch);
    if !replaces {
        return Some("its operation replaces nothing".to_owned());
    }
    let retained = SignedDuration::from_secs(case.evidence.retain_s);
    let last_taken = case
        .ours()
        .filter(|(taken, by, _)| {
            *by == operation && taken.seq < entry.seq && taken.instance == seen.instance && taken.change.takes_away()
        })
        .map(|(taken, _, _)| taken.at)
        .last()
        .unwrap_or(seen.first_call);
    if entry.at.duration_since(last_taken) < retained {
        return Some(format!("it was taken out of service at {last_taken} only"));
    }
    let scene = entry.before.as_deref()?;
    let stays = case.launched_by(operation).any(|new| lives_on(case, scene, new, 0));
    (!stays).then(|| "nothing has taken its place".to_owned())
}

/// Whether a replacement lives, or what replaced it.
pub(super) fn lives_on(case: &Case<'_>, scene: &Scene, instance: &InstanceId, depth: usize) -> bool {
    if living(scene, instance).is_some_and(|server| server.state == "running") {
        return true;
    }
    let later = case.evidence.operations.iter().filter(|(_, seen)| seen.instance == *instance);
    depth < 8 && later.flat_map(|(id, _)| case.launched_by(id)).any(|new| lives_on(case, scene, new, depth + 1))
}
