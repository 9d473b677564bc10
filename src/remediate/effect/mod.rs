//! Done-probes: whether a call's effect is in place. AWS is asked; the journal only says what was attempted.

mod instance;
pub(super) use instance::is_ending;
mod membership;
mod network;
pub(super) use network::acl_entries;
mod storage;

use super::{CloudProbe, OperationRecord, WriteCall};
use crate::collect::ReadError;
use crate::types::InstanceId;

/// What was found on the way that must be remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// The launched instance.
    pub(super) instance: Option<InstanceId>,
    /// A task.
    pub(super) task: Option<String>,
    /// Snapshots.
    pub(super) snapshots: Vec<String>,
}

/// Whether the effect of a call is in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// It is.
    InPlace(Found),
    /// It is not, or not visible yet.
    Absent,
    /// It is not and cannot be any more.
    Impossible(String),
    /// AWS shows no trace of it: the answer to the call is all there is.
    Unseen,
}

impl Effect {
    fn when(done: bool) -> Self {
        if done { Self::InPlace(Found::default()) } else { Self::Absent }
    }
}

/// Asks whether a resolved call is done.
pub(super) async fn effect(
    probe: &dyn CloudProbe,
    record: &OperationRecord,
    call: &WriteCall,
) -> Result<Effect, ReadError> {
    let asked = Asked { probe, record };
    match call {
        WriteCall::CreateTags { .. }
        | WriteCall::DeleteTags { .. }
        | WriteCall::SetTerminationProtection { .. }
        | WriteCall::SetShutdownBehavior { .. }
        | WriteCall::SetSourceDestCheck { .. }
        | WriteCall::ReplaceProfile { .. }
        | WriteCall::AssociateProfile { .. }
        | WriteCall::DisassociateProfile { .. }
        | WriteCall::SetMetadataOptions { .. }
        | WriteCall::Stop { .. }
        | WriteCall::Start { .. }
        | WriteCall::Terminate { .. }
        | WriteCall::Launch(_) => instance::effect(&asked, call).await,
        WriteCall::SetVolumesDeletion { .. }
        | WriteCall::CreateSnapshots { .. }
        | WriteCall::DetachVolume { .. }
        | WriteCall::AttachVolume { .. }
        | WriteCall::ReplaceRootVolume { .. } => storage::effect(&asked, call).await,
        WriteCall::SetInterfaceDeletion { .. }
        | WriteCall::SetInterfaceGroups { .. }
        | WriteCall::SetTracking { .. }
        | WriteCall::AssociateAddress { .. }
        | WriteCall::DisassociateAddress { .. }
        | WriteCall::DenyInAcl { .. }
        | WriteCall::RemoveFromAcl { .. }
        | WriteCall::AssignPrivateIps { .. }
        | WriteCall::DetachInterface { .. }
        | WriteCall::AttachInterface { .. } => network::effect(&asked, call).await,
        WriteCall::RegisterTarget { .. }
        | WriteCall::DeregisterTarget { .. }
        | WriteCall::LaunchInGroup { .. }
        | WriteCall::EnterStandby { .. }
        | WriteCall::ExitStandby { .. }
        | WriteCall::SetScaleInProtection { .. }
        | WriteCall::SetDesiredCapacity { .. }
        | WriteCall::DetachFromGroup { .. }
        | WriteCall::AttachToGroup { .. }
        | WriteCall::PutRolePolicy { .. }
        | WriteCall::DeleteRolePolicy { .. } => membership::effect(&asked, call).await,
        WriteCall::RefreshInventory { .. } => Ok(Effect::Unseen),
    }
}

/// What the probes of one call share.
struct Asked<'a> {
    probe: &'a dyn CloudProbe,
    record: &'a OperationRecord,
}
