//! What a replacement is launched with: from the golden's contract where it judges, from the old instance's place
//! where it does not. What the contract judges never comes from the old instance, however that has drifted.
//!
//! The same inputs give the same request, byte for byte: EC2 refuses a client token that comes back with other
//! parameters, and after a crash the request is built again.

mod tags;
#[cfg(feature = "testing")]
#[cfg(test)]
mod tests;
mod user_data;

use std::collections::BTreeSet;

pub use tags::REPLACES_TAG;
pub use user_data::{UserDataSources, user_data_for};

use super::moving::data_volumes;
use super::{BeforeImage, LaunchRequest, LaunchVolume, Refusal};
use crate::types::{
    Golden, GoldenStatus, ImageId, Instance, LaunchContract, MetadataOptions, OperationId, Place, SecurityGroupId,
};

/// Lays out the launch of a replacement.
///
/// # Errors
/// When golden and before-image do not say all that a launch needs, with what would.
pub fn launch_request(
    before: &BeforeImage,
    golden: &Golden,
    place: &Place,
    operation: &OperationId,
    token: &str,
) -> Result<LaunchRequest, Refusal> {
    if golden.status == GoldenStatus::Revoked {
        return Err(Refusal::lasting(format!("{} is revoked: promote another version", golden.reference())));
    }
    let (old, contract) = (&before.detail.instance, &golden.contract);
    let image = image_in(golden, place).ok_or_else(|| {
        Refusal::lasting(format!("{} has no image in {place}: copy and record it", golden.reference()))
    })?;
    let subnet = before.detail.interfaces.iter().find(|interface| interface.device_index == 0);
    let subnet = old.subnet.clone().or_else(|| subnet.map(|interface| interface.subnet.clone()));
    Ok(LaunchRequest {
        instance_type: instance_type(old, golden)?,
        subnet: subnet.ok_or_else(|| Refusal::lasting("its subnet is not known: it runs outside any VPC"))?,
        zone: old.zone.clone(),
        security_groups: security_groups(before, golden, place)?,
        profile: profile(before, contract)?,
        key_name: contract.key_name.clone().unwrap_or_else(|| old.key_name.clone()),
        metadata: metadata(contract.metadata_options.as_ref(), &old.metadata_options),
        user_data: contract.user_data.clone().unwrap_or_else(|| before.user_data.clone()),
        volumes: volumes(before, contract, image),
        source_dest_check: (contract.source_dest_check.or(old.source_dest_check) == Some(false)).then_some(false),
        placement: before.detail.placement.clone(),
        tags: tags::of(old, contract, operation)?,
        image: image.clone(),
        token: token.to_owned(),
    })
}

/// The image of a golden in one place: an account's own before one that is shared.
pub fn image_in<'a>(golden: &'a Golden, place: &Place) -> Option<&'a ImageId> {
    let here = || golden.images.iter().filter(|image| image.region == place.region);
    let own = here().find(|image| image.account.as_ref() == Some(&place.account));
    own.or_else(|| here().find(|image| image.account.is_none())).map(|image| &image.image)
}

fn instance_type(old: &Instance, golden: &Golden) -> Result<String, Refusal> {
    let Some(allowed) = &golden.contract.instance_types else { return Ok(old.instance_type.clone()) };
    if allowed.contains(&old.instance_type) {
        return Ok(old.instance_type.clone());
    }
    match (allowed.first(), allowed.len()) {
        (Some(only), 1) => Ok(only.clone()),
        _ => {
            let list: Vec<&str> = allowed.iter().map(String::as_str).collect();
            Err(Refusal::lasting(format!(
                "its type {} is none of those that {} allows ({}), and which of them to use is not said: change its type, \
                 or record the golden with one type",
                old.instance_type,
                golden.reference(),
                list.join(", ")
            )))
        }
    }
}

fn security_groups(before: &BeforeImage, golden: &Golden, place: &Place) -> Result<BTreeSet<SecurityGroupId>, Refusal> {
    let contract = &golden.contract.security_groups;
    if let Some(groups) = contract.get(&place.to_string()) {
        return Ok(groups.iter().map(SecurityGroupId::new).collect());
    }
    if !contract.is_empty() {
        return Err(Refusal::lasting(format!(
            "{} has no security groups recorded for {place}: record it with a reference instance there",
            golden.reference()
        )));
    }
    let primary = before.detail.interfaces.iter().find(|interface| interface.device_index == 0);
    let groups = primary.map(|interface| interface.groups.clone()).unwrap_or_default();
    let isolating = [Some(&before.isolation_group), before.open_group.as_ref()];
    if groups.is_empty() || isolating.into_iter().flatten().any(|group| groups.contains(group)) {
        return Err(Refusal::lasting(format!(
            "it is isolated, and {} does not say which security groups it should have: record the golden with them",
            golden.reference()
        )));
    }
    Ok(groups)
}

fn profile(before: &BeforeImage, contract: &LaunchContract) -> Result<Option<String>, Refusal> {
    if let Some(profile) = &contract.instance_profile {
        return Ok(profile.clone());
    }
    let Some((_, arn)) = &before.detail.profile else { return Ok(None) };
    if before.quarantine_profile.as_ref() == Some(arn) {
        return Err(Refusal::lasting(
            "it has the quarantine profile, and its golden does not say which one it should have: record the golden with it",
        ));
    }
    Ok(Some(arn.rsplit_once('/').map_or(arn.as_str(), |(_, name)| name).to_owned()))
}

/// Each option by itself: a contract may judge some of them only.
fn metadata(contract: Option<&MetadataOptions>, old: &MetadataOptions) -> MetadataOptions {
    let Some(contract) = contract else { return old.clone() };
    // Destructured without `..`: a new option must be decided here or it does not compile.
    let MetadataOptions { http_tokens, http_endpoint, http_put_response_hop_limit, instance_metadata_tags } = contract;
    MetadataOptions {
        http_tokens: http_tokens.clone().or_else(|| old.http_tokens.clone()),
        http_endpoint: http_endpoint.clone().or_else(|| old.http_endpoint.clone()),
        http_put_response_hop_limit: http_put_response_hop_limit.or(old.http_put_response_hop_limit),
        instance_metadata_tags: instance_metadata_tags.clone().or_else(|| old.instance_metadata_tags.clone()),
    }
}

/// Devices of data volumes are left free: the volumes move there.
fn volumes(before: &BeforeImage, contract: &LaunchContract, image: &ImageId) -> Vec<LaunchVolume> {
    let old = &before.detail.instance;
    let data: BTreeSet<&str> = data_volumes(&before.detail).iter().map(|volume| volume.device.as_str()).collect();
    let mut volumes: Vec<LaunchVolume> = match &contract.volumes {
        Some(volumes) => volumes
            .iter()
            .map(|volume| LaunchVolume {
                device: volume.device.clone(),
                size_gib: volume.size_gib,
                volume_type: volume.volume_type.clone(),
                encrypted: volume.encrypted,
            })
            .collect(),
        // Another image may need larger volumes than the old one had.
        None if old.image != *image => Vec::new(),
        None => old
            .volumes
            .iter()
            .map(|volume| LaunchVolume {
                device: volume.device.clone(),
                size_gib: volume.size_gib,
                volume_type: volume.volume_type.clone(),
                encrypted: volume.encrypted,
            })
            .collect(),
    };
    volumes.retain(|volume| !data.contains(volume.device.as_str()));
    volumes.sort_by(|a, b| a.device.cmp(&b.device));
    volumes
}
