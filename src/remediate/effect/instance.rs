//! Calls on instances as a whole.

use super::{Asked, Effect, Found};
use crate::collect::ReadError;
use crate::remediate::{InstanceDetail, WriteCall};
use crate::types::InstanceId;

pub(super) async fn effect(asked: &Asked<'_>, call: &WriteCall) -> Result<Effect, ReadError> {
    match call {
        WriteCall::CreateTags { resources, tags } => {
            with_each(asked, resources, |detail| {
                tags.iter().all(|(key, value)| detail.instance.tags.get(key) == Some(value))
            })
            .await
        }
        WriteCall::DeleteTags { resources, keys } => {
            with_each(asked, resources, |detail| keys.iter().all(|key| !detail.instance.tags.contains_key(key))).await
        }
        WriteCall::SetTerminationProtection { instance, on } => {
            with(asked, instance, |detail| detail.termination_protected == *on).await
        }
        WriteCall::SetShutdownBehavior { instance, behavior } => {
            with(asked, instance, |detail| detail.shutdown_behavior == *behavior).await
        }
        WriteCall::SetSourceDestCheck { instance, on } => {
            with(asked, instance, |detail| detail.instance.source_dest_check == Some(*on)).await
        }
        WriteCall::ReplaceProfile { instance, profile_arn, .. }
        | WriteCall::AssociateProfile { instance, profile_arn } => {
            with(asked, instance, |detail| detail.profile.as_ref().is_some_and(|(_, arn)| arn == profile_arn)).await
        }
        WriteCall::DisassociateProfile { instance, .. } => {
            with(asked, instance, |detail| detail.profile.is_none()).await
        }
        WriteCall::SetMetadataOptions { instance, options } => {
            with(asked, instance, |detail| detail.instance.metadata_options == *options).await
        }
        WriteCall::Stop { instance } => {
            with(asked, instance, |detail| matches!(detail.instance.state.as_str(), "stopping" | "stopped")).await
        }
        WriteCall::Start { instance } => {
            with(asked, instance, |detail| matches!(detail.instance.state.as_str(), "pending" | "running")).await
        }
        WriteCall::Terminate { instance } => {
            let detail = asked.probe.instance(&asked.record.place, instance).await?;
            Ok(Effect::when(detail.is_none_or(|detail| is_ending(&detail))))
        }
        WriteCall::Launch(request) => launched(asked, &request.token).await,
        _ => Ok(Effect::Unseen),
    }
}

pub(in crate::remediate) fn is_ending(detail: &InstanceDetail) -> bool {
    matches!(detail.instance.state.as_str(), "shutting-down" | "terminated")
}

/// Looks at one instance. One that is gone can have nothing done to it.
pub(super) async fn with(
    asked: &Asked<'_>,
    instance: &InstanceId,
    done: impl Fn(&InstanceDetail) -> bool + Send,
) -> Result<Effect, ReadError> {
    let detail = asked.probe.instance(&asked.record.place, instance).await?;
    Ok(match detail {
        Some(detail) if is_ending(&detail) => Effect::Impossible(format!("{instance} is {}", detail.instance.state)),
        Some(detail) => Effect::when(done(&detail)),
        // A new instance may not be visible yet; an old one that EC2 does not know is gone.
        None if asked.record.facts.replacement.as_ref() == Some(instance) => Effect::Absent,
        None => Effect::Impossible(format!("{instance} is gone")),
    })
}

async fn with_each(
    asked: &Asked<'_>,
    resources: &[String],
    done: impl Fn(&InstanceDetail) -> bool + Send + Sync,
) -> Result<Effect, ReadError> {
    for resource in resources {
        let effect = with(asked, &InstanceId::new(resource), &done).await?;
        if !matches!(effect, Effect::InPlace(_)) {
            return Ok(effect);
        }
    }
    Ok(Effect::InPlace(Found::default()))
}

async fn launched(asked: &Asked<'_>, token: &str) -> Result<Effect, ReadError> {
    let found = asked.probe.launched_with(&asked.record.place, token).await?;
    let live = found.iter().find(|(_, state)| !matches!(state.as_str(), "shutting-down" | "terminated"));
    Ok(match (live, found.first()) {
        (Some((id, _)), _) => Effect::InPlace(Found { instance: Some(id.clone()), ..Found::default() }),
        (None, Some((id, state))) => Effect::Impossible(format!("{id}, which was launched, is {state}")),
        (None, None) => Effect::Absent,
    })
}
