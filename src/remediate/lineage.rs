//! Which instances replaced which: an instance that was replaced for a reason and drifts for the same reason again
//! shows that its golden or baseline is wrong, not somebody on the server.

use std::collections::BTreeSet;

use super::{Method, OperationRecord, OperationStatus};
use crate::types::{InstanceId, OperationKind};

/// The replacements that led to an instance, the newest first. `records` are the oldest first. Those that went back led
/// nowhere; a root volume counts on the same instance once it is in place.
pub fn led_to<'r>(records: &'r [OperationRecord], instance: &'r InstanceId) -> Vec<&'r OperationRecord> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::from([instance]);
    let mut current = Some(instance);
    while let Some(id) = current {
        let in_place = |one: &&OperationRecord| {
            one.instance == *id && one.settings.method == Method::RootVolume && one.status == OperationStatus::Done
        };
        found.extend(records.iter().rev().filter(|one| replaces(one)).filter(in_place));
        let maker = records.iter().rev().find(|one| replaces(one) && one.facts.replacement.as_ref() == Some(id));
        found.extend(maker);
        // An instance cannot descend from itself, whatever the records say.
        current = maker.map(|one| &one.instance).filter(|id| seen.insert(*id));
    }
    found
}

/// How many replacements will have led to what replaces this instance: the `generation` of the next operation.
pub fn next_generation(records: &[OperationRecord], instance: &InstanceId) -> u32 {
    u32::try_from(led_to(records, instance).len()).unwrap_or(u32::MAX).saturating_add(1)
}

/// Whether it put another server, or another root volume, in the place of this one, or is about to.
fn replaces(record: &OperationRecord) -> bool {
    record.kind == OperationKind::Replace
        && !matches!(record.status, OperationStatus::RollingBack | OperationStatus::RolledBack)
}

/// The quarantine that an instance is in: the last one that is done and was not released. `records` are those of the
/// instance or of all, the oldest first.
pub fn in_quarantine<'r>(records: &'r [OperationRecord], instance: &InstanceId) -> Option<&'r OperationRecord> {
    let done = |record: &&OperationRecord| record.status == OperationStatus::Done;
    let quarantine = records
        .iter()
        .rev()
        .filter(done)
        .find(|record| record.kind == OperationKind::Quarantine && record.instance == *instance)?;
    let released = records.iter().filter(done).any(|other| other.undoes.as_ref() == Some(&quarantine.id));
    (!released).then_some(quarantine)
}

/// The quarantine that has an instance, begun or done, unless it was undone.
pub fn quarantined_by<'a>(instance: &InstanceId, operations: &'a [OperationRecord]) -> Option<&'a OperationRecord> {
    let released = |one: &OperationRecord| {
        operations.iter().any(|other| other.undoes.as_ref() == Some(&one.id) && other.status == OperationStatus::Done)
    };
    operations.iter().find(|one| {
        let on_it = one.kind == OperationKind::Quarantine && one.instance == *instance;
        on_it && one.status != OperationStatus::RolledBack && !released(one)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remediate::samples;

    fn replaced(id: &str, old: &str, new: &str) -> OperationRecord {
        let mut record = samples::record(id);
        record.kind = OperationKind::Replace;
        record.instance = old.into();
        record.facts.replacement = Some(new.into());
        record.status = OperationStatus::Retaining;
        record
    }

    #[test]
    fn a_chain_is_followed_to_its_beginning_and_a_circle_ends() {
        let chain = [replaced("op-1", "i-1", "i-2"), replaced("op-2", "i-2", "i-3"), replaced("op-3", "i-9", "i-8")];
        assert_eq!(["i-1", "i-2", "i-3", "i-8"].map(|id| next_generation(&chain, &id.into())), [1, 2, 3, 2]);
        let circle = [replaced("op-1", "i-1", "i-2"), replaced("op-2", "i-2", "i-1")];
        assert_eq!(next_generation(&circle, &"i-1".into()), 3);
    }

    #[test]
    fn what_went_back_led_nowhere_and_root_volumes_count_once_they_are_in_place() {
        let mut back = replaced("op-1", "i-1", "i-2");
        back.status = OperationStatus::RolledBack;
        assert_eq!(next_generation(&[back], &"i-2".into()), 1);
        let mut root = replaced("op-1", "i-1", "i-1");
        (root.settings.method, root.facts.replacement) = (Method::RootVolume, None);
        assert_eq!(next_generation(&[root.clone()], &"i-1".into()), 1);
        root.status = OperationStatus::Done;
        assert_eq!(next_generation(&[root], &"i-1".into()), 2);
    }

    #[test]
    fn a_released_quarantine_is_none() {
        let mut quarantine = samples::record("op-1");
        (quarantine.kind, quarantine.status) = (OperationKind::Quarantine, OperationStatus::Done);
        let id = quarantine.instance.clone();
        let mut release = OperationRecord { id: "op-2".into(), kind: OperationKind::Release, ..quarantine.clone() };
        release.undoes = Some(quarantine.id.clone());
        release.status = OperationStatus::Running;
        let found = |records: &[OperationRecord]| in_quarantine(records, &id).map(|record| record.id.to_string());
        assert_eq!(found(&[quarantine.clone(), release.clone()]).as_deref(), Some("op-1"));
        release.status = OperationStatus::Done;
        assert_eq!(found(&[quarantine.clone(), release.clone()]), None);
        let again = OperationRecord { id: "op-3".into(), ..quarantine.clone() };
        assert_eq!(found(&[quarantine, release, again]).as_deref(), Some("op-3"));
    }

    #[test]
    fn an_instance_is_in_quarantine_until_that_is_undone() {
        let quarantine = samples::record("op-1");
        let by =
            |operations: &[OperationRecord]| quarantined_by(&"i-1".into(), operations).map(|one| one.id.to_string());
        assert_eq!(by(std::slice::from_ref(&quarantine)).as_deref(), Some("op-1"));
        assert_eq!(quarantined_by(&"i-2".into(), std::slice::from_ref(&quarantine)), None);
        let mut release = OperationRecord { undoes: Some("op-1".into()), ..samples::record("op-2") };
        release.kind = OperationKind::Release;
        assert!(by(&[quarantine.clone(), release.clone()]).is_some(), "the release is not done");
        release.status = OperationStatus::Done;
        assert_eq!(by(&[quarantine.clone(), release]), None);
        assert_eq!(by(&[OperationRecord { status: OperationStatus::RolledBack, ..quarantine }]), None);
    }
}
