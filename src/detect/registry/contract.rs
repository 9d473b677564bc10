//! The launch contract of a pristine reference instance.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use crate::detect::rules::profile_name;
use crate::types::{Instance, LaunchContract, VolumeContract};

/// A part of the contract that can be left out when fleets of one golden legitimately differ in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ContractPart {
    /// Security groups.
    SecurityGroups,
    /// Instance profile.
    InstanceProfile,
    /// Instance type.
    InstanceType,
    /// Metadata options.
    MetadataOptions,
    /// User data.
    UserData,
    /// Volumes.
    Volumes,
    /// Number of network interfaces.
    NetworkInterfaces,
    /// Source/destination check.
    SourceDestCheck,
    /// Key pair.
    KeyPair,
}

impl ContractPart {
    /// Every part.
    pub const ALL: [Self; 9] = [
        Self::SecurityGroups,
        Self::InstanceProfile,
        Self::InstanceType,
        Self::MetadataOptions,
        Self::UserData,
        Self::Volumes,
        Self::NetworkInterfaces,
        Self::SourceDestCheck,
        Self::KeyPair,
    ];

    /// The kebab-case name: that of its `config-*` code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SecurityGroups => "security-groups",
            Self::InstanceProfile => "instance-profile",
            Self::InstanceType => "instance-type",
            Self::MetadataOptions => "metadata-options",
            Self::UserData => "user-data",
            Self::Volumes => "volumes",
            Self::NetworkInterfaces => "network-interfaces",
            Self::SourceDestCheck => "source-dest-check",
            Self::KeyPair => "key-pair",
        }
    }
}

impl fmt::Display for ContractPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for ContractPart {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|part| part.as_str() == text).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|part| part.as_str()).collect();
            format!("`{text}` is not one of {}", names.join(", "))
        })
    }
}

/// What the contract says when `instance` is exactly as every instance should be. What was not observed, and the
/// parts in `without`, are not part of it.
pub fn contract_of(instance: &Instance, without: &BTreeSet<ContractPart>) -> LaunchContract {
    let with = |part| !without.contains(&part);
    let primary = instance.interfaces.iter().find(|interface| interface.device_index == 0);
    let groups: Option<BTreeSet<String>> =
        primary.map(|interface| interface.groups.iter().map(ToString::to_string).collect());
    LaunchContract {
        security_groups: match groups {
            Some(groups) if with(ContractPart::SecurityGroups) => {
                BTreeMap::from([(instance.place().to_string(), groups)])
            }
            _ => BTreeMap::new(),
        },
        instance_profile: with(ContractPart::InstanceProfile)
            .then(|| instance.instance_profile.as_deref().map(|arn| profile_name(arn).to_owned())),
        instance_types: with(ContractPart::InstanceType).then(|| BTreeSet::from([instance.instance_type.clone()])),
        metadata_options: with(ContractPart::MetadataOptions).then(|| instance.metadata_options.clone()),
        user_data: if with(ContractPart::UserData) { instance.user_data.seen().cloned() } else { None },
        volumes: with(ContractPart::Volumes).then(|| volumes(instance)),
        source_dest_check: if with(ContractPart::SourceDestCheck) {
            primary.and_then(|interface| interface.source_dest_check)
        } else {
            None
        },
        interfaces: with(ContractPart::NetworkInterfaces).then_some(instance.interfaces.len()),
        key_name: with(ContractPart::KeyPair).then(|| instance.key_name.clone()),
        // Tags are placed by whoever launches; only an explicit list makes some of them matter.
        tags: BTreeMap::new(),
    }
}

fn volumes(instance: &Instance) -> Vec<VolumeContract> {
    let mut volumes: Vec<VolumeContract> = instance
        .volumes
        .iter()
        .map(|volume| VolumeContract {
            device: volume.device.clone(),
            size_gib: volume.size_gib,
            volume_type: volume.volume_type.clone(),
            encrypted: volume.encrypted,
        })
        .collect();
    volumes.sort();
    volumes
}
