//! What would be left behind with the old instance, or must not be taken from it.

use super::{Case, Refusal};
use crate::remediate::moving::{data_volumes, secondary_interfaces};

/// Data volumes move only when the fleet allows it, and never when others write to them too.
pub(super) fn volumes(case: &Case<'_>) -> Option<Refusal> {
    let volumes = data_volumes(&case.before.detail);
    if !case.launches() || volumes.is_empty() {
        return None;
    }
    if case.contained() {
        return Some(Refusal::lasting(
            "its data volumes stay with the contained instance as evidence: a replacement would come up without data",
        ));
    }
    if !case.request.settings.moves.volumes {
        let list: Vec<String> = volumes.iter().map(|volume| format!("{} ({})", volume.id, volume.device)).collect();
        return Some(Refusal::lasting(format!(
            "its data volumes {} would stay behind: allow it to `move` \"volumes\", which stops the old instance first, or \
             detach them",
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
        kept.push(format!("Elastic IP {} (allow it to `move` \"addresses\")", list.join(", ")));
    }
    // Only an Elastic IP can be taken from an instance in quarantine without opening it.
    let how = |what: &str| match case.contained() {
        true => "it stays with the contained instance".to_owned(),
        false => format!("allow it to `move` \"{what}\""),
    };
    let secondary = secondary_interfaces(detail);
    if (!moves.interfaces || case.contained()) && !secondary.is_empty() {
        let list: Vec<&str> = secondary.iter().map(|interface| interface.id.as_str()).collect();
        kept.push(format!("interface {} ({})", list.join(", "), how("interfaces")));
    }
    let primary = detail.interfaces.iter().find(|interface| interface.device_index == 0);
    let private: Vec<&str> =
        primary.into_iter().flat_map(|interface| interface.private_ips.iter().skip(1).map(String::as_str)).collect();
    if (!moves.private_ips || case.contained()) && !private.is_empty() {
        kept.push(format!("secondary address {} ({})", private.join(", "), how("private-ips")));
    }
    (!kept.is_empty()).then(|| Refusal::lasting(format!("would leave behind: {}", kept.join("; "))))
}

/// Only the primary address has a counterpart on the replacement.
pub(super) fn registered(case: &Case<'_>) -> Option<Refusal> {
    if !case.launches() {
        return None;
    }
    let primary = case.before.detail.interfaces.iter().find(|interface| interface.device_index == 0);
    let primary = primary.and_then(|interface| interface.private_ips.first());
    let other = case.before.targets.iter().find(|target| target.by_address() && Some(&target.target) != primary)?;
    Some(Refusal::lasting(format!(
        "is registered in {} by {}, which is not its primary address: register its primary address or its id instead, or \
         use `replace = \"root-volume\"`",
        other.group, other.target
    )))
}
