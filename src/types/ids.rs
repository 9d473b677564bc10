//! A newtype for each identifier, so that an account id can never be passed where a region is meant.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps the text as it is; nothing is checked or normalised.
            pub fn new(text: impl AsRef<str>) -> Self {
                Self(Arc::from(text.as_ref()))
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(Arc::from(text))
            }
        }
    )+};
}

id! {
    /// A 12-digit AWS account id.
    AccountId;
    /// An AWS region name, e.g. `eu-west-1`.
    Region;
    /// An EC2 instance id, e.g. `i-0123456789abcdef0`, or an SSM hybrid node id `mi-…`.
    InstanceId;
    /// An AMI id.
    ImageId;
    /// An EBS volume id.
    VolumeId;
    /// An elastic network interface id.
    EniId;
    /// A security group id.
    SecurityGroupId;
    /// A CloudTrail `eventID`.
    EventId;
    /// A finding's identifier: stable for one drift of one instance, see [`super::Finding`].
    FindingId;
    /// One scan. A UUIDv7, so it sorts by time.
    ScanId;
    /// The name of a fleet in the configuration.
    FleetName;
    /// The name of a golden line, e.g. `web`.
    LineName;
    /// One version within a golden line, e.g. `2026.11.1`.
    GoldenVersion;
    /// The hash of a plan, `blake3:` and 64 hex digits.
    PlanHash;
    /// A content digest with its algorithm in front, e.g. `sha256:…` or `blake3:…`.
    Digest;
    /// An exception (time-boxed waiver).
    ExceptionId;
    /// A silence: for a while, nobody is told.
    SilenceId;
    /// A journalled operation: `op-` and a UUIDv7, so it sorts by time.
    OperationId;
    /// A decision record: `d-` and 16 hex digits.
    DecisionId;
    /// An SSM inventory type, e.g. `AWS:Application`.
    InventoryType;
}

/// One account in one region: the unit of collection and of rate limits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
}

impl Place {
    /// Names one account-region.
    pub fn new(account: impl Into<AccountId>, region: impl Into<Region>) -> Self {
        Self { account: account.into(), region: region.into() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.region)
    }
}

/// Names one golden: `line@version`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GoldenRef {
    /// The line.
    pub line: LineName,
    /// The version within the line.
    pub version: GoldenVersion,
}

impl GoldenRef {
    /// Names one version of a line.
    pub fn new(line: impl Into<LineName>, version: impl Into<GoldenVersion>) -> Self {
        Self { line: line.into(), version: version.into() }
    }

    /// Reads `line@version`. Returns `None` when either side is empty or there is no `@`.
    pub fn parse(text: &str) -> Option<Self> {
        let (line, version) = text.split_once('@')?;
        (!line.is_empty() && !version.is_empty()).then(|| Self::new(line, version))
    }
}

impl fmt::Display for GoldenRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}@{}", self.line, self.version))
    }
}

impl Serialize for GoldenRef {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for GoldenRef {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not LINE@VERSION")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_ref_round_trips_and_rejects_halves() {
        let golden = GoldenRef::new("web", "2026.11.1");
        assert_eq!(GoldenRef::parse(&golden.to_string()), Some(golden));
        assert_eq!(GoldenRef::parse("web@"), None);
        assert_eq!(GoldenRef::parse("@1"), None);
        assert_eq!(GoldenRef::parse("web"), None);
    }
}
