//! What this stage needs to know before and after a call, in more detail than a scan collects.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::Tracking;
use crate::collect::ReadError;
use crate::collect::source::TargetHealth;
use crate::plan::AlarmState;
use crate::types::{EniId, ImageId, Instance, InstanceId, Place, SecurityGroupId, VolumeId};

/// One Elastic IP of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressDetail {
    /// `eipalloc-…`.
    pub allocation: String,
    /// `eipassoc-…`.
    pub association: String,
    /// Public address.
    pub public_ip: String,
    /// On which interface.
    pub interface: EniId,
    /// On which of its addresses.
    pub private_ip: Option<String>,
}

/// One interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterfaceDetail {
    /// Interface.
    pub id: EniId,
    /// Attachment.
    pub attachment: String,
    /// Device index.
    pub device_index: i32,
    /// Groups.
    pub groups: BTreeSet<SecurityGroupId>,
    /// Private IPv4 addresses, the primary first.
    pub private_ips: Vec<String>,
    /// IPv6 addresses.
    pub ipv6: Vec<String>,
    /// Subnet.
    pub subnet: String,
    /// Whether it goes with the instance.
    pub delete_on_termination: bool,
    /// Connection tracking time-outs.
    pub tracking: Tracking,
}

/// Where on the hardware an instance runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlacementDetail {
    /// `default`, `dedicated` or `host`.
    pub tenancy: Option<String>,
    /// Dedicated host.
    pub host: Option<String>,
    /// Placement group.
    pub group: Option<String>,
    /// Partition of the group.
    pub partition: Option<i32>,
}

/// All that must be known of an instance before it is touched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceDetail {
    /// As a scan describes it; groups, targets, node and inventory are left empty.
    pub instance: Instance,
    /// VPC.
    pub vpc: Option<String>,
    /// `disableApiTermination`.
    pub termination_protected: bool,
    /// `disableApiStop`.
    pub stop_protected: bool,
    /// `stop` or `terminate`.
    pub shutdown_behavior: String,
    /// Elastic IPs.
    pub addresses: Vec<AddressDetail>,
    /// Public IPv4 address that is no Elastic IP: it is lost when the instance stops.
    pub auto_public_ip: Option<String>,
    /// Interfaces, by device index.
    pub interfaces: Vec<InterfaceDetail>,
    /// Placement.
    pub placement: PlacementDetail,
    /// Whether the root device is an EBS volume: others cannot be stopped.
    pub ebs_root: bool,
    /// Whether it has instance-store disks, which a stop loses.
    pub instance_store: bool,
    /// `iip-assoc-…` and ARN of the profile.
    pub profile: Option<(String, String)>,
}

/// `DescribeInstanceStatus`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusChecks {
    /// EC2 state name.
    pub state: String,
    /// `ok`, `impaired`, `initializing`, …
    pub system: String,
    /// The same.
    pub instance: String,
    /// The same, of attached EBS volumes; `None` where EC2 does not say.
    pub ebs: Option<String>,
}

impl StatusChecks {
    /// Whether every check passed.
    pub fn passed(&self) -> bool {
        self.state == "running"
            && self.system == "ok"
            && self.instance == "ok"
            && self.ebs.as_deref().is_none_or(|ebs| ebs == "ok")
    }
}

/// An Auto Scaling group, with its launch template resolved now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupDetail {
    /// Name.
    pub name: String,
    /// Minimum.
    pub min_size: i32,
    /// Desired.
    pub desired: i32,
    /// Maximum.
    pub max_size: i32,
    /// AMIs that the group may launch: more than one with overrides; empty when that could not be resolved.
    pub images: BTreeSet<ImageId>,
    /// Whether the template version is a number. `$Latest` and `$Default` can change under us.
    pub pinned: bool,
    /// Subnets by zone.
    pub subnets: Vec<(String, String)>,
    /// Members with their lifecycle state.
    pub members: BTreeMap<InstanceId, String>,
    /// Members protected from scale-in.
    pub protected: BTreeSet<InstanceId>,
    /// ARNs of its target groups.
    pub target_groups: Vec<String>,
    /// Whether an instance refresh runs.
    pub refreshing: bool,
}

/// One snapshot of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotDetail {
    /// `snap-…`.
    pub snapshot: String,
    /// Of which volume.
    pub volume: String,
    /// `pending`, `completed`, `error`.
    pub state: String,
}

/// One volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VolumeDetail {
    /// Volume.
    pub volume: VolumeId,
    /// `available`, `in-use`, …
    pub state: String,
    /// Instance, device and attachment state (`attaching`, `attached`, `detaching`, `busy`).
    pub attached: Option<(InstanceId, String, String)>,
    /// Whether several instances may attach it.
    pub multi_attach: bool,
}

/// One replace-root-volume task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootReplacement {
    /// `replacevol-…`.
    pub task: String,
    /// `pending`, `in-progress`, `succeeded`, `failing`, `failed`, `failed-detached`, …
    pub state: String,
    /// The image it was made from.
    pub image: Option<ImageId>,
    /// When it was started.
    pub started_at: Option<jiff::Timestamp>,
}

/// A security group with what it lets through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityGroupDetail {
    /// Id.
    pub id: SecurityGroupId,
    /// Name.
    pub name: String,
    /// Number of inbound rules, IPv4 and IPv6.
    pub ingress: usize,
    /// Number of outbound rules, IPv4 and IPv6.
    pub egress: usize,
    /// Whether everything is let through both ways, for IPv4 and IPv6 alike.
    pub open: bool,
}

/// One entry of a network ACL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AclEntry {
    /// Rule number.
    pub rule: i32,
    /// Outbound.
    pub egress: bool,
    /// IPv4 or IPv6 block.
    pub cidr: String,
    /// Allows or denies.
    pub allow: bool,
}

/// The network ACL of a subnet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AclDetail {
    /// `acl-…`.
    pub acl: String,
    /// Entries, without the default ones.
    pub entries: Vec<AclEntry>,
}

/// An instance profile and the role behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleDetail {
    /// Role name.
    pub name: String,
    /// Unique id, `AROA…`: session ids begin with it.
    pub unique_id: String,
    /// ARN of the profile as IAM tells it, with its path: what EC2 wants to be given, and what it shows afterwards.
    pub profile_arn: String,
    /// Instances of this account and region that use the profile, the one asked about included.
    pub users: u32,
}

/// Read access in the detail that changes need. Implementations retry transient failures by themselves.
#[async_trait]
pub trait CloudProbe: Send + Sync {
    /// Everything about one instance; `None` when EC2 does not know it (any more, or not yet).
    async fn instance(&self, place: &Place, id: &InstanceId) -> Result<Option<InstanceDetail>, ReadError>;

    /// Instances launched with this client token, with their state; terminated ones as long as EC2 lists them.
    async fn launched_with(&self, place: &Place, token: &str) -> Result<Vec<(InstanceId, String)>, ReadError>;

    /// Status checks; `None` when there is nothing yet.
    async fn status(&self, place: &Place, id: &InstanceId) -> Result<Option<StatusChecks>, ReadError>;

    /// Targets of one target group with their health.
    async fn targets(&self, place: &Place, group: &str) -> Result<Vec<TargetHealth>, ReadError>;

    /// One Auto Scaling group.
    async fn group(&self, place: &Place, name: &str) -> Result<Option<GroupDetail>, ReadError>;

    /// Snapshots that carry this tag.
    async fn snapshots(&self, place: &Place, key: &str, value: &str) -> Result<Vec<SnapshotDetail>, ReadError>;

    /// These volumes.
    async fn volumes(&self, place: &Place, ids: &[VolumeId]) -> Result<Vec<VolumeDetail>, ReadError>;

    /// Root volume replacements of an instance.
    async fn root_replacements(&self, place: &Place, id: &InstanceId) -> Result<Vec<RootReplacement>, ReadError>;

    /// A security group of a VPC by its name.
    async fn security_group(
        &self,
        place: &Place,
        vpc: &str,
        name: &str,
    ) -> Result<Option<SecurityGroupDetail>, ReadError>;

    /// The network ACL of a subnet.
    async fn subnet_acl(&self, place: &Place, subnet: &str) -> Result<Option<AclDetail>, ReadError>;

    /// The role behind a profile.
    async fn role_of(&self, place: &Place, profile_arn: &str) -> Result<Option<RoleDetail>, ReadError>;

    /// An inline policy of a role, decoded.
    async fn role_policy(&self, place: &Place, role: &str, policy: &str) -> Result<Option<String>, ReadError>;

    /// Console output, decoded.
    async fn console_output(&self, place: &Place, id: &InstanceId) -> Result<Option<String>, ReadError>;

    /// An SSM parameter's value; `None` when there is none.
    async fn parameter(&self, place: &Place, name: &str) -> Result<Option<String>, ReadError>;

    /// CloudWatch alarms by name; one that does not exist there is left out, and one without data is `Unknown`.
    async fn alarms(&self, place: &Place, names: &[String]) -> Result<BTreeMap<String, AlarmState>, ReadError>;

    /// Which of these actions the enforcing principal may not make (`iam:SimulatePrincipalPolicy`).
    async fn missing_permissions(&self, place: &Place, actions: &[&str]) -> Result<Vec<String>, ReadError>;
}
