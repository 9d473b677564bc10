//! What would be left behind with the old instance, or must not be taken from it.

use super::{Case, Refusal};
use crate::remediate::moving::{data_volumes, secondary_interfaces};

/// Data volumes move only when the fleet allows it, and never when others write to them too.
pub(super) fn volumes(case: &Case<'_>) -> Option<Refusal> {
    let volumes = data_volumes(&case.before.detail);
    if !case.launches() || volumes.is_empty() {
        return None;
    }
    if !case.request.settings.moves.volumes {
        let list: Vec<String> = volumes.iter().map(|volume| format!("{} ({})", volume.id, volume.device)).collect();
        return Some(Refusal::lasting(format!(
            "its data volumes {} would stay behind: allow `moves.volumes`, which stops the old instance first, or detach \
             them",
            list.join(", ")
        )));
    }
    let described = |id| case.read.volumes.iter().find(|known| known.volume == id);
    let unknown: Vec<&str> = volumes
        .iter()
        .filter(|volume| described(volume.id.clone()).is_none())
        .map(|volume| volume.id.as_str())
        .collect();
    if !unknown.is_empty() {
        return Some(Refusal::passing(format!("EC2 does not describe {}", unknown.join(", "))));
    }
    let shared: Vec<&str> = case.read.volumes.iter().filter(|v| v.multi_attach).map(|v| v.volume.as_str()).collect();
    (!shared.is_empty()).then(|| {
        Refusal::lasting(format!(
            "{} can be attached to several instances, so others may be writing to it: move it by hand",
            shared.join(", ")
        ))
    })
}

/// Addresses and interfaces move only when the fleet allows it.
pub(super) fn network(case: &Case<'_>) -> Option<Refusal> {
    if !case.launches() {
        return None;
    }
    let (detail, moves) = (&case.before.detail, case.request.settings.moves);
    let mut kept = Vec::new();
    if !moves.addresses && !detail.addresses.is_empty() {
        let list: Vec<&str> = detail.addresses.iter().map(|address| address.public_ip.as_str()).collect();
        kept.push(format!("Elastic IP {} (allow `moves.addresses`)", list.join(", ")));
    }
    let secondary = secondary_interfaces(detail);
    if !moves.interfaces && !secondary.is_empty() {
        let list: Vec<&str> = secondary.iter().map(|interface| interface.id.as_str()).collect();
        kept.push(format!("interface {} (allow `moves.interfaces`)", list.join(", ")));
    }
    let primary = detail.interfaces.iter().find(|interface| interface.device_index == 0);
    let private: Vec<&str> =
        primary.into_iter().flat_map(|interface| interface.private_ips.iter().skip(1).map(String::as_str)).collect();
    if !moves.private_ips && !private.is_empty() {
        kept.push(format!("secondary address {} (allow `moves.private_ips`)", private.join(", ")));
    }
    (!kept.is_empty()).then(|| Refusal::lasting(format!("would leave behind: {}", kept.join("; "))))
}
