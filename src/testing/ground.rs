//! What an account-region holds besides servers and groups: its network, addresses, snapshots, tokens, alarms.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::content::Content;
use super::delayed::Delayed;
use super::ids::stable_hex;
use crate::plan::AlarmState;
use crate::remediate::{AclEntry, SecurityGroupDetail};
use crate::types::{EniId, ImageId, InstanceId, Place, SecurityGroupId, VolumeId};

/// Names of the groups that enforcement expects in every VPC.
pub(super) const ISOLATE: &str = "cattleguard-isolate";
pub(super) const OPEN: &str = "cattleguard-open";

/// An Elastic IP.
#[derive(Clone, Debug)]
pub(super) struct ElasticIp {
    pub(super) public_ip: String,
    pub(super) link: Option<AddressLink>,
}

/// Where an Elastic IP is.
#[derive(Clone, Debug)]
pub(super) struct AddressLink {
    pub(super) association: String,
    pub(super) instance: InstanceId,
    pub(super) interface: EniId,
    pub(super) private_ip: Option<String>,
}

/// An EBS snapshot.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    pub(super) volume: VolumeId,
    pub(super) tags: BTreeMap<String, String>,
    /// When DescribeSnapshots begins to list it.
    pub(super) listed_from: Timestamp,
    pub(super) completed_at: Timestamp,
}

/// A replacement of a root volume.
#[derive(Clone, Debug)]
pub(super) struct RootTask {
    pub(super) task: String,
    pub(super) instance: InstanceId,
    pub(super) image: Option<ImageId>,
    pub(super) volume: Option<VolumeId>,
    pub(super) token: String,
    pub(super) started_at: Timestamp,
    pub(super) done_at: Timestamp,
    pub(super) failure: Option<RootFailure>,
}

/// How a replacement of a root volume fails ("Replace the root volume for an Amazon EC2 instance", EC2 user guide).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootFailure {
    /// The original volume is attached again.
    Restored,
    /// The instance is left without a root volume.
    Detached,
}

/// What a client token stands for.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) request: String,
    pub(super) instance: InstanceId,
}

/// What is on a root volume that was replaced.
#[derive(Clone, Debug)]
pub(super) struct KeptRoot {
    pub(super) image: ImageId,
    pub(super) content: Arc<Content>,
}

/// The ground that servers stand on.
#[derive(Debug, Default)]
pub(super) struct Ground {
    pub(super) vpc: String,
    pub(super) security_groups: BTreeMap<SecurityGroupId, SecurityGroupDetail>,
    pub(super) acls: BTreeMap<String, Delayed<Arc<Vec<AclEntry>>>>,
    pub(super) addresses: BTreeMap<String, Delayed<Arc<ElasticIp>>>,
    pub(super) snapshots: BTreeMap<String, Snapshot>,
    pub(super) roots: Vec<RootTask>,
    /// How replacements of root volumes fail that begin from now on.
    pub(super) roots_fail: Option<RootFailure>,
    pub(super) kept_roots: BTreeMap<VolumeId, KeptRoot>,
    pub(super) volume_zones: BTreeMap<VolumeId, Arc<str>>,
    /// By token and zone: the same token in another zone is another token.
    pub(super) tokens: BTreeMap<(String, String), Token>,
    pub(super) exhausted: BTreeSet<(String, String)>,
    pub(super) alarms: BTreeMap<String, AlarmState>,
    pub(super) parameters: BTreeMap<String, String>,
    /// Actions that the enforcing role may not make.
    pub(super) denied: BTreeSet<String>,
    /// Images whose servers do not pass their status checks.
    pub(super) unbootable: BTreeSet<ImageId>,
    /// Images whose servers hold something else than the image promises.
    pub(super) spoilt: BTreeSet<ImageId>,
    /// Tags of things other than servers.
    pub(super) tags: BTreeMap<String, BTreeMap<String, String>>,
}

impl Ground {
    /// A VPC with its default network ACLs and the two groups that enforcement expects.
    pub(super) fn of(place: &Place) -> Self {
        let mut ground = Self { vpc: named("vpc", place, "main"), ..Self::default() };
        ground.add_group(place, ISOLATE, 0, false);
        ground.add_group(place, OPEN, 4, true);
        ground
    }

    /// Adds a security group with this many rules each way, or changes it.
    pub(super) fn add_group(&mut self, place: &Place, name: &str, rules: usize, open: bool) -> SecurityGroupId {
        let id = SecurityGroupId::from(named("sg", place, name));
        let detail = SecurityGroupDetail { id: id.clone(), name: name.to_owned(), ingress: rules, egress: rules, open };
        self.security_groups.insert(id.clone(), detail);
        id
    }

    /// Groups that somebody uses exist, with rules of their own.
    pub(super) fn know_groups(&mut self, groups: &[SecurityGroupId]) {
        for id in groups {
            let detail = || SecurityGroupDetail {
                id: id.clone(),
                name: format!("named-{id}"),
                ingress: 2,
                egress: 1,
                open: false,
            };
            self.security_groups.entry(id.clone()).or_insert_with(detail);
        }
    }

    /// Whether a group lets nothing through.
    pub(super) fn isolates(&self, group: &SecurityGroupId) -> bool {
        self.security_groups.get(group).is_some_and(|detail| detail.ingress == 0 && detail.egress == 0)
    }
}

/// An id that follows from region and name: accounts of one region share the VPC and so what is in it.
pub(super) fn named(prefix: &str, place: &Place, name: &str) -> String {
    let hex: String = stable_hex(&format!("{prefix}:{}:{name}", place.region)).chars().take(16).collect();
    format!("{prefix}-0{hex}")
}

/// The subnet of a zone.
pub(super) fn subnet_of(place: &Place, zone: &str) -> String {
    named("subnet", place, zone)
}

/// The network ACL of a subnet.
pub(super) fn acl_of(place: &Place, subnet: &str) -> String {
    named("acl", place, subnet)
}
