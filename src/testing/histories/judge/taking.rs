//! Nothing is taken from an instance before its replacement serves, and nothing from a replacement that serves before
//! the instance serves again.

use std::collections::BTreeSet;

use super::Violation;
use super::case::{Case, groups_of, living};
use super::ending::lives_on;
use crate::remediate::Method;
use crate::testing::{AccountEntry, Change, Scene, SeenOperation};
use crate::types::{OperationId, OperationKind, Track};

pub(super) fn judge(case: &Case<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    for (entry, operation, seen) in case.ours().filter(|(entry, _, _)| entry.change.takes_away()) {
        let (Some(seen), Some(scene)) = (seen, entry.before.as_deref()) else { continue };
        // An address that moves is noted where it arrives; it is taken from where it was.
        let loser = match &entry.change {
            Change::Address { from: Some(from), .. } => from,
            _ => &entry.instance,
        };
        let problem = if *loser == seen.instance {
            from_old(case, entry, operation, seen, scene)
        } else if case.launched_by(operation).any(|new| new == loser) {
            from_new(case, entry, operation, seen, scene)
        } else {
            Some(format!("{operation} took something from {loser}, which is none of its business"))
        };
        if let Some(what) = problem {
            let what = format!("{:?} on {} for {operation}: {what}", entry.change, entry.instance);
            found.push(Violation { rule: "replacement first", at: entry.at, what });
        }
    }
    found
}

fn from_old(
    case: &Case<'_>,
    entry: &AccountEntry,
    operation: &OperationId,
    seen: &SeenOperation,
    scene: &Scene,
) -> Option<String> {
    let Some(stated) = case.stated.get(operation) else { return Some("nobody said that it began".to_owned()) };
    match (stated.kind, stated.track) {
        // Containing takes away on purpose; it never ends anything, which another rule sees to.
        (OperationKind::Quarantine | OperationKind::Release | OperationKind::Rollback, _) => return None,
        // What is contained already serves nothing.
        (OperationKind::Replace, Track::Compromise) if scene.get(&seen.instance).is_some_and(|old| old.cut) => {
            return None;
        }
        // In place: an outage by design, and nothing is ended.
        (OperationKind::Replace, _) if stated.method == Method::RootVolume => return None,
        (OperationKind::Replace, _) => {}
    }
    // A replacement that was replaced in its turn, and may be gone by now, has passed its place on; the rule about ending
    // looks after that.
    let passed_on = case.evidence.operations.iter().any(|(later, seen)| {
        case.launched_by(operation).any(|new| seen.instance == *new)
            && case.launched_by(later).any(|newer| lives_on(case, scene, newer, 0))
    });
    if entry.change == Change::Terminating && passed_on {
        return None;
    }
    let Some(new) = case.launched_by(operation).find(|new| scene.contains_key(*new)) else {
        return Some("there is no replacement".to_owned());
    };
    // Nobody can have seen yet what somebody else has just done to it, be it to end it.
    if case.disturbed_lately(new, entry.at) {
        return None;
    }
    let Some(server) = living(scene, new) else { return Some(format!("its replacement {new} is ending")) };
    let untouched = !case.disturbed(new, entry.at);
    if untouched && !(server.pristine && server.reported) {
        return Some(format!("its replacement {new} is not what its image promises, or has not shown it"));
    }
    let groups = if stated.moves_data { BTreeSet::new() } else { groups_of(seen) };
    (!server.serves_in(&groups)).then(|| format!("its replacement {new} does not serve: {server:?}"))
}

/// Taking from a replacement: it is given up, or its operation is undone.
fn from_new(
    case: &Case<'_>,
    entry: &AccountEntry,
    operation: &OperationId,
    seen: &SeenOperation,
    scene: &Scene,
) -> Option<String> {
    // Nothing depends on a replacement before something was taken from the old instance for it.
    let took_over = case.ours().any(|(taken, by, _)| {
        by == operation && taken.seq < entry.seq && taken.instance == seen.instance && taken.change.takes_away()
    });
    if entry.change != Change::Terminating || !took_over {
        return None;
    }
    let groups = groups_of(seen);
    let new = scene.get(&entry.instance)?;
    let has_served = seen.scene.as_ref().is_some_and(|old| old.serves_in(&groups));
    if !has_served || !new.serves_in(&groups) || case.disturbed_lately(&seen.instance, entry.at) {
        return None;
    }
    match living(scene, &seen.instance) {
        Some(old) if old.serves_in(&groups) => None,
        Some(old) => Some(format!("it serves, and {} does not: {old:?}", seen.instance)),
        None => Some(format!("it serves, and {} is gone", seen.instance)),
    }
}
