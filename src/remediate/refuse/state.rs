//! The instance itself: what it is, and what state it is in.

use super::{Case, Refusal};
use crate::remediate::data_volumes;
use crate::types::{OperationKind, Track};

/// On its way from one state to another.
pub(super) fn moving(case: &Case<'_>) -> Option<Refusal> {
    match case.before.detail.instance.state.as_str() {
        state @ ("pending" | "stopping") => Some(Refusal::passing(format!("is {state}: it is looked at again later"))),
        state @ ("shutting-down" | "terminated") => {
            Some(Refusal::lasting(format!("is {state}: nothing is left to do")))
        }
        _ => None,
    }
}

/// On the compromise track nothing is replaced before it is contained: a replacement alone would leave a host at large
/// that may be somebody else's.
pub(super) fn not_contained(case: &Case<'_>) -> Option<Refusal> {
    (case.request.kind == OperationKind::Replace && case.request.track == Track::Compromise).then(|| {
        Refusal::lasting(
            "is not in quarantine, which comes first on the compromise track: quarantine it, then replace it",
        )
    })
}

/// Its disks are evidence, and whoever was in it may be in more than its root volume.
pub(super) fn evidence_in_place(case: &Case<'_>) -> Option<Refusal> {
    case.in_place().then(|| {
        Refusal::lasting(
            "is in quarantine, and evidence is not replaced in place: use `replace = \"launch\"`, or replace it by hand",
        )
    })
}

/// A persistent request launches again what is terminated, and EC2 takes a spot instance back in two minutes.
pub(super) fn spot(case: &Case<'_>) -> Option<Refusal> {
    if case.before.detail.instance.lifecycle.as_deref() != Some("spot") {
        return None;
    }
    if case.request.kind == OperationKind::Replace {
        return Some(Refusal::lasting(
            "is a spot instance: cancel its spot request and let its owner launch again; it can be quarantined",
        ));
    }
    case.stops().then(|| {
        Refusal::lasting("is a spot instance, which the cut `stop` may terminate: use the cut `idle` or `nacl`")
    })
}

/// Capacity that was bought for a time or a size: a second instance has no place in it.
pub(super) fn reserved(case: &Case<'_>) -> Option<Refusal> {
    let lifecycle = case.before.detail.instance.lifecycle.as_deref().filter(|lifecycle| *lifecycle != "spot")?;
    case.launches().then(|| {
        Refusal::lasting(format!(
            "runs in {lifecycle} capacity, in which a second instance has no place: use `replace = \"root-volume\"`"
        ))
    })
}

/// The new instance would need room beside the old one on the same host.
pub(super) fn dedicated_host(case: &Case<'_>) -> Option<Refusal> {
    let placement = &case.before.detail.placement;
    let on_host = placement.host.is_some() || placement.tenancy.as_deref() == Some("host");
    (on_host && case.launches()).then(|| {
        let host = placement.host.as_deref().unwrap_or("a dedicated host");
        Refusal::lasting(format!(
            "runs on {host}, where room for a second instance cannot be assumed: use `replace = \"root-volume\"`, or \
             move it off the host"
        ))
    })
}

/// Stop protection is somebody's decision; it is never cleared in passing.
pub(super) fn stop_protected(case: &Case<'_>) -> Option<Refusal> {
    (case.before.detail.stop_protected && case.stops()).then(|| {
        Refusal::lasting(
            "is protected against stopping (disableApiStop): clear that, or use a cut or a way to replace it without a stop",
        )
    })
}

/// A root on instance store cannot be stopped or replaced.
pub(super) fn instance_store_root(case: &Case<'_>) -> Option<Refusal> {
    // After its replacement it is kept running, isolated.
    let moves_data =
        case.launches() && case.request.settings.moves.volumes && !data_volumes(&case.before.detail).is_empty();
    (!case.before.detail.ebs_root && (case.stop_cut() || case.in_place() || moves_data)).then(|| {
        Refusal::lasting(
            "its root is instance store: it can neither be stopped nor replaced in place; use the cut `idle` or `nacl`, `replace = \"launch\"` and no `move` of volumes",
        )
    })
}

/// A stop that is meant to preserve must not lose disks.
pub(super) fn instance_store(case: &Case<'_>) -> Option<Refusal> {
    (case.stop_cut() && case.before.detail.ebs_root && case.before.detail.instance_store).then(|| {
        Refusal::lasting("has instance-store disks, which the cut `stop` would lose: use the cut `idle` or `nacl`")
    })
}

/// EC2 replaces the root volume of a running instance only.
pub(super) fn not_running(case: &Case<'_>) -> Option<Refusal> {
    let state = case.before.detail.instance.state.as_str();
    (case.in_place() && state == "stopped")
        .then(|| Refusal::lasting("is stopped: its root volume can only be replaced while it runs; start it"))
}
