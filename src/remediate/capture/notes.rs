//! What people should know of an operation although nothing stands against it.

use super::CaptureRequest;
use crate::remediate::moving::data_volumes;
use crate::remediate::refuse::contains;
use crate::remediate::{BeforeImage, CutMode, IdentityCut, Method};
use crate::types::{OperationKind, Track};

/// What people should know before the operation begins, although nothing stands against it.
pub(in crate::remediate) fn notes(before: &BeforeImage, request: &CaptureRequest<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    if contains(request) {
        network(before, request, &mut notes);
        identity(before, request, &mut notes);
    }
    if request.kind == OperationKind::Replace {
        replacement(before, request, &mut notes);
    }
    notes
}

fn network(before: &BeforeImage, request: &CaptureRequest<'_>, notes: &mut Vec<String>) {
    notes.push(
        match request.settings.cut {
            CutMode::Idle => "connections that are open already end only when they have been idle (cut `idle`)",
            CutMode::Convert => {
                "connections through NAT gateways, Network Load Balancers and endpoints stay tracked (cut `convert`)"
            }
            CutMode::Nacl => "traffic inside its subnet is not cut by network ACLs (cut `nacl`)",
            CutMode::Stop => "memory is lost when it stops (cut `stop`)",
        }
        .to_owned(),
    );
    if request.settings.cut != CutMode::Stop {
        notes.push(
            "the VPC's resolver, instance metadata and time service stay reachable: security groups do not filter them"
                .to_owned(),
        );
    }
    if !before.targets.is_empty() {
        notes.push(
            "clients see broken connections, not a drain, where it is isolated before it has left its target groups"
                .to_owned(),
        );
    }
    if let Some(group) = before.group.as_ref().filter(|_| before.no_substitute) {
        notes.push(format!(
            "the Auto Scaling group {} launches no substitute, which might not be the golden: it wants one less until the \
             instance is released",
            group.name
        ));
    }
    if !before.detail.ebs_root {
        notes.push("its root is instance store, so no snapshot of it can be taken".to_owned());
    }
}

fn identity(before: &BeforeImage, request: &CaptureRequest<'_>, notes: &mut Vec<String>) {
    let role = before.role.as_ref();
    let name = role.map_or("its role", |role| role.name.as_str());
    match request.settings.identity {
        IdentityCut::None => notes.push("its credentials stay valid (identity cut `none`)".to_owned()),
        _ if before.detail.profile.is_none() => {}
        IdentityCut::Profile => {
            notes.push(format!("credentials of {name} issued already stay valid until they expire"));
        }
        _ if role.is_none() => {
            notes.push("the role behind its profile was not found, so its sessions cannot be denied".to_owned());
        }
        IdentityCut::Session => {}
        IdentityCut::Role => {
            let others = role.map_or(0, |role| role.users.saturating_sub(1));
            notes.push(format!(
                "every session of {name} issued until now is denied: {others} other instances of this account and region use \
                 it, and lose their credentials until they are refreshed"
            ));
        }
    }
}

fn replacement(before: &BeforeImage, request: &CaptureRequest<'_>, notes: &mut Vec<String>) {
    let (detail, settings) = (&before.detail, request.settings);
    if settings.method == Method::RootVolume {
        notes.push("the server is out of service while its root volume is replaced".to_owned());
        return;
    }
    let volumes: Vec<&str> = data_volumes(detail).iter().map(|volume| volume.id.as_str()).collect();
    if !volumes.is_empty() {
        notes.push(format!(
            "{} move: the server is out of service from the stop of the old one until they are attached",
            volumes.join(", ")
        ));
    }
    if before.targets.iter().any(super::super::TargetBefore::by_address) {
        notes.push(
            "it is registered by address: the replacement's own primary address is registered in its place; a server whose \
             address must stay needs `replace = \"root-volume\"`"
                .to_owned(),
        );
    }
    if let Some(address) = &detail.auto_public_ip {
        notes.push(format!("its public address {address} is no Elastic IP and is lost"));
    }
    if detail.interfaces.iter().any(|interface| interface.device_index == 0 && !interface.ipv6.is_empty()) {
        notes.push("the replacement gets IPv6 addresses of its own".to_owned());
    }
    // One in quarantine is not stopped before its end.
    if detail.instance_store && request.track == Track::Hygiene {
        notes.push("its instance-store disks are lost when it is stopped after the replacement".to_owned());
    }
}
