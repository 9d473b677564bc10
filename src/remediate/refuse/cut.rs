//! What the cuts need to be there, and what would make them worse than nothing.

use super::{Case, Refusal};
use crate::remediate::capture::acl;
use crate::remediate::{CutMode, IdentityCut};
use crate::types::OperationKind;

/// The isolating group exists and lets nothing through; and the instance does not carry it yet.
pub(super) fn isolation(case: &Case<'_>) -> Option<Refusal> {
    let name = &case.request.settings.isolation_group;
    let vpc = case.before.detail.vpc.as_deref().unwrap_or("its VPC");
    let Some(group) = &case.read.isolation else {
        return Some(Refusal::lasting(format!(
            "the security group `{name}` does not exist in {vpc}: create it there, without any rule"
        )));
    };
    if group.ingress + group.egress > 0 {
        return Some(Refusal::lasting(format!(
            "the security group `{name}` in {vpc} does not isolate: it has {} inbound and {} outbound rules; remove them, \
             IPv6 included",
            group.ingress, group.egress
        )));
    }
    let interfaces = &case.before.detail.interfaces;
    let isolated = !interfaces.is_empty()
        && interfaces.iter().all(|interface| interface.groups.len() == 1 && interface.groups.contains(&group.id));
    (isolated && case.request.kind == OperationKind::Quarantine).then(|| {
        Refusal::lasting("is isolated already: what it was before can only come from the operation that did it")
    })
}

/// The group that makes connections untracked does let everything through.
pub(super) fn open(case: &Case<'_>) -> Option<Refusal> {
    if !needs_open(case) {
        return None;
    }
    let name = &case.request.settings.open_group;
    let vpc = case.before.detail.vpc.as_deref().unwrap_or("its VPC");
    match &case.read.open {
        None => Some(Refusal::lasting(format!(
            "the cut `convert` needs the security group `{name}` in {vpc}: create it, or use another cut"
        ))),
        Some(group) if !group.open => Some(Refusal::lasting(format!(
            "the security group `{name}` in {vpc} does not let everything through both ways for IPv4 and IPv6, so \
             connections would stay tracked: add the rules, or use another cut"
        ))),
        Some(_) => None,
    }
}

/// `convert` opens the instance for some seconds.
pub(super) fn public(case: &Case<'_>) -> Option<Refusal> {
    if !needs_open(case) {
        return None;
    }
    let detail = &case.before.detail;
    let elastic = detail.addresses.iter().map(|address| address.public_ip.as_str());
    let ipv6 = detail.interfaces.iter().flat_map(|interface| interface.ipv6.iter().map(String::as_str));
    let public: Vec<&str> = elastic.chain(detail.auto_public_ip.as_deref()).chain(ipv6).collect();
    (!public.is_empty()).then(|| {
        Refusal::lasting(format!(
            "the cut `convert` would open {} to everybody for some seconds: use the cut `idle`, `nacl` or `stop`",
            public.join(", ")
        ))
    })
}

/// The network ACLs have room for the denying entries, in front of all others.
pub(super) fn acl(case: &Case<'_>) -> Option<Refusal> {
    if case.request.settings.cut != CutMode::Nacl || !case.contains() {
        return None;
    }
    let problems = acl::problems(&case.before.detail, &case.read.acls);
    (!problems.is_empty()).then(|| {
        Refusal::lasting(format!(
            "the cut `nacl` is not possible: {}; make room, or use another cut",
            problems.join(", ")
        ))
    })
}

/// The profile that a quarantined instance gets exists.
pub(super) fn profile(case: &Case<'_>) -> Option<Refusal> {
    let settings = case.request.settings;
    let name = settings.quarantine_profile.as_deref()?;
    let needed = case.contains() && settings.identity != IdentityCut::None;
    (needed && case.before.quarantine_profile.is_none()).then(|| {
        Refusal::lasting(format!(
            "the quarantine profile `{name}` does not exist in account {} or has no role: create it, or configure none",
            case.request.place.account
        ))
    })
}

fn needs_open(case: &Case<'_>) -> bool {
    case.contains() && case.request.settings.cut == CutMode::Convert
}
