//! Replace: launch a proven copy of the golden, move what serves, and only then let the old instance go.

use super::{Laid, OPERATION_TAG, REPLACES_TAG, contain, mark, remark, tag, traffic};
use crate::remediate::{
    CURRENT, Condition, Evidence, LaunchRequest, REPLACEMENT, REPLACEMENT_ADDRESS, REPLACEMENT_PRIMARY, Step,
    TargetBefore, Who, WriteCall, data_volumes, replacement,
};
use crate::types::{EniId, Track};

/// How the replacement comes to be.
#[derive(Clone, Debug)]
pub(in crate::remediate) enum ReplaceIn {
    /// By a launch of its own.
    Launch(Box<LaunchRequest>),
    /// Through its Auto Scaling group, whose launch template is the golden.
    Group {
        /// Group.
        group: String,
        /// Subnet, so that it comes up in the same zone.
        subnet: String,
        /// Client token.
        token: String,
    },
}

/// The steps of a replacement. On the compromise track the instance is in quarantine already, by an operation of its
/// own: it serves nothing any more, so nothing is taken from it, and a replacement that fails leaves it contained.
pub(in crate::remediate) fn replace(laid: &Laid<'_>, how: &ReplaceIn) -> Vec<Step> {
    let contained = laid.track == Track::Compromise;
    let mut steps = if contained { Vec::new() } else { vec![mark(laid, "claim", "replacing")] };
    steps.extend(launch(laid, how));
    steps.extend(prove(laid));
    let data = !contained && laid.settings.moves.volumes && has_data(laid);
    if data {
        steps.extend(traffic::leave_targets(laid, true));
        steps.extend(contain::stop(laid));
        steps.extend(move_volumes(laid));
    }
    steps.extend(take_traffic(laid, how));
    steps.extend(move_addresses(laid, contained));
    steps.push(Step::wait("serving", "", Condition::Serving, laid.settings.traffic_s));
    if !contained {
        steps.extend(retire(laid, how, data));
    }
    let bake = laid.settings.bake_s.saturating_add(laid.settings.traffic_s);
    steps.push(Step::wait("baked", "", Condition::Baked, bake));
    steps.push(Step::collect("evidence-bundle", Evidence::Bundle));
    if !contained {
        steps.extend(put_away(laid, data));
    }
    let retained = remark(laid, "mark-retained", "retained");
    // Nothing of this operation marked it before; it goes back to what its quarantine said of it.
    steps.push(if contained { retained.undone_by(tag(laid, "quarantined")) } else { retained });
    steps.extend(end(laid, contained));
    steps
}

fn launch(laid: &Laid<'_>, how: &ReplaceIn) -> Vec<Step> {
    let new = || WriteCall::Terminate { instance: replacement() };
    match how {
        ReplaceIn::Launch(request) => {
            let launch = WriteCall::Launch(request.clone());
            let mut steps = vec![Step::call("launch", &request.zone, launch).undone_by(new()).within(600)];
            if let Some(on) = request.source_dest_check {
                let set = WriteCall::SetSourceDestCheck { instance: replacement(), on };
                steps.push(Step::call("set-source-dest-check", "", set));
            }
            steps
        }
        ReplaceIn::Group { group, subnet, token } => {
            let call = WriteCall::LaunchInGroup { group: group.clone(), subnet: subnet.clone(), token: token.clone() };
            let state = Some("InService".to_owned());
            let mut steps = scale_in_later(laid, group);
            steps.extend([
                Step::call("launch-in-group", group, call)
                    .undone_by(mark_replacement(laid))
                    // Out of the group first, or it would launch another in its place.
                    .undone_by(WriteCall::DetachFromGroup { group: group.clone(), instance: replacement() })
                    .undone_by(new())
                    .within(600),
                Step::call("mark-replacement", group, mark_replacement(laid)),
                Step::wait(
                    "in-service",
                    group,
                    Condition::InGroup { group: group.clone(), who: Who::New, state },
                    laid.settings.boot_s,
                ),
            ]);
            steps
        }
    }
}

/// What the way back needs after the replacement has left the group. One that had left by itself did not take along what
/// its launch added to the desired capacity: that is lowered, and the old instance is not the one that goes for it.
fn scale_in_later(laid: &Laid<'_>, group: &str) -> Vec<Step> {
    let Some(before) = &laid.before.group else { return Vec::new() };
    let protection =
        |on| WriteCall::SetScaleInProtection { group: group.to_owned(), instance: laid.instance.clone(), on };
    let desired = WriteCall::SetDesiredCapacity { group: group.to_owned(), desired: before.desired };
    let settled = Condition::ScaledIn { group: group.to_owned() };
    let lower = Step::nothing("scale-in-later", group).undone_by(desired);
    if before.protected.contains(laid.instance) {
        return vec![lower];
    }
    vec![
        Step::nothing("unprotect-later", group).undone_by(protection(false)),
        Step::nothing("scaled-in-later", group).then_seen(settled).within(300),
        lower,
        Step::nothing("protect-later", group).undone_by(protection(true)),
    ]
}

/// The same going forward, for an old instance that had left its group by itself: the group has launched a substitute for
/// it, or is about to, and the replacement is not the one that goes.
fn scale_in(laid: &Laid<'_>, group: &str) -> Vec<Step> {
    let Some(before) = &laid.before.group else { return Vec::new() };
    let protection = |on| WriteCall::SetScaleInProtection { group: group.to_owned(), instance: replacement(), on };
    let desired = WriteCall::SetDesiredCapacity { group: group.to_owned(), desired: before.desired };
    let mut steps = vec![
        Step::call("protect-replacement", group, protection(true)).if_possible(),
        Step::call("lower-capacity", group, desired).if_possible(),
    ];
    // Where the old one was protected its replacement stays so.
    if !before.protected.contains(laid.instance) {
        let settled = Condition::ScaledIn { group: group.to_owned() };
        steps.push(Step::wait("scaled-in", group, settled, 300));
        steps.push(Step::call("unprotect-replacement", group, protection(false)).if_possible());
    }
    steps
}

/// A launch of its own carries the mark from the start; a group's does not, and without the mark the enforcing role may
/// neither ask the replacement for its inventory nor end it.
fn mark_replacement(laid: &Laid<'_>) -> WriteCall {
    let tags = [(OPERATION_TAG, laid.operation.as_str()), (REPLACES_TAG, laid.instance.as_str())];
    let tags = tags.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    WriteCall::CreateTags { resources: vec![REPLACEMENT.to_owned()], tags }
}

fn prove(laid: &Laid<'_>) -> Vec<Step> {
    let settings = laid.settings;
    let who = Who::New;
    let mut steps = vec![Step::wait("status-checks", "", Condition::StatusOk { who }, settings.boot_s)];
    if settings.expect_inventory {
        steps.push(Step::wait("online", "", Condition::Online { who }, settings.boot_s));
        // Inventory would come by itself within half an hour; asking for it is faster, and for this node only.
        let refresh = WriteCall::RefreshInventory { instance: replacement() };
        steps.push(Step::call("refresh-inventory", "", refresh).if_possible());
    }
    steps.push(Step::wait("attested", "", Condition::Attested { who }, settings.attest_s));
    steps
}

fn has_data(laid: &Laid<'_>) -> bool {
    !data_volumes(&laid.before.detail).is_empty()
}

/// Registers it wherever the old instance was. A group registers its members itself, but not in target groups that
/// are not the group's.
fn take_traffic(laid: &Laid<'_>, how: &ReplaceIn) -> Vec<Step> {
    let by_group = |arn: &str| {
        matches!(how, ReplaceIn::Group { .. })
            && laid.before.group.as_ref().is_some_and(|group| group.target_groups.iter().any(|own| own == arn))
    };
    let mut steps = Vec::new();
    for before in &laid.before.targets {
        let TargetBefore { group, port, zone, .. } = before;
        let target = if before.by_address() { REPLACEMENT_ADDRESS } else { REPLACEMENT }.to_owned();
        if !by_group(group) {
            let register = WriteCall::RegisterTarget {
                group: group.clone(),
                target: target.clone(),
                port: *port,
                zone: zone.clone(),
            };
            let deregister = WriteCall::DeregisterTarget { group: group.clone(), target: target.clone(), port: *port };
            steps.push(Step::call("register", group, register).undone_by(deregister));
        }
        let healthy = Condition::Healthy { group: group.clone(), target, port: *port };
        steps.push(Step::wait("healthy", group, healthy, laid.settings.traffic_s));
    }
    steps
}

fn move_addresses(laid: &Laid<'_>, contained: bool) -> Vec<Step> {
    let (moves, detail) = (laid.settings.moves, &laid.before.detail);
    let primary = || EniId::new(REPLACEMENT_PRIMARY);
    let mut steps = Vec::new();
    if moves.addresses {
        for address in &detail.addresses {
            let to = |interface, private_ip| WriteCall::AssociateAddress {
                allocation: address.allocation.clone(),
                interface,
                private_ip,
                take: false,
            };
            let step = Step::call("move-address", &address.public_ip, to(primary(), None));
            // A contained instance does not get its address back; ending the replacement frees it.
            steps.push(if contained {
                step
            } else {
                step.undone_by(to(address.interface.clone(), address.private_ip.clone()))
            });
        }
    }
    if contained {
        return steps;
    }
    if let (true, Some(own)) = (moves.private_ips, detail.interfaces.first()) {
        let addresses: Vec<String> = own.private_ips.iter().skip(1).cloned().collect();
        if !addresses.is_empty() {
            let to = |interface| WriteCall::AssignPrivateIps { interface, addresses: addresses.clone(), take: false };
            steps.push(Step::call("move-private-ips", own.id.to_string(), to(primary())).undone_by(to(own.id.clone())));
        }
    }
    if moves.interfaces {
        for interface in detail.interfaces.iter().filter(|interface| interface.device_index > 0) {
            let attach = |instance| WriteCall::AttachInterface {
                interface: interface.id.clone(),
                instance,
                device_index: interface.device_index,
            };
            let detach =
                || WriteCall::DetachInterface { attachment: CURRENT.to_owned(), interface: interface.id.clone() };
            let subject = interface.id.to_string();
            steps.push(Step::call("detach-interface", &subject, detach()).undone_by(attach(laid.instance.clone())));
            steps.push(Step::call("attach-interface", &subject, attach(replacement())).undone_by(detach()));
        }
    }
    steps
}

/// Data volumes move while the old instance is stopped: a busy detach can hang or corrupt.
fn move_volumes(laid: &Laid<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    for volume in data_volumes(&laid.before.detail) {
        let attach =
            |instance| WriteCall::AttachVolume { volume: volume.id.clone(), instance, device: volume.device.clone() };
        let detach = |instance| WriteCall::DetachVolume { volume: volume.id.clone(), instance };
        let subject = volume.id.to_string();
        let free = Condition::VolumeFree { volume: volume.id.clone() };
        steps.push(
            Step::call("detach-volume", &subject, detach(laid.instance.clone()))
                .undone_by(attach(laid.instance.clone()))
                .within(900),
        );
        steps.push(Step::wait("volume-free", &subject, free.clone(), 900));
        steps.push(
            Step::call("attach-volume", &subject, attach(replacement()))
                .undone_by(detach(replacement()))
                .then_seen(free)
                .within(900),
        );
    }
    steps
}

fn leave_group(laid: &Laid<'_>, group: &str) -> Vec<Step> {
    let who = Who::Old;
    let (group, instance) = (group.to_owned(), laid.instance.clone());
    let member = |state| Condition::InGroup { group: group.clone(), who, state };
    vec![
        Step::call(
            "leave-group",
            &group,
            WriteCall::DetachFromGroup { group: group.clone(), instance: instance.clone() },
        )
        .undone_by(WriteCall::AttachToGroup { group: group.clone(), instance })
        .then_seen(member(Some("InService".to_owned())))
        .within(900),
        Step::wait("left-group", &group, member(None), 900),
    ]
}

/// Takes the old instance out of traffic. Its group lets go of it first: it would replace a member that drains.
fn retire(laid: &Laid<'_>, how: &ReplaceIn, already_left: bool) -> Vec<Step> {
    let mut steps = Vec::new();
    if let ReplaceIn::Group { group, .. } = how {
        steps.extend(leave_group(laid, group));
        steps.extend(scale_in(laid, group));
    }
    if !already_left {
        steps.extend(traffic::leave_targets(laid, true));
    }
    // What served a moment ago may not any more, and now there is nobody else.
    steps.push(Step::wait("still-serving", "", Condition::Serving, laid.settings.traffic_s));
    steps
}

/// Isolates and stops the old instance, for as long as it is kept.
fn put_away(laid: &Laid<'_>, stopped: bool) -> Vec<Step> {
    let moved = |device_index: i32| laid.settings.moves.interfaces && device_index > 0;
    let interfaces = laid.before.detail.interfaces.iter().filter(|interface| !moved(interface.device_index));
    let mut steps: Vec<Step> = interfaces.map(|interface| contain::isolate(laid, interface)).collect();
    if !stopped && laid.before.detail.ebs_root {
        steps.extend(contain::stop(laid));
    }
    steps
}

/// After the retention: one more look, then the end, one id in one call.
fn end(laid: &Laid<'_>, contained: bool) -> Vec<Step> {
    let instance = laid.instance.clone();
    let mut steps = vec![Step::wait("may-terminate", "", Condition::MayTerminate, 600)];
    let protected_by_us = contained
        && !laid.before.detail.termination_protected
        && laid.before.detail.instance.lifecycle.as_deref() != Some("spot");
    if protected_by_us {
        let set = |on| WriteCall::SetTerminationProtection { instance: instance.clone(), on };
        steps.push(Step::call("unprotect", "", set(false)).undone_by(set(true)));
    }
    steps.push(Step::call("terminate", "", WriteCall::Terminate { instance }));
    steps.push(Step::wait("terminated", "", Condition::Terminated { who: Who::Old }, 900));
    steps.into_iter().map(Step::after_retention).collect()
}
