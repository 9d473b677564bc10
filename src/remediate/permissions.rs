//! The IAM actions that operations need: one list for the permissions gate, for the policy that `iam-policy`
//! prints, and for the sessions that the adapters narrow.

use std::collections::BTreeSet;

use super::{CutMode, IdentityCut, Method, Settings};
use crate::types::OperationKind;

/// Tag that carries the operation on everything that one makes or takes.
pub const OPERATION_TAG: &str = "cattleguard:operation";

/// Tag of what must not be touched, whatever a plan says.
pub const PROTECTED_TAG: &str = "cattleguard:protected";

/// What [`CloudProbe`](super::CloudProbe) calls, and the reads before a call of
/// [`CloudWrite`](super::CloudWrite). `sts:GetCallerIdentity` needs no permission.
pub const PROBE_ACTIONS: [&str; 28] = [
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeInstanceRefreshes",
    "autoscaling:DescribeLaunchConfigurations",
    "cloudwatch:DescribeAlarms",
    "ec2:DescribeAddresses",
    "ec2:DescribeIamInstanceProfileAssociations",
    "ec2:DescribeInstanceAttribute",
    "ec2:DescribeInstanceStatus",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeInstances",
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:DescribeNetworkAcls",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeReplaceRootVolumeTasks",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSnapshots",
    "ec2:DescribeSubnets",
    "ec2:DescribeVolumes",
    "ec2:GetConsoleOutput",
    "elasticloadbalancing:DescribeTargetHealth",
    "iam:GetInstanceProfile",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:SimulatePrincipalPolicy",
    "ssm:DescribeEffectiveInstanceAssociations",
    "ssm:DescribeInstanceAssociationsStatus",
    "ssm:GetParameter",
    "sts:GetCallerIdentity",
];

/// What belongs together: an operation needs all of it or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feature {
    /// Marks on the instance and on what is made.
    Tags,
    /// Termination protection, shutdown behaviour, volumes and interfaces that must survive.
    Protection,
    /// Disk evidence.
    Snapshots,
    /// Groups and tracking time-outs of interfaces.
    Interfaces,
    /// Elastic IPs.
    Addresses,
    /// Denying entries in network ACLs.
    Acl,
    /// The instance profile.
    Profile,
    /// Denial of role sessions.
    Sessions,
    /// Stop and start.
    Power,
    /// Registration at target groups.
    Targets,
    /// Membership of Auto Scaling groups.
    Groups,
    /// Launch of a replacement.
    Launch,
    /// Replacement of the root volume.
    RootVolume,
    /// Secondary private addresses.
    PrivateAddresses,
    /// Secondary interfaces.
    MovedInterfaces,
    /// Data volumes.
    Volumes,
    /// End of an instance.
    Terminate,
    /// Fresh inventory of one node.
    Inventory,
}

impl Feature {
    /// Every feature.
    pub const ALL: [Self; 18] = [
        Self::Tags,
        Self::Protection,
        Self::Snapshots,
        Self::Interfaces,
        Self::Addresses,
        Self::Acl,
        Self::Profile,
        Self::Sessions,
        Self::Power,
        Self::Targets,
        Self::Groups,
        Self::Launch,
        Self::RootVolume,
        Self::PrivateAddresses,
        Self::MovedInterfaces,
        Self::Volumes,
        Self::Terminate,
        Self::Inventory,
    ];

    /// Its actions.
    pub fn actions(self) -> &'static [&'static str] {
        match self {
            Self::Tags => &["ec2:CreateTags", "ec2:DeleteTags"],
            Self::Protection => &[
                "ec2:ModifyInstanceAttribute",
                "ec2:ModifyInstanceMetadataOptions",
                "ec2:ModifyNetworkInterfaceAttribute",
            ],
            Self::Snapshots => &["ec2:CreateSnapshots"],
            Self::Interfaces => &["ec2:ModifyNetworkInterfaceAttribute"],
            Self::Addresses => &["ec2:AssociateAddress", "ec2:DisassociateAddress"],
            Self::Acl => &["ec2:CreateNetworkAclEntry", "ec2:DeleteNetworkAclEntry"],
            Self::Profile => &[
                "ec2:AssociateIamInstanceProfile",
                "ec2:DisassociateIamInstanceProfile",
                "ec2:ReplaceIamInstanceProfileAssociation",
                "iam:PassRole",
            ],
            Self::Sessions => &["iam:DeleteRolePolicy", "iam:PutRolePolicy"],
            Self::Power => &["ec2:StartInstances", "ec2:StopInstances"],
            Self::Targets => &["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"],
            Self::Groups => &[
                "autoscaling:AttachInstances",
                "autoscaling:DetachInstances",
                "autoscaling:EnterStandby",
                "autoscaling:ExitStandby",
                "autoscaling:LaunchInstances",
                "autoscaling:SetDesiredCapacity",
                "autoscaling:SetInstanceProtection",
            ],
            Self::Launch => &["ec2:RunInstances", "iam:PassRole"],
            Self::RootVolume => &["ec2:CreateReplaceRootVolumeTask"],
            Self::PrivateAddresses => &["ec2:AssignPrivateIpAddresses"],
            Self::MovedInterfaces => &["ec2:AttachNetworkInterface", "ec2:DetachNetworkInterface"],
            Self::Volumes => &["ec2:AttachVolume", "ec2:DetachVolume"],
            Self::Terminate => &["ec2:TerminateInstances"],
            Self::Inventory => &["ssm:SendCommand"],
        }
    }
}

/// Every action that an operation of this kind with these settings may need, its probes included, sorted. What
/// the instance turns out not to have (no group, no address) is asked for all the same: a permission that is
/// missing half-way costs more than one too many.
pub fn actions_for(kind: OperationKind, settings: &Settings) -> Vec<&'static str> {
    let features: BTreeSet<Feature> = match kind {
        OperationKind::Quarantine | OperationKind::Release => containment(settings),
        OperationKind::Replace => replacement(settings),
        OperationKind::Rollback => containment(settings).union(&replacement(settings)).copied().collect(),
    };
    let actions = features.iter().flat_map(|feature| feature.actions()).chain(&PROBE_ACTIONS);
    actions.copied().collect::<BTreeSet<_>>().into_iter().collect()
}

fn containment(settings: &Settings) -> BTreeSet<Feature> {
    let mut features = BTreeSet::from([
        Feature::Tags,
        Feature::Protection,
        Feature::Snapshots,
        Feature::Interfaces,
        Feature::Addresses,
        Feature::Targets,
        Feature::Groups,
    ]);
    match settings.cut {
        CutMode::Idle | CutMode::Convert => {}
        CutMode::Nacl => _ = features.insert(Feature::Acl),
        CutMode::Stop => _ = features.insert(Feature::Power),
    }
    if settings.identity >= IdentityCut::Profile {
        features.insert(Feature::Profile);
    }
    if settings.identity >= IdentityCut::Session {
        features.insert(Feature::Sessions);
    }
    features
}

fn replacement(settings: &Settings) -> BTreeSet<Feature> {
    // On the compromise track the old instance is contained first.
    let mut features = containment(settings);
    features.extend([Feature::Power, Feature::Terminate]);
    features.insert(match settings.method {
        Method::Launch => Feature::Launch,
        Method::RootVolume => Feature::RootVolume,
    });
    let wanted = [
        (settings.moves.private_ips, Feature::PrivateAddresses),
        (settings.moves.interfaces, Feature::MovedInterfaces),
        (settings.moves.volumes, Feature::Volumes),
        (settings.expect_inventory, Feature::Inventory),
    ];
    features.extend(wanted.into_iter().filter_map(|(wanted, feature)| wanted.then_some(feature)));
    features
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> BTreeSet<&'static str> {
        Feature::ALL.iter().flat_map(|feature| feature.actions()).copied().collect()
    }

    /// A call that is added must be asked for, and one that goes must not be asked for any more.
    #[test]
    fn features_list_exactly_the_calls() {
        let source = include_str!("call.rs");
        let (_, api) = source.split_once("pub fn api(&self)").expect("the method");
        let (api, _) = api.split_once("pub fn event_name").expect("the next method");
        let calls: BTreeSet<&str> = api.split('"').skip(1).step_by(2).filter(|text| text.contains(':')).collect();
        assert!(calls.len() > 30, "{calls:?}");
        // A permission that belongs to other calls.
        let beside = BTreeSet::from(["iam:PassRole"]);
        assert_eq!(all().difference(&calls).copied().collect::<BTreeSet<_>>(), beside);
        assert_eq!(calls.difference(&all()).count(), 0);
    }

    #[test]
    fn probes_only_read() {
        for action in PROBE_ACTIONS {
            let verb = action.split_once(':').expect("service:Operation").1;
            assert!(["Describe", "Get", "Simulate"].iter().any(|read| verb.starts_with(read)), "{action}");
        }
        assert!(PROBE_ACTIONS.is_sorted());
    }

    #[test]
    fn only_what_the_settings_use_is_asked_for() {
        let harmless = Settings { identity: IdentityCut::None, ..Settings::default() };
        let actions = actions_for(OperationKind::Quarantine, &harmless);
        assert!(actions.contains(&"ec2:CreateSnapshots"));
        assert!(!actions.iter().any(|action| matches!(*action, "ec2:TerminateInstances" | "ec2:RunInstances")));
        assert!(!actions.iter().any(|action| action.contains("RolePolicy") && action.starts_with("iam:P")));
        let nacl = Settings { cut: CutMode::Nacl, ..Settings::default() };
        assert!(actions_for(OperationKind::Quarantine, &nacl).contains(&"ec2:CreateNetworkAclEntry"));
        let replace = actions_for(OperationKind::Replace, &Settings::default());
        assert!(replace.contains(&"ec2:RunInstances") && replace.contains(&"iam:PassRole"));
        assert!(!replace.contains(&"ec2:DetachVolume"));
        let rollback = actions_for(OperationKind::Rollback, &Settings::default());
        assert!(replace.iter().all(|action| rollback.contains(action)));
        assert!(replace.is_sorted());
    }
}
