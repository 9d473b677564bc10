//! Goldens: recorded images with the contract and baseline that their instances must meet.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    AccountId, Digest, GoldenRef, GoldenVersion, ImageId, InstanceId, InventoryEntry, InventoryType, LineName,
    MetadataOptions, Region,
};

/// Where a golden stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GoldenStatus {
    /// Known, but not the one to run.
    Recorded,
    /// The one version of its line that fleets should run.
    Promoted,
    /// Was promoted once; running it is `image-not-promoted`.
    Deprecated,
    /// Must not run or be launched; running it is `image-revoked`.
    Revoked,
}

impl GoldenStatus {
    /// The lower-case name used in every format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Promoted => "promoted",
            Self::Deprecated => "deprecated",
            Self::Revoked => "revoked",
        }
    }
}

impl fmt::Display for GoldenStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The AMI of a golden in one account and region (copies have ids of their own).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GoldenImage {
    /// Account whose instances use this id; `None` for any account (a shared image).
    pub account: Option<AccountId>,
    /// Region the id is valid in.
    pub region: Region,
    /// AMI id.
    pub image: ImageId,
}

/// One version of a golden line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Golden {
    /// Line.
    pub line: LineName,
    /// Version.
    pub version: GoldenVersion,
    /// Status.
    pub status: GoldenStatus,
    /// AMI ids.
    pub images: Vec<GoldenImage>,
    /// What EC2 should say.
    pub contract: LaunchContract,
    /// What the inside should look like.
    pub baseline: Baseline,
    /// The pristine instance that contract and inventory were recorded from.
    pub reference_instance: Option<InstanceId>,
    /// Principal that recorded it.
    pub recorded_by: String,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// When it was promoted last.
    pub promoted_at: Option<Timestamp>,
    /// Why it was revoked or deprecated, if it was.
    pub note: Option<String>,
}

impl Golden {
    /// `line@version`.
    pub fn reference(&self) -> GoldenRef {
        GoldenRef { line: self.line.clone(), version: self.version.clone() }
    }

    /// Whether an AMI id seen in this account and region is this golden.
    pub fn has_image(&self, account: &AccountId, region: &Region, image: &ImageId) -> bool {
        self.images.iter().any(|candidate| {
            candidate.image == *image
                && candidate.region == *region
                && candidate.account.as_ref().is_none_or(|only| only == account)
        })
    }

    /// BLAKE3 over the parts that define what instances are held to; status and dates are left out, so
    /// promoting a golden does not change its digest.
    pub fn digest(&self) -> Digest {
        let mut images = self.images.clone();
        images.sort();
        let body = serde_json::to_vec(&(&self.line, &self.version, &images, &self.contract, &self.baseline))
            .unwrap_or_default();
        Digest::new(format!("blake3:{}", blake3::hash(&body).to_hex()))
    }
}

/// What EC2 should say of an instance of a golden. `None` means: not part of the contract, not judged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LaunchContract {
    /// Allowed sets of security groups of the primary interface, one for each region where ids differ.
    pub security_groups: BTreeMap<String, BTreeSet<String>>,
    /// Instance profile name (the last part of the ARN: accounts differ). `Some(None)`: there must be none.
    #[serde(with = "double_option")]
    pub instance_profile: Option<Option<String>>,
    /// Allowed instance types.
    pub instance_types: Option<BTreeSet<String>>,
    /// Metadata options.
    pub metadata_options: Option<MetadataOptions>,
    /// SHA-256 of the decoded user data. `Some(None)`: there must be none.
    #[serde(with = "double_option")]
    pub user_data: Option<Option<Digest>>,
    /// Volumes by device.
    pub volumes: Option<Vec<VolumeContract>>,
    /// Source/destination check.
    pub source_dest_check: Option<bool>,
    /// Number of network interfaces.
    pub interfaces: Option<usize>,
    /// Key pair. `Some(None)`: there must be none.
    #[serde(with = "double_option")]
    pub key_name: Option<Option<String>>,
    /// Tags that matter, with their values.
    pub tags: BTreeMap<String, String>,
}

/// One volume of a launch contract.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct VolumeContract {
    /// Device name.
    pub device: String,
    /// Size in GiB.
    pub size_gib: Option<i32>,
    /// Volume type.
    pub volume_type: Option<String>,
    /// Encrypted.
    pub encrypted: Option<bool>,
}

/// What the inside of an instance should look like.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Baseline {
    /// SSM inventory by type.
    pub inventory: BTreeMap<InventoryType, BaselineItem>,
    /// Root digest of the agent's file manifest.
    pub manifest_root: Option<Digest>,
}

/// One inventory type of a baseline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BaselineItem {
    /// Sorted rows.
    pub entries: Vec<InventoryEntry>,
    /// When the reference instance captured them.
    pub captured_at: Option<Timestamp>,
}

/// Keeps `Some(None)` (must be absent) apart from `None` (not judged) in JSON: the inner option is a one-
/// or zero-element list, the outer one is null.
mod double_option {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<T: Serialize, S: Serializer>(
        value: &Option<Option<T>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.as_ref().map(|inner| inner.iter().collect::<Vec<_>>()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Option<T>>, D::Error> {
        let list: Option<Vec<T>> = Option::deserialize(deserializer)?;
        Ok(list.map(|inner| inner.into_iter().next()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn must_be_absent_and_not_judged_survive_json() {
        let contract = LaunchContract { key_name: Some(None), user_data: None, ..LaunchContract::default() };
        let text = serde_json::to_string(&contract).unwrap_or_default();
        let back: LaunchContract = serde_json::from_str(&text).unwrap_or_default();
        assert_eq!(back, contract);
        assert_eq!(back.key_name, Some(None));
        assert_eq!(back.user_data, None);
    }
}
