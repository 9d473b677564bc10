//! What the journal says of the past, as the plan wants to know it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::world::World;
use crate::plan::{History, Lineage, OperationState, PastOperation, PastReplacement};
use crate::remediate::{OperationRecord, OperationStatus, in_quarantine};
use crate::store::StoreError;
use crate::types::{Action, InstanceId, OperationKind};

/// Every operation of the history, oldest first.
pub(super) fn operations(world: &World) -> Result<Vec<OperationRecord>, StoreError> {
    world.store.operations_since(Timestamp::UNIX_EPOCH)
}

/// What the gates ask of the past.
pub(super) fn history(operations: &[OperationRecord], now: Timestamp) -> History {
    let past = operations.iter().map(|record| PastOperation {
        kind: record.kind,
        instance: record.instance.clone(),
        fleet: record.fleet.clone(),
        place: record.place.clone(),
        zone: record.before.detail.instance.zone.clone(),
        golden: record.golden.clone(),
        replacement: record.facts.replacement.clone(),
        begun_at: record.created_at,
        state: match finished(record) {
            Some(at) => OperationState::Finished(at),
            None => OperationState::InFlight,
        },
    });
    let mut lineages: BTreeMap<InstanceId, Lineage> = BTreeMap::new();
    for record in operations.iter().filter(|record| record.kind == OperationKind::Replace) {
        let (Some(new), Some(at)) = (&record.facts.replacement, finished(record)) else { continue };
        if record.status == OperationStatus::RolledBack {
            continue;
        }
        let mut lineage = lineages.get(&record.instance).cloned().unwrap_or_default();
        lineage
            .replacements
            .push(PastReplacement { at: at.min(now), fingerprints: record.requested.fingerprints.clone() });
        lineages.insert(new.clone(), lineage);
    }
    History { operations: past.collect(), lineages, ..History::default() }
}

/// When an operation stopped counting as in flight: at its end, or when only its retention was left.
fn finished(record: &OperationRecord) -> Option<Timestamp> {
    if record.status.is_in_flight() {
        return None;
    }
    let retained = record.facts.retain_until.map(|until| {
        let kept = SignedDuration::from_secs(i64::try_from(record.settings.retain_s).unwrap_or_default());
        until.checked_sub(kept).unwrap_or(until)
    });
    retained.or(record.ended_at).or(Some(record.created_at))
}

/// Whether a plan may want something of an instance: not while an operation on it is not over, and of one in quarantine
/// only its replacement.
pub(super) fn may_plan(operations: &[OperationRecord], instance: &InstanceId, action: Action) -> bool {
    let open = operations.iter().any(|record| record.instance == *instance && !record.status.is_over());
    !open && (in_quarantine(operations, instance).is_none() || action == Action::Replace)
}
