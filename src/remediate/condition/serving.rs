//! The guards: whether the replacement really serves, whether the cut holds, whether the old instance may go.

use std::collections::BTreeSet;

use super::traffic::{idle, registered_again, resolve, states};
use super::{Learned, Looking, Seen};
use crate::collect::ReadError;
use crate::plan::AlarmState;
use crate::remediate::sequence::{HOLD_TAG, OPERATION_TAG};
use crate::remediate::{
    Condition, Cut, CutMode, Does, Evidence, InstanceDetail, OperationStatus, REPLACEMENT, REPLACEMENT_ADDRESS,
    StepRecord, StepState, quarantined_by,
};
use crate::types::{Digest, OperationKind};

pub(super) async fn look(looking: &Looking<'_>, condition: &Condition) -> Result<Seen, ReadError> {
    match condition {
        Condition::Serving => serving(looking).await,
        Condition::Baked => baked(looking).await,
        Condition::MayTerminate => may_terminate(looking).await,
        Condition::CutVerified => cut(looking).await,
        _ => Ok(Seen::Never("asked in the wrong place".to_owned())),
    }
}

async fn serving(looking: &Looking<'_>) -> Result<Seen, ReadError> {
    let Some(new) = &looking.record.facts.replacement else {
        return Ok(Seen::Never("there is no replacement".to_owned()));
    };
    let Some(checks) = looking.probe.status(&looking.record.place, new).await? else {
        return Ok(Seen::NotYet(format!("{new} shows no status checks")));
    };
    if matches!(checks.state.as_str(), "shutting-down" | "terminated" | "stopping" | "stopped") {
        return Ok(Seen::Never(format!("the replacement {new} is {}", checks.state)));
    }
    if !checks.passed() {
        return Ok(Seen::NotYet(format!("{new} does not pass its status checks")));
    }
    for before in &looking.record.before.targets {
        let stand_in = if before.by_address() { REPLACEMENT_ADDRESS } else { REPLACEMENT };
        let Some(target) = resolve(looking, stand_in).await? else {
            return Ok(Seen::NotYet("the replacement's address is not known yet".to_owned()));
        };
        let found = states(looking, &before.group, &target, before.port).await?;
        let good = |state: &str| state == "healthy" || (state == "unused" && idle(looking, &before.group));
        if !found.iter().any(|health| good(&health.state)) {
            let now = found.first().map_or("not registered", |health| health.state.as_str());
            return Ok(Seen::NotYet(format!("{target} is {now} in {}", before.group)));
        }
    }
    Ok(Seen::Yes(Learned { serving: true, ..Learned::default() }))
}

async fn baked(looking: &Looking<'_>) -> Result<Seen, ReadError> {
    let record = looking.record;
    let alarms = if record.settings.alarms.is_empty() { Vec::new() } else { looking.host.alarms(record).await };
    if let Some((name, _)) = alarms.iter().find(|(_, state)| *state == AlarmState::Firing) {
        return Ok(Seen::Never(format!("the alarm {name} fires")));
    }
    if let Some((name, _)) = alarms.iter().find(|(_, state)| *state == AlarmState::Unknown) {
        return Ok(Seen::NotYet(format!("the state of the alarm {name} is not known")));
    }
    match serving(looking).await? {
        Seen::Yes(_) => {}
        other => return Ok(other),
    }
    let since = record.facts.serving_since.unwrap_or(looking.now);
    let served = looking.now.duration_since(since).as_secs();
    let wanted = i64::try_from(record.settings.bake_s).unwrap_or(i64::MAX);
    Ok(Seen::when(served >= wanted, || format!("it has served for {served} s of {wanted} s")))
}

async fn may_terminate(looking: &Looking<'_>) -> Result<Seen, ReadError> {
    let record = looking.record;
    let place = &record.place;
    if let Some(old) = looking.probe.instance(place, &record.instance).await? {
        if old.instance.tags.contains_key(HOLD_TAG) {
            return Ok(Seen::NotYet(format!("its tag {HOLD_TAG} holds it")));
        }
        if old.termination_protected && record.before.detail.termination_protected {
            return Ok(Seen::Never(format!(
                "{} was protected from termination before we touched it: whoever protected it must let it go",
                record.instance
            )));
        }
    }
    // Somebody wants it there.
    if let Some(group) = registered_again(looking.probe, record).await? {
        return Ok(Seen::NotYet(format!("{} is registered in {group} again: deregister it", record.instance)));
    }
    let snapshots = looking.probe.snapshots(place, OPERATION_TAG, record.id.as_str()).await?;
    if let Some(open) = snapshots.iter().find(|snapshot| snapshot.state != "completed") {
        return Ok(Seen::NotYet(format!("{} is {}", open.snapshot, open.state)));
    }
    let evidence = match evidence_kept(looking).await {
        Ok(kept) => kept,
        Err(reason) => return Ok(Seen::NotYet(reason)),
    };
    Ok(match heir_serves(looking).await? {
        Seen::Yes(learned) => Seen::Yes(Learned { evidence, ..learned }),
        other => other,
    })
}

/// Nothing is ended while its evidence bundle could not be kept: that is tried again.
async fn evidence_kept(looking: &Looking<'_>) -> Result<Option<(String, Digest)>, String> {
    let record = looking.record;
    let failed =
        |step: &StepRecord| step.step.does == Does::Collect(Evidence::Bundle) && step.state == StepState::Failed;
    if record.facts.evidence.is_some() || !record.steps.iter().any(failed) {
        return Ok(None);
    }
    match looking.host.collect(record, Evidence::Bundle).await {
        Ok(facts) => Ok(facts.evidence),
        Err(reason) => Err(format!("its evidence bundle cannot be kept: {reason}")),
    }
}

/// Whether the replacement still serves, or what replaced it in its turn: one that was itself replaced is no loss.
async fn heir_serves(looking: &Looking<'_>) -> Result<Seen, ReadError> {
    let mut record = looking.record.clone();
    let mut met = BTreeSet::from([record.instance.clone()]);
    loop {
        let Some(new) = record.facts.replacement.clone() else {
            return Ok(Seen::Never("there is no replacement".to_owned()));
        };
        let operations = looking.host.operations_of(&new);
        let later = operations.iter().find(|other| {
            let passed_on = matches!(other.status, OperationStatus::Retaining | OperationStatus::Done);
            let replaced = other.kind == OperationKind::Replace && other.instance == new;
            replaced && passed_on && other.facts.replacement.is_some()
        });
        if let Some(later) = later.filter(|_| met.insert(new.clone())) {
            record = later.clone();
            continue;
        }
        // It passes its checks behind a cut, too.
        if let Some(quarantine) = quarantined_by(&new, &operations) {
            return Ok(Seen::NotYet(format!("its replacement {new} is in quarantine by {}", quarantine.id)));
        }
        let state = looking.probe.instance(&record.place, &new).await?.map(|detail| detail.instance.state);
        if state.as_deref() != Some("running") {
            return Ok(Seen::NotYet(format!("its replacement {new} is {}", state.as_deref().unwrap_or("gone"))));
        }
        // It served when the old one was put away; what counts now is whether it still does.
        return Ok(match serving(&Looking { record: &record, ..*looking }).await? {
            Seen::Yes(_) => Seen::Yes(Learned::default()),
            other => other,
        });
    }
}

async fn cut(looking: &Looking<'_>) -> Result<Seen, ReadError> {
    let record = looking.record;
    let Some(detail) = looking.probe.instance(&record.place, &record.instance).await? else {
        return Ok(Seen::Never(format!("{} is gone", record.instance)));
    };
    if let Some(open) = still_open(&detail, record) {
        return Ok(Seen::NotYet(open));
    }
    let (proven, why) = match record.settings.cut {
        CutMode::Stop if detail.instance.state == "stopped" => (true, "it is stopped, and every interface is isolated"),
        CutMode::Stop => return Ok(Seen::NotYet(format!("it is {}", detail.instance.state))),
        CutMode::Idle => (
            false,
            "every interface is isolated, but connections tracked before may live until they have been idle; names can still be resolved",
        ),
        CutMode::Convert => (
            false,
            "connections were made untracked and cut; those through NAT, load balancers and endpoints are always tracked and may live on",
        ),
        CutMode::Nacl => (
            false,
            "the network ACL denies it, which traffic within its subnet never passes; names can still be resolved",
        ),
    };
    Ok(Seen::Yes(Learned { cut: Some(Cut { proven, why: why.to_owned() }), ..Learned::default() }))
}

fn still_open(detail: &InstanceDetail, record: &crate::remediate::OperationRecord) -> Option<String> {
    let isolation = &record.before.isolation_group;
    let open = detail.interfaces.iter().find(|interface| !interface.groups.iter().eq([isolation]));
    if let Some(interface) = open {
        return Some(format!("{} is not isolated", interface.id));
    }
    detail.addresses.first().map(|address| format!("{} still leads to it", address.public_ip))
}
