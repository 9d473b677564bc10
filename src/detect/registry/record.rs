//! Recording a golden: from an AMI alone, or from an AMI and a pristine reference instance.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::contract::{ContractPart, contract_of};
use crate::types::{
    Baseline, BaselineItem, Digest, Golden, GoldenImage, GoldenRef, GoldenStatus, ImageId, Instance, InstanceId,
    LaunchContract, Place,
};

/// The instance that a contract and baseline are taken from.
pub struct Reference<'a> {
    /// As it was just seen, with inventory and user data.
    pub instance: &'a Instance,
    /// What is known against it: modifications in the trail, open findings. Must be empty.
    pub suspicions: Vec<String>,
}

/// What is to be recorded.
pub struct RecordRequest<'a> {
    /// Line and version.
    pub reference: GoldenRef,
    /// AMI.
    pub image: ImageId,
    /// Where this AMI id is valid.
    pub place: Place,
    /// The pristine instance.
    pub from: Option<Reference<'a>>,
    /// Root digest of the agent's manifest.
    pub manifest_root: Option<Digest>,
    /// Parts of the contract that are not judged.
    pub without: BTreeSet<ContractPart>,
    /// Further instance types that are allowed.
    pub instance_types: BTreeSet<String>,
    /// Tags that matter.
    pub tags: BTreeMap<String, String>,
    /// Who records.
    pub recorded_by: String,
    /// Now.
    pub now: Timestamp,
}

/// Why it cannot be recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordRefusal {
    /// The version is there already, for this place as well.
    #[error("{0} is recorded already for this account and region: record a new version")]
    Exists(GoldenRef),
    /// A promoted or withdrawn version cannot be extended.
    #[error("{0} is {1} and can no longer be extended: record a new version")]
    Closed(GoldenRef, GoldenStatus),
    /// The reference instance runs another image.
    #[error("reference instance {instance} runs {actual}, not {wanted}")]
    OtherImage {
        /// Instance.
        instance: InstanceId,
        /// Its image.
        actual: ImageId,
        /// The image to record.
        wanted: ImageId,
    },
    /// Something is known against the reference instance.
    #[error(
        "reference instance {instance} is not pristine: {}; launch one of the image, touch nothing, and name that",
        reasons.join("; ")
    )]
    NotPristine {
        /// Instance.
        instance: InstanceId,
        /// What is known.
        reasons: Vec<String>,
    },
    /// The contract of the second place contradicts the first.
    #[error(
        "{0}: the reference instance in this place differs from the recorded contract in {1}; leave it out with --without {1}"
    )]
    Contradicts(GoldenRef, String),
}

/// Records a new version, or adds another account-region's AMI to a version that is still `recorded`.
///
/// # Errors
/// [`RecordRefusal`] says what to do instead.
pub fn record(existing: Option<&Golden>, request: &RecordRequest<'_>) -> Result<Golden, RecordRefusal> {
    let (contract, baseline) = measured(request)?;
    let image = GoldenImage {
        account: Some(request.place.account.clone()),
        region: request.place.region.clone(),
        image: request.image.clone(),
    };
    match existing {
        None => Ok(Golden {
            line: request.reference.line.clone(),
            version: request.reference.version.clone(),
            status: GoldenStatus::Recorded,
            images: vec![image],
            contract,
            baseline,
            reference_instance: request.from.as_ref().map(|from| from.instance.id.clone()),
            recorded_by: request.recorded_by.clone(),
            recorded_at: request.now,
            promoted_at: None,
            note: None,
        }),
        Some(known) => extend(known, image, contract, baseline),
    }
}

fn measured(request: &RecordRequest<'_>) -> Result<(LaunchContract, Baseline), RecordRefusal> {
    let mut baseline = Baseline { manifest_root: request.manifest_root.clone(), ..Baseline::default() };
    let mut contract = LaunchContract::default();
    if let Some(Reference { instance, suspicions }) = &request.from {
        if instance.image != request.image {
            return Err(RecordRefusal::OtherImage {
                instance: instance.id.clone(),
                actual: instance.image.clone(),
                wanted: request.image.clone(),
            });
        }
        if !suspicions.is_empty() {
            return Err(RecordRefusal::NotPristine { instance: instance.id.clone(), reasons: suspicions.clone() });
        }
        contract = contract_of(instance, &request.without);
        baseline.inventory = instance
            .inventory
            .iter()
            .filter(|(kind, _)| !kind.as_str().starts_with("Custom:"))
            .map(|(kind, item)| {
                let entries = item.content.entries.clone();
                (kind.clone(), BaselineItem { entries, captured_at: item.captured_at })
            })
            .collect();
    }
    if !request.without.contains(&ContractPart::InstanceType) && !request.instance_types.is_empty() {
        contract.instance_types.get_or_insert_default().extend(request.instance_types.iter().cloned());
    }
    contract.tags.clone_from(&request.tags);
    Ok((contract, baseline))
}

fn extend(
    known: &Golden,
    image: GoldenImage,
    contract: LaunchContract,
    baseline: Baseline,
) -> Result<Golden, RecordRefusal> {
    let reference = known.reference();
    if known.images.iter().any(|other| other.account == image.account && other.region == image.region) {
        return Err(RecordRefusal::Exists(reference));
    }
    if known.status != GoldenStatus::Recorded {
        return Err(RecordRefusal::Closed(reference, known.status));
    }
    let mut extended = known.clone();
    extended.images.push(image);
    extended.contract.security_groups.extend(contract.security_groups.clone());
    if contract.instance_types.is_some() {
        extended
            .contract
            .instance_types
            .get_or_insert_default()
            .extend(contract.instance_types.iter().flatten().cloned());
    }
    // The same image must mean the same server everywhere: anything else is left out on purpose, or is a mistake.
    let mut same = extended.contract.clone();
    same.security_groups.clone_from(&contract.security_groups);
    same.instance_types.clone_from(&contract.instance_types);
    let measured = contract != LaunchContract::default();
    if measured && same != contract {
        let parts = super::diff::contract_parts(&extended.contract, &contract);
        return Err(RecordRefusal::Contradicts(reference, parts));
    }
    for (kind, item) in baseline.inventory {
        extended.baseline.inventory.entry(kind).or_insert(item);
    }
    if extended.baseline.manifest_root.is_none() {
        extended.baseline.manifest_root = baseline.manifest_root;
    }
    Ok(extended)
}

#[cfg(test)]
mod tests;
