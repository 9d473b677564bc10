//! The steps of a containment: protect the evidence, cut the network, cut the identity.

use std::collections::{BTreeMap, BTreeSet};

use super::{Laid, own_tags};
use crate::remediate::{
    CURRENT, Condition, CutMode, Evidence, IdentityCut, InterfaceDetail, Step, Tracking, Who, WriteCall, role_denial,
    session_denial,
};

/// EC2's shortest times; a connection that is idle for longer is forgotten.
const SHORT: Tracking = Tracking { tcp_established_s: Some(60), udp_stream_s: Some(60), udp_s: None };
/// Long enough for a group change to reach the host before the next one.
const GROUP_CHANGE_S: u64 = 5;

/// Protects what is evidence: a shell on the host could otherwise power it off and have it deleted.
pub(super) fn protect(laid: &Laid<'_>) -> Vec<Step> {
    let detail = &laid.before.detail;
    let instance = laid.instance.clone();
    let mut steps = Vec::new();
    // Spot instances cannot be protected.
    if !detail.termination_protected && detail.instance.lifecycle.as_deref() != Some("spot") {
        let set = |on| WriteCall::SetTerminationProtection { instance: instance.clone(), on };
        steps.push(Step::call("protect-from-termination", "", set(true)).undone_by(set(false)));
    }
    if detail.ebs_root && detail.shutdown_behavior != "stop" {
        let set = |behavior: &str| WriteCall::SetShutdownBehavior {
            instance: instance.clone(),
            behavior: behavior.to_owned(),
        };
        steps.push(Step::call("stop-on-shutdown", "", set("stop")).undone_by(set(&detail.shutdown_behavior)));
    }
    let going: Vec<&str> = detail
        .instance
        .volumes
        .iter()
        .filter(|volume| volume.delete_on_termination == Some(true))
        .map(|volume| volume.device.as_str())
        .collect();
    if !going.is_empty() {
        let set = |delete| WriteCall::SetVolumesDeletion {
            instance: instance.clone(),
            devices: going.iter().map(|device| ((*device).to_owned(), delete)).collect(),
        };
        steps.push(Step::call("keep-volumes", "", set(false)).undone_by(set(true)));
    }
    for interface in detail.interfaces.iter().filter(|interface| interface.delete_on_termination) {
        let set = |delete| WriteCall::SetInterfaceDeletion {
            interface: interface.id.clone(),
            attachment: interface.attachment.clone(),
            delete,
        };
        steps.push(Step::call("keep-interface", interface.id.to_string(), set(false)).undone_by(set(true)));
    }
    steps
}

/// Snapshots and console output, before the cut: what is on the machine may react to it.
pub(super) fn preserve(laid: &Laid<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    if !laid.before.detail.instance.volumes.is_empty() {
        let tags = own_tags(laid);
        steps.push(Step::call(
            "snapshot-volumes",
            "",
            WriteCall::CreateSnapshots { instance: laid.instance.clone(), tags },
        ));
    }
    steps.push(Step::collect("console-output", Evidence::Console));
    steps
}

/// Cuts every interface off.
pub(super) fn cut_network(laid: &Laid<'_>) -> Vec<Step> {
    let detail = &laid.before.detail;
    let mut steps = Vec::new();
    for address in &detail.addresses {
        steps.push(
            Step::call(
                "release-address",
                &address.public_ip,
                WriteCall::DisassociateAddress { association: address.association.clone() },
            )
            .undone_by(WriteCall::AssociateAddress {
                allocation: address.allocation.clone(),
                interface: address.interface.clone(),
                private_ip: address.private_ip.clone(),
                take: false,
            }),
        );
    }
    for interface in &detail.interfaces {
        steps.push(shorten(interface));
    }
    if let (CutMode::Convert, Some(open)) = (laid.settings.cut, &laid.before.open_group) {
        for interface in &detail.interfaces {
            let groups =
                |groups: BTreeSet<_>| WriteCall::SetInterfaceGroups { interface: interface.id.clone(), groups };
            steps.push(
                Step::call("open-interface", interface.id.to_string(), groups(BTreeSet::from([open.clone()])))
                    .undone_by(groups(interface.groups.clone())),
            );
        }
        let settled = Condition::Settled { seconds: GROUP_CHANGE_S };
        steps.push(Step::wait("connections-untracked", "", settled, 60));
    }
    for interface in &detail.interfaces {
        steps.push(isolate(laid, interface));
    }
    if laid.settings.cut == CutMode::Nacl {
        steps.extend(deny_in_acls(laid));
    }
    steps
}

/// Swaps the groups of one interface for the isolating one: the whole set, per interface, so that instances with
/// several interfaces are covered and can be restored.
pub(super) fn isolate(laid: &Laid<'_>, interface: &InterfaceDetail) -> Step {
    let groups = |groups: BTreeSet<_>| WriteCall::SetInterfaceGroups { interface: interface.id.clone(), groups };
    let isolation = BTreeSet::from([laid.before.isolation_group.clone()]);
    Step::call("isolate-interface", interface.id.to_string(), groups(isolation))
        .undone_by(groups(interface.groups.clone()))
}

fn shorten(interface: &InterfaceDetail) -> Step {
    let set = |tracking| WriteCall::SetTracking { interface: interface.id.clone(), tracking };
    Step::call("shorten-tracking", interface.id.to_string(), set(SHORT))
        .undone_by(set(interface.tracking))
        // Only some instance types can; the cut does not depend on it.
        .if_possible()
}

fn deny_in_acls(laid: &Laid<'_>) -> Vec<Step> {
    let mut free: BTreeMap<&str, std::slice::Iter<'_, i32>> =
        laid.before.acls.iter().map(|(subnet, (_, rules))| (subnet.as_str(), rules.iter())).collect();
    let mut steps = Vec::new();
    for interface in &laid.before.detail.interfaces {
        let Some((acl, _)) = laid.before.acls.get(&interface.subnet) else { continue };
        let v4 = interface.private_ips.iter().map(|address| format!("{address}/32"));
        let v6 = interface.ipv6.iter().map(|address| format!("{address}/128"));
        for cidr in v4.chain(v6) {
            for egress in [false, true] {
                let Some(rule) = free.get_mut(interface.subnet.as_str()).and_then(Iterator::next) else { continue };
                let subject = format!("{acl} {} {cidr}", if egress { "to" } else { "from" });
                let deny = WriteCall::DenyInAcl { acl: acl.clone(), rule: *rule, egress, cidr: cidr.clone() };
                let undo = WriteCall::RemoveFromAcl { acl: acl.clone(), rule: *rule, egress, cidr: cidr.clone() };
                steps.push(Step::call("deny-in-acl", subject, deny).undone_by(undo));
            }
        }
    }
    steps
}

/// Takes the credentials away.
pub(super) fn cut_identity(laid: &Laid<'_>) -> Vec<Step> {
    if laid.settings.identity == IdentityCut::None {
        return Vec::new();
    }
    let Some((_, arn)) = &laid.before.detail.profile else { return Vec::new() };
    let instance = laid.instance.clone();
    let restore = WriteCall::ReplaceProfile {
        instance: instance.clone(),
        association: CURRENT.to_owned(),
        profile_arn: arn.clone(),
    };
    let association = CURRENT.to_owned();
    let mut steps = vec![
        match &laid.before.quarantine_profile {
            Some(quarantine) => Step::call(
                "replace-profile",
                "",
                WriteCall::ReplaceProfile { instance, association, profile_arn: quarantine.clone() },
            ),
            None => Step::call("drop-profile", "", WriteCall::DisassociateProfile { instance, association }),
        }
        .undone_by(restore),
    ];
    if let Some(role) = &laid.before.role {
        let denials = match laid.settings.identity {
            IdentityCut::None | IdentityCut::Profile => Vec::new(),
            IdentityCut::Session => vec![session_denial(&role.unique_id, laid.instance)],
            // This instance's own sessions in any case: those it gets until its profile is gone are younger.
            IdentityCut::Role => {
                vec![session_denial(&role.unique_id, laid.instance), role_denial(laid.operation, laid.begun_at)]
            }
        };
        for (policy, document) in denials {
            let put = WriteCall::PutRolePolicy { role: role.name.clone(), policy: policy.clone(), document };
            let delete = WriteCall::DeleteRolePolicy { role: role.name.clone(), policy };
            steps.push(Step::call("deny-sessions", &role.name, put).undone_by(delete));
        }
    }
    steps
}

/// Stops the instance: its memory is lost, every connection ends.
pub(super) fn stop(laid: &Laid<'_>) -> Vec<Step> {
    let instance = laid.instance.clone();
    let mut stop = Step::call("stop", "", WriteCall::Stop { instance: instance.clone() }).within(900);
    // One that somebody had stopped before stays stopped when this is undone.
    if matches!(laid.before.detail.instance.state.as_str(), "running" | "pending") {
        stop = stop.undone_by(WriteCall::Start { instance }).then_seen(Condition::StatusOk { who: Who::Old });
    }
    vec![stop, Step::wait("stopped", "", Condition::Stopped { who: Who::Old }, 900)]
}
