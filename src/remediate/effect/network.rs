//! Calls on interfaces, addresses and network ACLs.

use super::{Asked, Effect};
use crate::collect::ReadError;
use crate::remediate::capture::acl::denies;
use crate::remediate::{AclEntry, CloudProbe, InstanceDetail, InterfaceDetail, OperationRecord, WriteCall};
use crate::types::EniId;

pub(super) async fn effect(asked: &Asked<'_>, call: &WriteCall) -> Result<Effect, ReadError> {
    match call {
        WriteCall::SetInterfaceDeletion { interface, delete, .. } => {
            on(asked, interface, |found| found.delete_on_termination == *delete).await
        }
        WriteCall::SetInterfaceGroups { interface, groups } => {
            on(asked, interface, |found| found.groups == *groups).await
        }
        WriteCall::SetTracking { interface, tracking } => {
            on(asked, interface, |found| found.tracking == *tracking).await
        }
        WriteCall::AssignPrivateIps { interface, addresses, .. } => {
            on(asked, interface, |found| addresses.iter().all(|address| found.private_ips.contains(address))).await
        }
        WriteCall::AssociateAddress { allocation, interface, .. } => {
            let details = both(asked).await?;
            let mut addresses = details.iter().flat_map(|detail| &detail.addresses);
            Ok(Effect::when(addresses.any(|found| found.allocation == *allocation && found.interface == *interface)))
        }
        WriteCall::DisassociateAddress { association } => {
            let details = both(asked).await?;
            let mut addresses = details.iter().flat_map(|detail| &detail.addresses);
            Ok(Effect::when(!addresses.any(|found| found.association == *association)))
        }
        WriteCall::DetachInterface { interface, attachment } => {
            let details = both(asked).await?;
            let mut interfaces = details.iter().flat_map(|detail| &detail.interfaces);
            Ok(Effect::when(!interfaces.any(|found| found.id == *interface && found.attachment == *attachment)))
        }
        WriteCall::AttachInterface { interface, instance, .. } => {
            let details = both(asked).await?;
            let holder = details.iter().find(|detail| detail.instance.id == *instance);
            Ok(Effect::when(holder.is_some_and(|detail| detail.interfaces.iter().any(|own| own.id == *interface))))
        }
        WriteCall::DenyInAcl { acl, rule, egress, cidr } => {
            let entries = acl_entries(asked.probe, asked.record, acl).await?;
            let same = |entry: &AclEntry| entry.rule == *rule && entry.egress == *egress;
            Ok(match entries.into_iter().find(same) {
                Some(entry) if denies(&entry, cidr) => Effect::when(true),
                Some(_) => Effect::Impossible(format!("rule {rule} of {acl} was taken by somebody else")),
                None => Effect::Absent,
            })
        }
        WriteCall::RemoveFromAcl { acl, rule, egress, cidr } => {
            let mut entries = acl_entries(asked.probe, asked.record, acl).await?.into_iter();
            let ours = |entry: AclEntry| entry.rule == *rule && entry.egress == *egress && denies(&entry, cidr);
            Ok(Effect::when(!entries.any(ours)))
        }
        _ => Ok(Effect::Unseen),
    }
}

async fn both(asked: &Asked<'_>) -> Result<Vec<InstanceDetail>, ReadError> {
    let mut found = Vec::new();
    for id in [Some(&asked.record.instance), asked.record.facts.replacement.as_ref()].into_iter().flatten() {
        found.extend(asked.probe.instance(&asked.record.place, id).await?);
    }
    Ok(found)
}

async fn on(
    asked: &Asked<'_>,
    interface: &EniId,
    done: impl Fn(&InterfaceDetail) -> bool + Send,
) -> Result<Effect, ReadError> {
    let details = both(asked).await?;
    let found = details.iter().flat_map(|detail| &detail.interfaces).find(|found| found.id == *interface);
    Ok(match found {
        Some(found) => Effect::when(done(found)),
        None => Effect::Impossible(format!("{interface} is attached to neither instance")),
    })
}

/// The entries of a network ACL of the instance's subnets.
pub(in crate::remediate) async fn acl_entries(
    probe: &dyn CloudProbe,
    record: &OperationRecord,
    acl: &str,
) -> Result<Vec<AclEntry>, ReadError> {
    let subnet = record.before.acls.iter().find(|(_, (known, _))| known == acl).map(|(subnet, _)| subnet);
    let Some(subnet) = subnet else { return Ok(Vec::new()) };
    let found = probe.subnet_acl(&record.place, subnet).await?;
    Ok(found.filter(|detail| detail.acl == acl).map(|detail| detail.entries).unwrap_or_default())
}
