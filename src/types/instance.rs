//! What EC2, Auto Scaling, ELB and SSM say of one instance.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    AccountId, Digest, EniId, ImageId, InstanceId, InventoryItem, InventoryType, Place, Region, SecurityGroupId,
    VolumeId,
};

/// A value that may not have been looked at. "Not observed" is never treated as a value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Observed<T> {
    /// Nobody looked, or looking failed.
    #[default]
    Unknown,
    /// Seen as this.
    Seen(T),
}

impl<T> Observed<T> {
    /// The value, when it was seen.
    pub fn seen(&self) -> Option<&T> {
        match self {
            Self::Unknown => None,
            Self::Seen(value) => Some(value),
        }
    }
}

/// One EC2 instance as it was seen. Lists are sorted by their ids so that equal states compare equal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    /// Instance id.
    pub id: InstanceId,
    /// Owning account.
    pub account: AccountId,
    /// Region.
    pub region: Region,
    /// Availability zone name.
    pub zone: String,
    /// The AMI it was launched from.
    pub image: ImageId,
    /// EC2 instance type, e.g. `m7g.large`.
    pub instance_type: String,
    /// `x86_64`, `arm64`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// EC2 state name: `pending`, `running`, `stopping`, `stopped`, `shutting-down`, `terminated`.
    pub state: String,
    /// When the current run started. Changes at stop/start.
    pub launched_at: Timestamp,
    /// `spot`, `scheduled`, `capacity-block`; `None` for on-demand.
    pub lifecycle: Option<String>,
    /// `windows`, or `None` for everything else, as EC2 reports it.
    pub platform: Option<String>,
    /// Key pair name given at launch.
    pub key_name: Option<String>,
    /// Subnet id.
    pub subnet: Option<String>,
    /// ARN of the instance profile.
    pub instance_profile: Option<String>,
    /// `iip-assoc-…` id of the profile association, from its own Describe call.
    pub profile_association: Option<String>,
    /// Instance metadata service options.
    pub metadata_options: MetadataOptions,
    /// SHA-256 of the decoded user data; `Seen(None)` when there is none.
    pub user_data: Observed<Option<Digest>>,
    /// Source/destination check of the primary interface.
    pub source_dest_check: Option<bool>,
    /// Network interfaces, by device index.
    pub interfaces: Vec<NetworkInterface>,
    /// Volumes, by device name.
    pub volumes: Vec<Volume>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// The service principal or controller that EC2 says operates this instance (`Operator.Principal`).
    pub operator: Option<String>,
    /// Membership of an Auto Scaling group.
    pub asg: Option<AsgMembership>,
    /// Target groups that hold this instance, by id or by one of its addresses.
    pub targets: Vec<TargetMembership>,
    /// What SSM says of it as a managed node; `Unknown` when SSM could not be asked.
    pub node: Observed<Option<ManagedNode>>,
    /// SSM inventory by type; a missing type was not reported (or could not be read: see coverage).
    pub inventory: BTreeMap<InventoryType, InventoryItem>,
}

impl Instance {
    /// The account-region it lives in.
    pub fn place(&self) -> Place {
        Place { account: self.account.clone(), region: self.region.clone() }
    }

    /// ARN in the commercial partition unless the region says otherwise.
    pub fn arn(&self) -> String {
        let partition = match self.region.as_str() {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        };
        format!("arn:{partition}:ec2:{}:{}:instance/{}", self.region, self.account, self.id)
    }

    /// Since when it exists, as far as EC2 tells: a stop and start renews the launch time, and the first attachments
    /// keep the day of birth.
    pub fn born_at(&self) -> Timestamp {
        self.volumes.iter().filter_map(|volume| volume.attached_at).fold(self.launched_at, Timestamp::min)
    }

    /// Whether it is one we judge: pending and running servers are, stopped ones too (they can be edited
    /// while stopped), those on their way out are not.
    pub fn is_live(&self) -> bool {
        !matches!(self.state.as_str(), "terminated" | "shutting-down")
    }

    /// All distinct security groups over all interfaces.
    pub fn security_groups(&self) -> std::collections::BTreeSet<&SecurityGroupId> {
        self.interfaces.iter().flat_map(|interface| &interface.groups).collect()
    }
}

/// `MetadataOptions` of an instance (EC2 `InstanceMetadataOptionsResponse`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetadataOptions {
    /// `required` (IMDSv2 only) or `optional`.
    pub http_tokens: Option<String>,
    /// `enabled` or `disabled`.
    pub http_endpoint: Option<String>,
    /// 1 to 64.
    pub http_put_response_hop_limit: Option<i32>,
    /// `enabled` or `disabled`.
    pub instance_metadata_tags: Option<String>,
}

/// One network interface with its own security groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkInterface {
    /// ENI id.
    pub id: EniId,
    /// `eni-attach-…`, needed to resolve `DetachNetworkInterface` events.
    pub attachment: Option<String>,
    /// When it was attached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attached_at: Option<Timestamp>,
    /// 0 is the primary interface.
    pub device_index: i32,
    /// Groups, sorted.
    pub groups: Vec<SecurityGroupId>,
    /// Private IPv4 and IPv6 addresses, the primary first.
    pub addresses: Vec<String>,
    /// `eipassoc-…` ids of Elastic IPs on this interface.
    pub address_associations: Vec<String>,
    /// Source/destination check.
    pub source_dest_check: Option<bool>,
    /// Whether it goes with the instance.
    pub delete_on_termination: Option<bool>,
}

/// One attached EBS volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// Volume id.
    pub id: VolumeId,
    /// Device name, e.g. `/dev/xvda`.
    pub device: String,
    /// Whether it is the root device.
    pub root: bool,
    /// When it was attached.
    pub attached_at: Option<Timestamp>,
    /// Whether it goes with the instance.
    pub delete_on_termination: Option<bool>,
    /// Size in GiB; `None` when DescribeVolumes did not say.
    pub size_gib: Option<i32>,
    /// `gp3`, `io2`, …
    pub volume_type: Option<String>,
    /// Whether it is encrypted.
    pub encrypted: Option<bool>,
}

/// Membership of an Auto Scaling group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AsgMembership {
    /// Group name.
    pub group: String,
    /// `InService`, `Standby`, `Pending`, `Terminating:Wait`, …; `None` when only the tag says so.
    pub lifecycle_state: Option<String>,
    /// `Healthy` or `Unhealthy`.
    pub health: Option<String>,
    /// Group's minimum size.
    pub min_size: Option<i32>,
    /// Group's desired capacity.
    pub desired: Option<i32>,
    /// Group's maximum size.
    pub max_size: Option<i32>,
    /// Members the group reports in service.
    pub in_service: Option<i32>,
}

/// One registration in a target group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetMembership {
    /// Target group ARN.
    pub target_group: String,
    /// ELBv2 target health state: `healthy`, `unhealthy`, `draining`, `unused`, …
    pub health: String,
    /// Port.
    pub port: Option<i32>,
    /// Healthy targets in the group, this one included.
    pub healthy_in_group: u32,
    /// Healthy targets in this instance's zone, this one included.
    pub healthy_in_zone: u32,
}

/// SSM `DescribeInstanceInformation` of one node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManagedNode {
    /// `Online`, `ConnectionLost`, `Inactive`.
    pub ping_status: String,
    /// Last heartbeat.
    pub last_ping: Option<Timestamp>,
    /// SSM agent version.
    pub agent_version: Option<String>,
    /// E.g. `Amazon Linux`.
    pub platform_name: Option<String>,
    /// E.g. `2023`.
    pub platform_version: Option<String>,
    /// How its State Manager associations went last: `Success`, `Failed`, `Pending`, …
    #[serde(default)]
    pub association_status: Option<String>,
}
