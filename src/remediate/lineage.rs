//! Which instances replaced which: an instance that was replaced for a reason and drifts for the same reason again
//! shows that its golden or baseline is wrong, not somebody on the server.

use std::collections::BTreeSet;

use super::{Method, OperationRecord, OperationStatus};
use crate::plan::{Lineage, PastReplacement};
use crate::types::{InstanceId, OperationKind};

/// Replacements that led to an instance, newest first. Those that went back led nowhere.
pub fn replacements_of<'a>(instance: &InstanceId, operations: &'a [OperationRecord]) -> Vec<&'a OperationRecord> {
    let mut chain: Vec<&OperationRecord> = Vec::new();
    let mut used = BTreeSet::new();
    let mut current = instance.clone();
    // Each operation counts once, so damaged records cannot make this go round for ever.
    while let Some(operation) = operations
        .iter()
        .filter(|operation| !used.contains(&operation.id) && made(operation, &current))
        .max_by_key(|operation| operation.created_at)
    {
        used.insert(operation.id.clone());
        current = operation.instance.clone();
        chain.push(operation);
    }
    chain
}

/// Whether an operation made this instance what it is.
fn made(operation: &OperationRecord, instance: &InstanceId) -> bool {
    let stands = !matches!(operation.status, OperationStatus::RollingBack | OperationStatus::RolledBack);
    if operation.kind != OperationKind::Replace || !stands {
        return false;
    }
    match operation.settings.method {
        Method::Launch => operation.facts.replacement.as_ref() == Some(instance) && operation.instance != *instance,
        // The same instance goes on with another root volume, once that is in place.
        Method::RootVolume => operation.instance == *instance && operation.status == OperationStatus::Done,
    }
}

/// How many replacements led to this instance.
pub fn generation_of(instance: &InstanceId, operations: &[OperationRecord]) -> u32 {
    u32::try_from(replacements_of(instance, operations).len()).unwrap_or(u32::MAX)
}

/// The replacement in this instance's lineage that was made for one of these fingerprints.
pub fn same_cause<'a>(
    instance: &InstanceId,
    fingerprints: &[String],
    operations: &'a [OperationRecord],
) -> Option<&'a OperationRecord> {
    let chain = replacements_of(instance, operations).into_iter();
    chain.into_iter().find(|operation| operation.requested.fingerprints.iter().any(|one| fingerprints.contains(one)))
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

/// The lineage as the plan's gate takes it.
pub fn lineage_of(instance: &InstanceId, operations: &[OperationRecord]) -> Lineage {
    let replacements = replacements_of(instance, operations).into_iter().map(|operation| PastReplacement {
        at: operation.ended_at.or(operation.facts.serving_since).unwrap_or(operation.created_at),
        fingerprints: operation.requested.fingerprints.clone(),
    });
    Lineage { replacements: replacements.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remediate::samples;

    fn replaced(id: &str, old: &str, new: &str, hour: u8, fingerprint: &str) -> OperationRecord {
        let mut record = samples::record(id);
        record.kind = OperationKind::Replace;
        record.instance = old.into();
        record.facts.replacement = Some(new.into());
        record.created_at = samples::time(hour);
        record.requested.fingerprints = vec![fingerprint.to_owned()];
        record.status = OperationStatus::Retaining;
        record
    }

    #[test]
    fn a_chain_is_followed_to_its_beginning() {
        let operations = [
            replaced("op-1", "i-1", "i-2", 1, "a"),
            replaced("op-2", "i-2", "i-3", 2, "b"),
            replaced("op-3", "i-9", "i-8", 3, "c"),
        ];
        assert_eq!(["i-1", "i-2", "i-3", "i-8"].map(|id| generation_of(&id.into(), &operations)), [0, 1, 2, 1]);
        let chain: Vec<_> = replacements_of(&"i-3".into(), &operations).iter().map(|op| op.id.to_string()).collect();
        assert_eq!(chain, ["op-2", "op-1"]);
        assert_eq!(lineage_of(&"i-3".into(), &operations).replacements.len(), 2);
    }

    #[test]
    fn the_same_fingerprint_anywhere_in_the_lineage_is_the_same_cause() {
        let operations = [replaced("op-1", "i-1", "i-2", 1, "a"), replaced("op-2", "i-2", "i-3", 2, "b")];
        let cause = |fingerprint: &str| {
            same_cause(&"i-3".into(), &[fingerprint.to_owned()], &operations).map(|op| op.id.to_string())
        };
        assert_eq!(cause("a").as_deref(), Some("op-1"));
        assert_eq!(cause("b").as_deref(), Some("op-2"));
        assert_eq!(cause("c"), None);
        assert!(same_cause(&"i-3".into(), &[], &operations).is_none());
    }

    #[test]
    fn what_went_back_led_nowhere() {
        let mut operation = replaced("op-1", "i-1", "i-2", 1, "a");
        operation.status = OperationStatus::RolledBack;
        assert_eq!(generation_of(&"i-2".into(), &[operation.clone()]), 0);
        operation.status = OperationStatus::Running;
        operation.kind = OperationKind::Quarantine;
        assert_eq!(generation_of(&"i-2".into(), &[operation]), 0);
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

    #[test]
    fn replaced_root_volumes_count_on_the_same_instance() {
        let mut first = replaced("op-1", "i-1", "i-1", 1, "a");
        (first.settings.method, first.facts.replacement) = (Method::RootVolume, None);
        let mut second = OperationRecord { id: "op-2".into(), ..first.clone() };
        assert_eq!(generation_of(&"i-1".into(), &[first.clone(), second.clone()]), 0, "neither is over");
        (first.status, second.status) = (OperationStatus::Done, OperationStatus::Done);
        assert_eq!(generation_of(&"i-1".into(), &[first, second]), 2);
    }

    #[test]
    fn a_circle_ends() {
        let operations = [replaced("op-1", "i-1", "i-2", 1, "a"), replaced("op-2", "i-2", "i-1", 2, "b")];
        assert_eq!(generation_of(&"i-1".into(), &operations), 2);
    }
}
