//! One call that changes something, as a value: it can be journalled in full before it is made, repeated after
//! a crash word for word, and recognised in the trail.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::types::{Digest, EniId, ImageId, InstanceId, MetadataOptions, SecurityGroupId, VolumeId};

/// Connection tracking time-outs of an interface, in seconds; `None` is EC2's default for the instance type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tracking {
    /// `TcpEstablishedTimeout`, 60 to 432,000.
    pub tcp_established_s: Option<i32>,
    /// `UdpStreamTimeout`, 60 to 180.
    pub udp_stream_s: Option<i32>,
    /// `UdpTimeout`, 30 to 60.
    pub udp_s: Option<i32>,
}

/// A volume that a launch creates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchVolume {
    /// Device name.
    pub device: String,
    /// Size in GiB; `None` is the image's.
    pub size_gib: Option<i32>,
    /// Type; `None` is the image's.
    pub volume_type: Option<String>,
    /// Encrypted; `None` is the image's or the account's default.
    pub encrypted: Option<bool>,
}

/// `RunInstances` of one instance. It holds no clock value, so that the same operation builds the same request
/// after a restart; and no user data, which may hold secrets: only its digest, the text is given with the call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchRequest {
    /// AMI.
    pub image: ImageId,
    /// Type.
    pub instance_type: String,
    /// Subnet; it fixes the zone.
    pub subnet: String,
    /// Zone name.
    pub zone: String,
    /// Groups of the primary interface.
    pub security_groups: BTreeSet<SecurityGroupId>,
    /// Instance profile name.
    pub profile: Option<String>,
    /// Key pair.
    pub key_name: Option<String>,
    /// Metadata options.
    pub metadata: MetadataOptions,
    /// SHA-256 of the decoded user data.
    pub user_data: Option<Digest>,
    /// Volumes that differ from the image's.
    pub volumes: Vec<LaunchVolume>,
    /// Source/destination check, when it must be off. A launch cannot say so: a call of its own does.
    pub source_dest_check: Option<bool>,
    /// Placement group, tenancy, partition.
    pub placement: super::PlacementDetail,
    /// Tags of instance, volumes and interface.
    pub tags: BTreeMap<String, String>,
    /// Client token.
    pub token: String,
}

/// One call. Names follow the API's, one call a variant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "call", rename_all = "kebab-case")]
pub enum WriteCall {
    /// `ec2:CreateTags`.
    CreateTags {
        /// Resource ids.
        resources: Vec<String>,
        /// Tags.
        tags: BTreeMap<String, String>,
    },
    /// `ec2:DeleteTags`.
    DeleteTags {
        /// Resource ids.
        resources: Vec<String>,
        /// Keys, whatever their values.
        keys: Vec<String>,
    },
    /// `ec2:ModifyInstanceAttribute` of `disableApiTermination`.
    SetTerminationProtection {
        /// Instance.
        instance: InstanceId,
        /// On or off.
        on: bool,
    },
    /// `ec2:ModifyInstanceAttribute` of `instanceInitiatedShutdownBehavior`.
    SetShutdownBehavior {
        /// Instance.
        instance: InstanceId,
        /// `stop` or `terminate`.
        behavior: String,
    },
    /// `ec2:ModifyInstanceAttribute` of `sourceDestCheck`, of an instance with one interface.
    SetSourceDestCheck {
        /// Instance.
        instance: InstanceId,
        /// On or off.
        on: bool,
    },
    /// `ec2:ModifyInstanceAttribute` of `blockDeviceMapping`: whether volumes go with the instance.
    SetVolumesDeletion {
        /// Instance.
        instance: InstanceId,
        /// By device.
        devices: BTreeMap<String, bool>,
    },
    /// `ec2:ModifyNetworkInterfaceAttribute` of `attachment`: whether an interface goes with its instance.
    SetInterfaceDeletion {
        /// Interface.
        interface: EniId,
        /// Attachment.
        attachment: String,
        /// Whether it goes.
        delete: bool,
    },
    /// `ec2:CreateSnapshots` of every volume of an instance, tagged with the operation.
    CreateSnapshots {
        /// Instance.
        instance: InstanceId,
        /// Tags of the snapshots.
        tags: BTreeMap<String, String>,
    },
    /// `ec2:ModifyNetworkInterfaceAttribute` of `groupSet`: the whole set.
    SetInterfaceGroups {
        /// Interface.
        interface: EniId,
        /// Groups.
        groups: BTreeSet<SecurityGroupId>,
    },
    /// `ec2:ModifyNetworkInterfaceAttribute` of `connectionTrackingSpecification`.
    SetTracking {
        /// Interface.
        interface: EniId,
        /// Time-outs.
        tracking: Tracking,
    },
    /// `ec2:AssociateAddress`.
    AssociateAddress {
        /// `eipalloc-…`.
        allocation: String,
        /// To which interface.
        interface: EniId,
        /// To which of its addresses; `None` is the primary.
        private_ip: Option<String>,
        /// Whether it may be taken from where it is. Only from an instance of the operation's own: somebody may have given
        /// it to another server meanwhile.
        #[serde(default)]
        take: bool,
    },
    /// `ec2:DisassociateAddress`.
    DisassociateAddress {
        /// `eipassoc-…`.
        association: String,
    },
    /// `ec2:CreateNetworkAclEntry` that denies all traffic from or to one address.
    DenyInAcl {
        /// `acl-…`.
        acl: String,
        /// Rule number; another one, when the call is made and somebody else has taken it.
        rule: i32,
        /// Outbound.
        egress: bool,
        /// `a.b.c.d/32` or `…/128`.
        cidr: String,
    },
    /// `ec2:DeleteNetworkAclEntry`, when the entry denies this address.
    RemoveFromAcl {
        /// `acl-…`.
        acl: String,
        /// Rule number.
        rule: i32,
        /// Outbound.
        egress: bool,
        /// `a.b.c.d/32` or `…/128`.
        cidr: String,
    },
    /// `ec2:AssignPrivateIpAddresses` with reassignment allowed.
    AssignPrivateIps {
        /// To which interface.
        interface: EniId,
        /// Addresses.
        addresses: Vec<String>,
        /// Whether they may be taken from where they are, as for Elastic IPs.
        #[serde(default)]
        take: bool,
    },
    /// `ec2:DetachNetworkInterface`.
    DetachInterface {
        /// Attachment.
        attachment: String,
        /// Interface, for the probe.
        interface: EniId,
    },
    /// `ec2:AttachNetworkInterface`.
    AttachInterface {
        /// Interface.
        interface: EniId,
        /// Instance.
        instance: InstanceId,
        /// Device index.
        device_index: i32,
    },
    /// `ec2:DetachVolume`.
    DetachVolume {
        /// Volume.
        volume: VolumeId,
        /// From which instance.
        instance: InstanceId,
    },
    /// `ec2:AttachVolume`.
    AttachVolume {
        /// Volume.
        volume: VolumeId,
        /// Instance.
        instance: InstanceId,
        /// Device.
        device: String,
    },
    /// `ec2:ReplaceIamInstanceProfileAssociation`.
    ReplaceProfile {
        /// Instance, for the probe.
        instance: InstanceId,
        /// `iip-assoc-…` that is replaced.
        association: String,
        /// ARN of the new profile.
        profile_arn: String,
    },
    /// `ec2:AssociateIamInstanceProfile`.
    AssociateProfile {
        /// Instance.
        instance: InstanceId,
        /// ARN of the profile.
        profile_arn: String,
    },
    /// `ec2:DisassociateIamInstanceProfile`.
    DisassociateProfile {
        /// Instance, for the probe.
        instance: InstanceId,
        /// `iip-assoc-…`.
        association: String,
    },
    /// `ec2:ModifyInstanceMetadataOptions`.
    SetMetadataOptions {
        /// Instance.
        instance: InstanceId,
        /// All of them.
        options: MetadataOptions,
    },
    /// `ec2:StopInstances`.
    Stop {
        /// Instance.
        instance: InstanceId,
    },
    /// `ec2:StartInstances`.
    Start {
        /// Instance.
        instance: InstanceId,
    },
    /// `ec2:TerminateInstances` of one id.
    Terminate {
        /// Instance.
        instance: InstanceId,
    },
    /// `ec2:RunInstances` of one instance.
    Launch(Box<LaunchRequest>),
    /// `ec2:CreateReplaceRootVolumeTask`; the replaced volume is kept. Either from an image or back to a volume.
    ReplaceRootVolume {
        /// Instance.
        instance: InstanceId,
        /// From this image.
        image: Option<ImageId>,
        /// Or back to this volume.
        volume: Option<VolumeId>,
        /// Client token.
        token: String,
    },
    /// `elasticloadbalancing:RegisterTargets` of one target.
    RegisterTarget {
        /// ARN of the target group.
        group: String,
        /// Instance id or address.
        target: String,
        /// Port; `None` is the group's.
        port: Option<i32>,
        /// Zone, for address targets outside the load balancer's VPC.
        zone: Option<String>,
    },
    /// `elasticloadbalancing:DeregisterTargets` of one target.
    DeregisterTarget {
        /// ARN of the target group.
        group: String,
        /// Instance id or address.
        target: String,
        /// Port, without which a target registered under another port than the group's stays.
        port: Option<i32>,
    },
    /// `autoscaling:LaunchInstances` of one instance.
    LaunchInGroup {
        /// Group.
        group: String,
        /// Subnet.
        subnet: String,
        /// Client token.
        token: String,
    },
    /// `autoscaling:EnterStandby`.
    EnterStandby {
        /// Group.
        group: String,
        /// Instance.
        instance: InstanceId,
        /// Whether the desired capacity is lowered by one; if not, the group launches a substitute.
        #[serde(default)]
        decrement: bool,
    },
    /// `autoscaling:ExitStandby`; the desired capacity rises by one.
    ExitStandby {
        /// Group.
        group: String,
        /// Instance.
        instance: InstanceId,
    },
    /// `autoscaling:SetInstanceProtection` from scale-in.
    SetScaleInProtection {
        /// Group.
        group: String,
        /// Instance.
        instance: InstanceId,
        /// On or off.
        on: bool,
    },
    /// `autoscaling:SetDesiredCapacity`.
    SetDesiredCapacity {
        /// Group.
        group: String,
        /// Capacity.
        desired: i32,
    },
    /// `autoscaling:DetachInstances`, lowering the desired capacity: no substitute.
    DetachFromGroup {
        /// Group.
        group: String,
        /// Instance.
        instance: InstanceId,
    },
    /// `autoscaling:AttachInstances`; the desired capacity rises by one.
    AttachToGroup {
        /// Group.
        group: String,
        /// Instance.
        instance: InstanceId,
    },
    /// `iam:PutRolePolicy`: an inline policy.
    PutRolePolicy {
        /// Role name.
        role: String,
        /// Policy name.
        policy: String,
        /// Policy document, JSON.
        document: String,
    },
    /// `iam:DeleteRolePolicy`.
    DeleteRolePolicy {
        /// Role name.
        role: String,
        /// Policy name.
        policy: String,
    },
    /// `ssm:SendCommand` that makes one node report its inventory now.
    RefreshInventory {
        /// Node.
        instance: InstanceId,
    },
}

impl WriteCall {
    /// `service:Operation` as IAM spells it.
    pub fn api(&self) -> &'static str {
        match self {
            Self::CreateTags { .. } => "ec2:CreateTags",
            Self::DeleteTags { .. } => "ec2:DeleteTags",
            Self::SetTerminationProtection { .. }
            | Self::SetShutdownBehavior { .. }
            | Self::SetSourceDestCheck { .. }
            | Self::SetVolumesDeletion { .. } => "ec2:ModifyInstanceAttribute",
            Self::SetInterfaceDeletion { .. } | Self::SetInterfaceGroups { .. } | Self::SetTracking { .. } => {
                "ec2:ModifyNetworkInterfaceAttribute"
            }
            Self::CreateSnapshots { .. } => "ec2:CreateSnapshots",
            Self::AssociateAddress { .. } => "ec2:AssociateAddress",
            Self::DisassociateAddress { .. } => "ec2:DisassociateAddress",
            Self::DenyInAcl { .. } => "ec2:CreateNetworkAclEntry",
            Self::RemoveFromAcl { .. } => "ec2:DeleteNetworkAclEntry",
            Self::AssignPrivateIps { .. } => "ec2:AssignPrivateIpAddresses",
            Self::DetachInterface { .. } => "ec2:DetachNetworkInterface",
            Self::AttachInterface { .. } => "ec2:AttachNetworkInterface",
            Self::DetachVolume { .. } => "ec2:DetachVolume",
            Self::AttachVolume { .. } => "ec2:AttachVolume",
            Self::ReplaceProfile { .. } => "ec2:ReplaceIamInstanceProfileAssociation",
            Self::AssociateProfile { .. } => "ec2:AssociateIamInstanceProfile",
            Self::DisassociateProfile { .. } => "ec2:DisassociateIamInstanceProfile",
            Self::SetMetadataOptions { .. } => "ec2:ModifyInstanceMetadataOptions",
            Self::Stop { .. } => "ec2:StopInstances",
            Self::Start { .. } => "ec2:StartInstances",
            Self::Terminate { .. } => "ec2:TerminateInstances",
            Self::Launch(_) => "ec2:RunInstances",
            Self::ReplaceRootVolume { .. } => "ec2:CreateReplaceRootVolumeTask",
            Self::RegisterTarget { .. } => "elasticloadbalancing:RegisterTargets",
            Self::DeregisterTarget { .. } => "elasticloadbalancing:DeregisterTargets",
            Self::LaunchInGroup { .. } => "autoscaling:LaunchInstances",
            Self::EnterStandby { .. } => "autoscaling:EnterStandby",
            Self::ExitStandby { .. } => "autoscaling:ExitStandby",
            Self::SetScaleInProtection { .. } => "autoscaling:SetInstanceProtection",
            Self::SetDesiredCapacity { .. } => "autoscaling:SetDesiredCapacity",
            Self::DetachFromGroup { .. } => "autoscaling:DetachInstances",
            Self::AttachToGroup { .. } => "autoscaling:AttachInstances",
            Self::PutRolePolicy { .. } => "iam:PutRolePolicy",
            Self::DeleteRolePolicy { .. } => "iam:DeleteRolePolicy",
            Self::RefreshInventory { .. } => "ssm:SendCommand",
        }
    }

    /// Whether it puts the golden to work.
    pub(super) fn brings_golden(&self) -> bool {
        matches!(self, Self::Launch(_) | Self::LaunchInGroup { .. } | Self::ReplaceRootVolume { image: Some(_), .. })
    }

    /// The rule number, when the call is about this entry of a network ACL.
    pub(super) fn acl_number(&self, of: &str, out: bool, address: &str) -> Option<i32> {
        match self {
            Self::DenyInAcl { acl, rule, egress, cidr } | Self::RemoveFromAcl { acl, rule, egress, cidr } => {
                (acl == of && *egress == out && cidr == address).then_some(*rule)
            }
            _ => None,
        }
    }

    /// The CloudTrail event name: the operation without its service.
    pub fn event_name(&self) -> &'static str {
        self.api().split_once(':').map_or("", |(_, name)| name)
    }

    /// Whether making it a second time makes a second thing. Such a call is only repeated when the first one is
    /// proven not to have happened, after the time in which reads may lag behind.
    pub fn creates_again(&self) -> bool {
        matches!(self, Self::CreateSnapshots { .. })
    }
}
