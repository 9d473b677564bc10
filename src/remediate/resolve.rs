//! Fills in what a step could not know when it was laid out: the replacement, and ids that change with every
//! association and attachment.

use super::{
    CURRENT, InstanceDetail, OperationRecord, REPLACEMENT, REPLACEMENT_ADDRESS, REPLACEMENT_PRIMARY, WriteCall,
};
use crate::types::{EniId, InstanceId};

/// The two instances as they are now, as far as a call needs them.
#[derive(Clone, Debug, Default)]
pub(super) struct Sight {
    pub(super) old: Option<InstanceDetail>,
    pub(super) new: Option<InstanceDetail>,
}

impl Sight {
    fn both(&self) -> impl Iterator<Item = &InstanceDetail> {
        self.old.iter().chain(&self.new)
    }
}

fn addresses_of(detail: &InstanceDetail) -> impl Iterator<Item = &String> {
    detail.interfaces.iter().flat_map(|interface| &interface.private_ips)
}

/// Which instances must be looked at to resolve a call.
pub(super) fn needs(call: &WriteCall) -> (bool, bool) {
    let text = serde_json::to_string(call).unwrap_or_default();
    let named = |name: &str| text.contains(&format!("\"{name}\""));
    let moves = matches!(call, WriteCall::AssociateAddress { .. } | WriteCall::AssignPrivateIps { .. });
    let current = named(CURRENT) || moves;
    (current, current || named(REPLACEMENT_PRIMARY) || named(REPLACEMENT_ADDRESS))
}

/// Why a call cannot be made.
pub(super) type Unresolved = String;

/// The call with every stand-in replaced. `Ok(None)`: there is nothing to do any more (what was to be detached is
/// not attached).
pub(super) fn resolve(
    call: &WriteCall,
    record: &OperationRecord,
    sight: &Sight,
) -> Result<Option<WriteCall>, Unresolved> {
    let mut call = call.clone();
    match &mut call {
        WriteCall::CreateTags { resources, .. } | WriteCall::DeleteTags { resources, .. } => {
            for resource in resources.iter_mut().filter(|resource| *resource == REPLACEMENT) {
                *resource = new_id(record)?.to_string();
            }
        }
        WriteCall::SetInterfaceGroups { interface, .. } => resolve_interface(interface, sight)?,
        WriteCall::AssociateAddress { allocation, interface, take, .. } => {
            resolve_interface(interface, sight)?;
            let mut addresses = sight.both().flat_map(|detail| &detail.addresses);
            *take = addresses.any(|held| held.allocation == *allocation);
        }
        WriteCall::AssignPrivateIps { interface, addresses, take } => {
            resolve_interface(interface, sight)?;
            let held: Vec<&String> = sight.both().flat_map(addresses_of).collect();
            *take = addresses.iter().all(|address| held.contains(&address));
        }
        WriteCall::DisassociateAddress { .. } => {}
        WriteCall::DetachInterface { attachment, interface } => {
            if attachment == CURRENT {
                match current_attachment(interface, sight) {
                    Some(found) => *attachment = found,
                    None => return Ok(None),
                }
            }
        }
        WriteCall::RegisterTarget { target, .. } | WriteCall::DeregisterTarget { target, .. } => {
            if target == REPLACEMENT {
                *target = new_id(record)?.to_string();
            } else if target == REPLACEMENT_ADDRESS {
                *target = new_address(sight)?;
            }
        }
        WriteCall::ReplaceProfile { instance, association, profile_arn } => {
            if association == CURRENT {
                let profile = sight.old.as_ref().and_then(|detail| detail.profile.as_ref());
                match profile {
                    Some((found, _)) => association.clone_from(found),
                    // Somebody took it away meanwhile: what is wanted is the profile, not the replacing.
                    None => {
                        let (instance, profile_arn) = (instance.clone(), profile_arn.clone());
                        return Ok(Some(WriteCall::AssociateProfile { instance, profile_arn }));
                    }
                }
            }
        }
        WriteCall::DisassociateProfile { association, .. } => {
            if association == CURRENT {
                let profile = sight.old.as_ref().and_then(|detail| detail.profile.as_ref());
                match profile {
                    Some((found, _)) => association.clone_from(found),
                    None => return Ok(None),
                }
            }
        }
        WriteCall::SetTerminationProtection { instance, .. }
        | WriteCall::SetSourceDestCheck { instance, .. }
        | WriteCall::SetShutdownBehavior { instance, .. }
        | WriteCall::SetVolumesDeletion { instance, .. }
        | WriteCall::CreateSnapshots { instance, .. }
        | WriteCall::AttachInterface { instance, .. }
        | WriteCall::DetachVolume { instance, .. }
        | WriteCall::AttachVolume { instance, .. }
        | WriteCall::AssociateProfile { instance, .. }
        | WriteCall::SetMetadataOptions { instance, .. }
        | WriteCall::Stop { instance }
        | WriteCall::Start { instance }
        | WriteCall::Terminate { instance }
        | WriteCall::ReplaceRootVolume { instance, .. }
        | WriteCall::EnterStandby { instance, .. }
        | WriteCall::ExitStandby { instance, .. }
        | WriteCall::SetScaleInProtection { instance, .. }
        | WriteCall::DetachFromGroup { instance, .. }
        | WriteCall::AttachToGroup { instance, .. }
        | WriteCall::RefreshInventory { instance } => {
            if instance.as_str() == REPLACEMENT {
                *instance = new_id(record)?.clone();
            }
        }
        WriteCall::SetInterfaceDeletion { .. }
        | WriteCall::SetTracking { .. }
        | WriteCall::DenyInAcl { .. }
        | WriteCall::RemoveFromAcl { .. }
        | WriteCall::Launch(_)
        | WriteCall::LaunchInGroup { .. }
        | WriteCall::SetDesiredCapacity { .. }
        | WriteCall::PutRolePolicy { .. }
        | WriteCall::DeleteRolePolicy { .. } => {}
    }
    Ok(Some(call))
}

fn new_id(record: &OperationRecord) -> Result<&InstanceId, Unresolved> {
    record.facts.replacement.as_ref().ok_or_else(|| "there is no replacement".to_owned())
}

fn resolve_interface(interface: &mut EniId, sight: &Sight) -> Result<(), Unresolved> {
    if interface.as_str() == REPLACEMENT_PRIMARY {
        let primary = sight.new.as_ref().and_then(|detail| detail.interfaces.first());
        let primary = primary.ok_or("the replacement's primary interface is not known")?;
        *interface = primary.id.clone();
    }
    Ok(())
}

fn new_address(sight: &Sight) -> Result<String, Unresolved> {
    let primary = sight.new.as_ref().and_then(|detail| detail.interfaces.first());
    let address = primary.and_then(|interface| interface.private_ips.first());
    address.cloned().ok_or_else(|| "the replacement's address is not known".to_owned())
}

fn current_attachment(interface: &EniId, sight: &Sight) -> Option<String> {
    let interfaces = sight.both().flat_map(|detail| &detail.interfaces);
    interfaces.into_iter().find(|found| found.id == *interface).map(|found| found.attachment.clone())
}
