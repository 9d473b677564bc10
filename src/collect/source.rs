//! What collection needs from a cloud, in domain types. One method is one API call (one page), so that
//! paging, partial failure and call counts are visible to the collector and to tests.

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;

use super::digest::PublicKey;
use super::logs::TrailLogs;
use crate::types::{
    AsgMembership, Image, ImageId, Instance, InstanceId, InventoryEntry, InventoryType, ManagedNode, Place, Trail,
    TrailStatus, Volume,
};

/// An opaque position in a paged answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageToken(pub String);

/// One page of an answer.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// Items.
    pub items: Vec<T>,
    /// Where the next page starts; `None` on the last.
    pub next: Option<PageToken>,
}

impl<T> Page<T> {
    /// An answer that fits one page.
    pub fn only(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}

/// Why a read failed, in terms of what can be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadFailure {
    /// No usable credentials.
    Credentials,
    /// The principal may not make this call, or the role may not be assumed.
    Denied,
    /// Throttled after every retry.
    Throttled,
    /// No answer in time, or the connection broke.
    Timeout,
    /// The service failed.
    Unavailable,
    /// The thing asked for does not exist.
    NotFound,
    /// The request or the answer made no sense.
    Invalid,
}

impl fmt::Display for ReadFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Credentials => "no usable credentials",
            Self::Denied => "access denied",
            Self::Throttled => "throttled",
            Self::Timeout => "timed out",
            Self::Unavailable => "service unavailable",
            Self::NotFound => "not found",
            Self::Invalid => "invalid request or answer",
        })
    }
}

/// A failed read.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{api} in {place}: {failure}{}", if detail.is_empty() { String::new() } else { format!(" ({detail})") })]
pub struct ReadError {
    /// `service:Operation` as IAM spells it, e.g. `ec2:DescribeInstances`.
    pub api: &'static str,
    /// Where.
    pub place: Place,
    /// What kind of failure.
    pub failure: ReadFailure,
    /// The service's code and message, bounded; never a secret.
    pub detail: String,
}

impl ReadError {
    /// What a person is told.
    pub fn reason(&self) -> String {
        let Self { api, place: _, failure, detail } = self;
        if detail.is_empty() { format!("{api} {failure}") } else { format!("{api} {failure}: {detail}") }
    }

    /// Whether it will be the same the next time unless somebody does something about it. Throttling, timeouts, outages
    /// and expired credentials pass.
    pub fn is_lasting(&self) -> bool {
        matches!(self.failure, ReadFailure::Denied | ReadFailure::NotFound | ReadFailure::Invalid)
    }

    /// Whether it is about permissions, as against throttling, a timeout or an outage.
    pub fn is_refusal(&self) -> bool {
        matches!(self.failure, ReadFailure::Denied | ReadFailure::Credentials)
    }
}

/// The tags, group and lifecycle of one Auto Scaling member.
#[derive(Clone, Debug)]
pub struct AsgMember {
    /// Instance.
    pub instance: InstanceId,
    /// Its membership, with the group's sizes.
    pub membership: AsgMembership,
}

/// A target group that can hold instances or addresses.
#[derive(Clone, Debug)]
pub struct TargetGroup {
    /// ARN.
    pub arn: String,
    /// `instance` or `ip`.
    pub target_type: String,
}

/// One target with its health.
#[derive(Clone, Debug)]
pub struct TargetHealth {
    /// Instance id or IP address.
    pub target: String,
    /// Port.
    pub port: Option<i32>,
    /// Availability zone, when ELB says.
    pub zone: Option<String>,
    /// State: `healthy`, `unhealthy`, `draining`, …
    pub state: String,
}

/// One node of `ssm:DescribeInstanceInformation`.
#[derive(Clone, Debug)]
pub struct NodeRecord {
    /// Node.
    pub instance: InstanceId,
    /// What SSM says.
    pub node: ManagedNode,
}

/// The rows of one inventory type of one node.
#[derive(Clone, Debug)]
pub struct InventoryRecord {
    /// Node.
    pub instance: InstanceId,
    /// Type.
    pub inventory_type: InventoryType,
    /// Schema version.
    pub schema_version: String,
    /// When the agent captured it.
    pub captured_at: Option<Timestamp>,
    /// Rows, in any order.
    pub entries: Vec<InventoryEntry>,
}

/// `iip-assoc-…` of one instance.
#[derive(Clone, Debug)]
pub struct ProfileAssociation {
    /// Association id.
    pub association: String,
    /// Instance.
    pub instance: InstanceId,
    /// Profile ARN.
    pub profile_arn: String,
}

/// An Elastic IP association.
#[derive(Clone, Debug)]
pub struct AddressAssociation {
    /// `eipassoc-…`.
    pub association: String,
    /// Instance.
    pub instance: InstanceId,
    /// Public address.
    pub public_ip: String,
}

/// One raw CloudTrail record as LookupEvents delivers it: the `CloudTrailEvent` JSON string.
pub type RawRecord = String;

/// Read access to accounts. Implemented by `aws` (feature `aws`) and by `testing::FakeCloud`.
///
/// Implementations retry transient failures by themselves and return an error only when they give up.
#[async_trait]
pub trait CloudRead: Send + Sync {
    /// `sts:GetCallerIdentity`: the ARN we read this account as.
    async fn caller(&self, place: &Place) -> Result<String, ReadError>;

    /// `ec2:DescribeInstances`, up to 1,000 a page. Fields from other calls are left empty: volumes carry
    /// id, device, root, attach time and delete-on-termination; `user_data`, `node` are `Unknown`.
    async fn instances(&self, place: &Place, next: Option<PageToken>) -> Result<Page<Instance>, ReadError>;

    /// `ec2:DescribeInstances` for these ids only (one call, at most 1,000 ids).
    async fn instances_by_id(&self, place: &Place, ids: &[InstanceId]) -> Result<Vec<Instance>, ReadError>;

    /// `ec2:DescribeVolumes`, up to 500 a page: size, type, encryption by volume id.
    async fn volumes(&self, place: &Place, next: Option<PageToken>) -> Result<Page<Volume>, ReadError>;

    /// `ec2:DescribeImages` for these ids (one call, at most 100 ids). Unknown ids are simply missing.
    async fn images(&self, place: &Place, ids: &[ImageId]) -> Result<Vec<Image>, ReadError>;

    /// `ec2:DescribeIamInstanceProfileAssociations`, up to 1,000 a page.
    async fn profile_associations(
        &self,
        place: &Place,
        next: Option<PageToken>,
    ) -> Result<Page<ProfileAssociation>, ReadError>;

    /// `ec2:DescribeAddresses` (not paged).
    async fn addresses(&self, place: &Place) -> Result<Vec<AddressAssociation>, ReadError>;

    /// `ec2:DescribeInstanceAttribute(userData)`: the decoded user data of one instance.
    async fn user_data(&self, place: &Place, id: &InstanceId) -> Result<Option<Vec<u8>>, ReadError>;

    /// `autoscaling:DescribeAutoScalingGroups`, up to 100 groups a page; the items are their members.
    async fn asg_members(&self, place: &Place, next: Option<PageToken>) -> Result<Page<AsgMember>, ReadError>;

    /// `elasticloadbalancing:DescribeTargetGroups`, up to 400 a page.
    async fn target_groups(&self, place: &Place, next: Option<PageToken>) -> Result<Page<TargetGroup>, ReadError>;

    /// `elasticloadbalancing:DescribeTargetHealth` of one group (no batch call exists).
    async fn target_health(&self, place: &Place, group: &TargetGroup) -> Result<Vec<TargetHealth>, ReadError>;

    /// `ssm:DescribeInstanceInformation`, up to 50 a page.
    async fn managed_nodes(&self, place: &Place, next: Option<PageToken>) -> Result<Page<NodeRecord>, ReadError>;

    /// `ssm:DescribeInstanceInformation` for these ids only (one call, at most 50 ids). An instance that is not
    /// named in the answer is not a managed node.
    async fn managed_nodes_by_id(&self, place: &Place, ids: &[InstanceId]) -> Result<Vec<NodeRecord>, ReadError>;

    /// `ssm:GetInventory` for one type, up to 50 nodes a page: of these nodes only (at most 40, the largest filter:
    /// "InventoryFilter", SSM API reference), or of the whole place when none is named.
    async fn inventory(
        &self,
        place: &Place,
        kind: &InventoryType,
        only: &[InstanceId],
        next: Option<PageToken>,
    ) -> Result<Page<InventoryRecord>, ReadError>;

    /// `ssm:ListInventoryEntries` of one node and type, up to 50 rows a page; one record a page.
    async fn inventory_entries(
        &self,
        place: &Place,
        id: &InstanceId,
        kind: &InventoryType,
        next: Option<PageToken>,
    ) -> Result<Page<InventoryRecord>, ReadError>;

    /// `cloudtrail:LookupEvents` with `ReadOnly=false` between two times, up to 50 a page.
    async fn lookup_events(
        &self,
        place: &Place,
        from: Timestamp,
        to: Timestamp,
        next: Option<PageToken>,
    ) -> Result<Page<RawRecord>, ReadError>;

    /// Buckets of log files and the queues that tell of them; `None` where the source has none.
    fn logs(&self) -> Option<&dyn TrailLogs> {
        None
    }
    /// `cloudtrail:DescribeTrails` (not paged): the trails that record this place, wherever they were created.
    async fn trails(&self, place: &Place) -> Result<Vec<Trail>, ReadError>;

    /// `cloudtrail:GetTrailStatus`: whether a trail delivers from this region.
    async fn trail_status(&self, place: &Place, arn: &str) -> Result<TrailStatus, ReadError>;

    /// `cloudtrail:GetEventSelectors` of a trail of this region: whether it records write events of management.
    async fn trail_writes(&self, place: &Place, arn: &str) -> Result<bool, ReadError>;

    /// `cloudtrail:ListPublicKeys`: the keys that digest files of this region were signed with between two times.
    async fn public_keys(
        &self,
        place: &Place,
        from: Timestamp,
        to: Timestamp,
        next: Option<PageToken>,
    ) -> Result<Page<PublicKey>, ReadError>;

    /// Calls made so far, by `service:Operation`; retries count.
    fn calls(&self) -> BTreeMap<String, u64>;
}
