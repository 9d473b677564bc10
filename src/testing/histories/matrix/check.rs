//! What must hold when a scene was played, whatever went wrong in it.

use std::collections::BTreeSet;

use super::deed::Played;
use super::scene::{Act, Scene};
use crate::remediate::{JournalEntry, Method, OperationStatus, StepState};
use crate::testing::histories::judge::{judge, restoring::difference};
use crate::testing::{AccountForm, By, Change};
use crate::types::{InstanceId, OperationKind};

/// What is expected of a play.
#[derive(Clone, Copy)]
pub(super) struct Expected<'a> {
    pub(super) act: Act,
    /// How the same ends when nothing goes wrong.
    pub(super) calm: &'a Played,
    /// Whether it must end in the same way.
    pub(super) passes: bool,
    /// Whether calls were made twice: a snapshot has no token, so there may be two.
    pub(super) twice: bool,
}

/// Everything that is wrong.
pub(super) fn problems(scene: &Scene, played: &Played, expected: Expected<'_>) -> Vec<String> {
    let mut found: Vec<String> = judge(&played.evidence).iter().map(ToString::to_string).collect();
    let refused = played.world.truth().tally.of("halt", "journal refused");
    if refused > 0 {
        found.push(format!("the journal refused {refused} entries"));
    }
    found.extend(journal(played));
    found.extend(ending(scene, played, expected));
    found.extend(lost(scene, played));
    found
}

/// Where it ended, and whether the account is as it must be then.
fn ending(scene: &Scene, played: &Played, expected: Expected<'_>) -> Vec<String> {
    let (calm, ended, mut found) = (expected.calm, &played.ended, Vec::new());
    let told = |text: &str| format!("{text}: {}", ended.note.as_deref().unwrap_or("no note"));
    if expected.passes && played.rested != calm.ended.status {
        found.push(told(&format!("it came to rest as {}, not as {}", played.rested, calm.ended.status)));
    }
    match ended.status {
        OperationStatus::Done if expected.act == Act::Release => found.extend(restored(played)),
        OperationStatus::Done => {
            let given_up = ended.steps.iter().any(|step| step.state == StepState::Failed);
            if expected.passes || !given_up {
                found.extend(same(&calm.after, &played.after, expected.twice));
            }
        }
        OperationStatus::RolledBack => found.extend(restored(played)),
        // What was ended cannot be brought back.
        OperationStatus::NeedsHuman if scene.kind == OperationKind::Replace && !lives(played, &played.subject) => {}
        other => found.push(told(&format!("it stays {other}, although all is well again"))),
    }
    found
}

/// No instance is lost: the old one lives unless it was replaced, and then its replacement does.
fn lost(scene: &Scene, played: &Played) -> Option<String> {
    let replaced = scene.kind == OperationKind::Replace && scene.method == Method::Launch;
    let done = played.ended.status == OperationStatus::Done;
    let new = played.ended.facts.replacement.as_ref().filter(|_| replaced);
    match (lives(played, &played.subject), new.is_some_and(|new| lives(played, new))) {
        (true, false) => (replaced && done).then(|| "it was replaced, and the old instance lives on".to_owned()),
        (true, true) => Some(format!("both live at its end, which is {}", played.ended.status)),
        (false, true) => None,
        (false, false) => Some("nothing is left".to_owned()),
    }
}

fn lives(played: &Played, instance: &InstanceId) -> bool {
    played.after.servers.contains_key(instance)
}

/// The account equals that of the undisturbed play.
fn same(calm: &AccountForm, after: &AccountForm, twice: bool) -> Option<String> {
    let plain = |form: &AccountForm| {
        let mut form = form.clone();
        if twice {
            form.snapshots.values_mut().for_each(|count| *count = 1);
        }
        form
    };
    let (calm, after) = (plain(calm), plain(after));
    (calm != after).then(|| format!("it did not end as undisturbed: {}", difference(&calm, &after)))
}

/// The account is as it was, apart from what Auto Scaling did and what stays as evidence.
fn restored(played: &Played) -> Option<String> {
    let log = &played.evidence.log;
    let scaled = |change: fn(&Change) -> bool| -> BTreeSet<&InstanceId> {
        let own = log.iter().filter(|entry| entry.by == By::AutoScaling && change(&entry.change));
        own.map(|entry| &entry.instance).collect()
    };
    let others: BTreeSet<&InstanceId> = scaled(|change| matches!(change, Change::Launched { .. }))
        .union(&scaled(|change| *change == Change::Terminating))
        .copied()
        .collect();
    let plain = |form: &AccountForm| {
        let mut form = form.clone();
        form.servers.retain(|id, _| !others.contains(id));
        form.marks.retain(|id, _| !others.contains(id));
        for group in form.groups.values_mut() {
            group.members.retain(|id| !others.contains(id));
        }
        for targets in form.targets.values_mut() {
            targets.retain(|(target, _)| !others.iter().any(|id| id.as_str() == target));
        }
        form.snapshots.clear();
        form
    };
    let (before, mut after) = (plain(&played.before), plain(&played.after));
    // A root volume that was replaced is kept.
    let kept: BTreeSet<_> = after.loose_volumes.difference(&before.loose_volumes).cloned().collect();
    after.loose_volumes.retain(|volume| !kept.contains(volume));
    if kept.len() > 1 {
        return Some(format!("it left volumes behind: {kept:?}"));
    }
    (before != after).then(|| format!("it did not restore the account: {}", difference(&before, &after)))
}

/// Whether the journal, read from its beginning, tells only of legal moves, and ends where the record is.
fn journal(played: &Played) -> Vec<String> {
    let Ok(entries) = played.world.store.journal_of(&played.ended.id) else {
        return vec!["the journal cannot be read".to_owned()];
    };
    if entries.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut states = vec![StepState::Pending; played.ended.steps.len()];
    let steps = entries.iter().filter_map(|entry| Some((entry, entry.step?, entry.state?)));
    for (JournalEntry { name, .. }, index, next) in steps {
        let Some(state) = states.get_mut(index) else { continue };
        if !state.may_become(next) {
            found.push(format!("the journal says that {name} went from {state} to {next}"));
        }
        *state = next;
    }
    let last: Vec<StepState> = played.ended.steps.iter().map(|step| step.state).collect();
    if states != last {
        found.push("the journal does not end where the record is".to_owned());
    }
    found
}
