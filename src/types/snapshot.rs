//! Everything one collection saw, and what it could not see.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AccountId, ChangeEvent, Enforcement, ImageId, Instance, Place, Region, ScanId, TrailBreak, TrailState};

/// The ceiling that the configuration puts on every fleet; an observe-only run says `Observe`.
pub type ScanMode = Enforcement;

/// Where an observation comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// EC2 Describe calls: instances, volumes, images, profile associations.
    Ec2,
    /// User data digests, the one attribute without a batch call.
    UserData,
    /// Auto Scaling group membership.
    Autoscaling,
    /// Load balancer target membership.
    Elb,
    /// SSM managed nodes and inventory.
    Ssm,
    /// CloudTrail.
    Cloudtrail,
    /// Whether the trails deliver.
    Trail,
    /// Reports of our own agent.
    Agent,
}

impl Source {
    /// The lower-case name used in every format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2",
            Self::UserData => "userdata",
            Self::Autoscaling => "autoscaling",
            Self::Elb => "elb",
            Self::Ssm => "ssm",
            Self::Cloudtrail => "cloudtrail",
            Self::Trail => "trail",
            Self::Agent => "agent",
        }
    }
}

/// How much of a source was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CoverageStatus {
    /// Everything that was asked for arrived.
    Complete,
    /// Some pages or items are missing.
    Partial,
    /// Nothing usable arrived.
    Failed,
}

/// The account of one source in one account-region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Account.
    pub account: AccountId,
    /// Region.
    pub region: Region,
    /// Source.
    pub source: Source,
    /// How much was read.
    pub status: CoverageStatus,
    /// For event sources: everything up to here was read.
    pub through: Option<Timestamp>,
    /// Why it is not complete; for a human.
    pub reason: Option<String>,
    /// The API that failed, e.g. `ec2:DescribeInstances`.
    pub api: Option<String>,
    /// Whether the failure was a refusal (as against throttling, a timeout or an outage).
    pub denied: bool,
}

/// How far one of the configured sources of change events was read in one account-region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailProgress {
    /// Source: `lookup`, `dir:PATH`, `s3:BUCKET/PREFIX`, `sqs:URL`.
    pub name: String,
    /// Account.
    pub account: AccountId,
    /// Region.
    pub region: Region,
    /// How much was read of what there is.
    pub status: CoverageStatus,
    /// Everything that was delivered up to here was read, as far as the source has an order.
    pub through: Option<Timestamp>,
    /// Log files or messages that are known to be unread.
    pub unread: u64,
    /// Why it is not complete; for a human.
    pub reason: Option<String>,
}

/// How the reason of a coverage entry ends when a stretch of the trail can no longer be read.
pub const TRAIL_GAP: &str = "before the event history begins";

/// An image as EC2 describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// AMI id.
    pub id: ImageId,
    /// Name.
    pub name: Option<String>,
    /// `available`, `disabled`, …
    pub state: String,
    /// Owner account.
    pub owner: Option<AccountId>,
    /// Creation date.
    pub created_at: Option<Timestamp>,
    /// Deprecation date, if any.
    pub deprecated_at: Option<Timestamp>,
    /// Root device name.
    pub root_device: Option<String>,
    /// `x86_64`, `arm64`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
}

/// A CloudTrail record that could not be read. It is counted, kept and named, never dropped in silence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAside {
    /// Where it came from: file and record number, or account-region and page.
    pub origin: String,
    /// What is wrong with it.
    pub problem: String,
    /// The beginning of the record, bounded.
    pub excerpt: String,
}

/// All that one collection saw, with its coverage. Failures are data inside it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    /// The scan this belongs to.
    pub scan_id: ScanId,
    /// When collection started. The later stages take their "now" from here.
    pub started_at: Timestamp,
    /// When collection ended.
    pub finished_at: Timestamp,
    /// Instances, sorted by account, region and id.
    pub instances: Vec<Instance>,
    /// Images that the instances were launched from, by place.
    pub images: BTreeMap<ImageId, Image>,
    /// Change events, oldest first, without duplicates.
    pub events: Vec<ChangeEvent>,
    /// One entry for each place and source that was asked.
    pub coverage: Vec<Coverage>,
    /// How far each source of change events was read.
    pub trail_sources: Vec<TrailProgress>,
    /// Trails that record the places, as they were seen from each.
    #[serde(default)]
    pub trails: Vec<TrailState>,
    /// Places that no trail records at all: their trails were listed, and there are none.
    #[serde(default)]
    pub untrailed: Vec<Place>,
    /// What digest files say is wrong with log files.
    #[serde(default)]
    pub trail_breaks: Vec<TrailBreak>,
    /// Records that could not be read.
    pub set_aside: Vec<SetAside>,
    /// API calls made, by `service:Operation`.
    pub calls: BTreeMap<String, u64>,
    /// Inventory calls that content hashes in the trail made unnecessary.
    pub calls_saved: u64,
}

impl Snapshot {
    /// The coverage entry of one source in one place, if it was asked.
    pub fn coverage_of(&self, place: &Place, source: Source) -> Option<&Coverage> {
        self.coverage
            .iter()
            .find(|entry| entry.source == source && entry.account == place.account && entry.region == place.region)
    }

    /// Whether one source was read completely in one place. A source nobody asked is not complete.
    pub fn is_complete(&self, place: &Place, source: Source) -> bool {
        self.coverage_of(place, source).is_some_and(|entry| entry.status == CoverageStatus::Complete)
    }
}
