//! The calls of [`WriteCall`]: one API call each, never repeated here. One file is one family.

mod autoscaling;
mod ec2_attributes;
mod ec2_launch;
mod ec2_moves;
mod ec2_network;
mod ec2_profile;
mod ec2_state;
mod ec2_storage;
mod elb;
mod error;
mod iam;
mod inventory;

use std::error::Error;
use std::future::Future;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;

pub(super) use self::error::before;
use super::clients::PlaceClients;
use super::throttle::Family;
use crate::remediate::{
    Answered, CURRENT, Output, REPLACEMENT, REPLACEMENT_PRIMARY, WriteCall, WriteError, WriteFailure,
};

/// Whether to make a call, or to ask whether it would be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Intent {
    Make,
    Rehearse,
}

/// One call that is to be made.
pub(super) struct Ask<'a> {
    pub(super) clients: &'a PlaceClients,
    pub(super) intent: Intent,
    pub(super) call: &'a WriteCall,
    /// The text that a launch names by digest.
    pub(super) user_data: Option<&'a [u8]>,
    /// The inventory associations of the node that is to run them.
    pub(super) associations: Vec<String>,
}

impl Ask<'_> {
    /// `DryRun` of an EC2 request.
    fn dry_run(&self) -> Option<bool> {
        (self.intent == Intent::Rehearse).then_some(true)
    }

    /// Waits for a token, makes the call, and keeps AWS's request id.
    async fn send<T, E>(
        &self,
        family: Family,
        request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<(Option<String>, T), WriteError>
    where
        T: RequestId,
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let answer = self.clients.attempt(family, request).await;
        let answer = answer.map_err(|error| error::write_error(self.call.api(), &self.clients.place, &error))?;
        Ok((answer.request_id().map(str::to_owned), answer))
    }

    /// The same, where nothing of the answer is needed.
    async fn done<T, E>(
        &self,
        family: Family,
        request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<Answered, WriteError>
    where
        T: RequestId,
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let (request_id, _) = self.send(family, request).await?;
        Ok(Answered { request_id, output: Output::Nothing })
    }

    /// A call that cannot be made as it is.
    fn failed(&self, failure: WriteFailure, detail: impl Into<String>) -> WriteError {
        WriteError { api: self.call.api(), place: self.clients.place.clone(), failure, detail: detail.into() }
    }
}

/// Makes the call, or rehearses it.
pub(super) async fn perform(ask: &Ask<'_>) -> Result<Answered, WriteError> {
    match ask.call {
        WriteCall::CreateTags { .. }
        | WriteCall::DeleteTags { .. }
        | WriteCall::Stop { .. }
        | WriteCall::Start { .. }
        | WriteCall::Terminate { .. } => ec2_state::perform(ask).await,
        WriteCall::SetTerminationProtection { .. }
        | WriteCall::SetShutdownBehavior { .. }
        | WriteCall::SetSourceDestCheck { .. }
        | WriteCall::SetVolumesDeletion { .. }
        | WriteCall::SetMetadataOptions { .. } => ec2_attributes::perform(ask).await,
        WriteCall::SetInterfaceDeletion { .. }
        | WriteCall::SetInterfaceGroups { .. }
        | WriteCall::SetTracking { .. }
        | WriteCall::DenyInAcl { .. }
        | WriteCall::RemoveFromAcl { .. } => ec2_network::perform(ask).await,
        WriteCall::AssociateAddress { .. }
        | WriteCall::DisassociateAddress { .. }
        | WriteCall::AssignPrivateIps { .. }
        | WriteCall::DetachInterface { .. }
        | WriteCall::AttachInterface { .. } => ec2_moves::perform(ask).await,
        WriteCall::CreateSnapshots { .. }
        | WriteCall::DetachVolume { .. }
        | WriteCall::AttachVolume { .. }
        | WriteCall::ReplaceRootVolume { .. } => ec2_storage::perform(ask).await,
        WriteCall::ReplaceProfile { .. }
        | WriteCall::AssociateProfile { .. }
        | WriteCall::DisassociateProfile { .. } => ec2_profile::perform(ask).await,
        WriteCall::Launch(request) => ec2_launch::run_instance(ask, request).await,
        WriteCall::RegisterTarget { .. } | WriteCall::DeregisterTarget { .. } => elb::perform(ask).await,
        WriteCall::LaunchInGroup { .. }
        | WriteCall::EnterStandby { .. }
        | WriteCall::ExitStandby { .. }
        | WriteCall::SetScaleInProtection { .. }
        | WriteCall::SetDesiredCapacity { .. }
        | WriteCall::DetachFromGroup { .. }
        | WriteCall::AttachToGroup { .. } => autoscaling::perform(ask).await,
        WriteCall::PutRolePolicy { .. } | WriteCall::DeleteRolePolicy { .. } => iam::perform(ask).await,
        WriteCall::RefreshInventory { instance } => inventory::refresh(ask, instance).await,
    }
}

/// Asks whether the call would be allowed.
pub(super) async fn rehearse(ask: &Ask<'_>) -> Result<(), WriteError> {
    match perform(ask).await {
        Err(error) if error::is_rehearsed(&error) => Ok(()),
        answer => answer.map(|_| ()),
    }
}

/// Whether the API can be asked: most of EC2 can (`DryRun`), the other services cannot. A call that still names
/// something that is not there yet cannot be asked about either.
pub(super) fn can_rehearse(call: &WriteCall) -> bool {
    let asks = call.api().starts_with("ec2:")
        && !matches!(
            call,
            WriteCall::ReplaceProfile { .. }
                | WriteCall::AssociateProfile { .. }
                | WriteCall::DisassociateProfile { .. }
                | WriteCall::AssignPrivateIps { .. }
        );
    asks && !serde_json::to_value(call).is_ok_and(|value| names_a_stand_in(&value))
}

fn names_a_stand_in(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::String(text) => [REPLACEMENT, REPLACEMENT_PRIMARY, CURRENT].contains(&text.as_str()),
        serde_json::Value::Array(items) => items.iter().any(names_a_stand_in),
        serde_json::Value::Object(fields) => fields.values().any(names_a_stand_in),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remediate::replacement;

    #[test]
    fn only_what_has_a_dry_run_is_rehearsed() {
        assert!(can_rehearse(&WriteCall::Stop { instance: "i-1".into() }));
        assert!(!can_rehearse(&WriteCall::Stop { instance: replacement() }), "there is no such instance yet");
        let association = "iip-assoc-1".to_owned();
        assert!(!can_rehearse(&WriteCall::DisassociateProfile { instance: "i-1".into(), association }));
        let (group, instance) = ("web".to_owned(), "i-1".into());
        assert!(!can_rehearse(&WriteCall::EnterStandby { group, instance, decrement: false }));
    }
}
