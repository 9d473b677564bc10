//! One simulated server, kept small: whatever servers of one launch have in common is shared.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::attributes::Attributes;
use super::clock::{after, before};
use super::content::{Content, Reports};
use super::ids::stable_number;
use crate::types::architecture_of;
use crate::types::{
    ImageId, Instance, InstanceId, ManagedNode, MetadataOptions, NetworkInterface, Observed, Place, Volume,
};

/// How long DescribeInstances goes on listing a terminated server. EC2 says "usually less than one hour".
const TERMINATED_LISTED_FOR: Duration = Duration::from_secs(3600);
/// Heartbeats of the SSM agent come every five minutes.
const HEARTBEAT_SECONDS: u64 = 300;

/// How long a launch or a start is `pending`.
pub(super) const BOOT: Duration = Duration::from_secs(20);
/// How long a stop or a shutdown takes.
pub(super) const HALT: Duration = Duration::from_secs(30);

/// EC2 state with the one that follows by itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Phase {
    pub(super) name: &'static str,
    pub(super) then: Option<(Timestamp, &'static str)>,
}

impl Phase {
    pub(super) fn moving(name: &'static str, until: Timestamp, then: &'static str) -> Self {
        Self { name, then: Some((until, then)) }
    }

    /// The state at this time.
    pub(super) fn at(self, now: Timestamp) -> &'static str {
        self.then.filter(|(when, _)| now >= *when).map_or(self.name, |(_, next)| next)
    }
}

/// The instance profile of a server.
#[derive(Clone, Debug)]
pub(super) struct ProfileLink {
    pub(super) association: Arc<str>,
    pub(super) arn: Arc<str>,
}

/// The server's SSM agent.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) agent_version: Arc<str>,
    pub(super) platform_name: Arc<str>,
    pub(super) platform_version: Arc<str>,
    /// The last heartbeat, when the agent fell silent.
    pub(super) lost_at: Option<Timestamp>,
}

/// One server.
#[derive(Clone, Debug)]
pub(super) struct Server {
    pub(super) id: InstanceId,
    pub(super) zone: Arc<str>,
    pub(super) image: ImageId,
    pub(super) instance_type: Arc<str>,
    pub(super) phase: Phase,
    pub(super) launched_at: Timestamp,
    pub(super) key_name: Option<Arc<str>>,
    pub(super) subnet: Arc<str>,
    pub(super) profile: Option<ProfileLink>,
    pub(super) metadata: Arc<MetadataOptions>,
    pub(super) user_data: Option<Arc<[u8]>>,
    pub(super) interfaces: Vec<NetworkInterface>,
    pub(super) volumes: Vec<Volume>,
    pub(super) tags: Arc<BTreeMap<String, String>>,
    pub(super) node: Option<Node>,
    /// What is really inside.
    pub(super) content: Arc<Content>,
    /// What was reported last.
    pub(super) reports: Arc<Reports>,
    pub(super) attributes: Attributes,
}

impl Server {
    pub(super) fn state(&self, now: Timestamp) -> &'static str {
        self.phase.at(now)
    }

    /// Whether DescribeInstances still lists it.
    pub(super) fn is_listed(&self, now: Timestamp) -> bool {
        self.phase.then.is_none_or(|(when, next)| next != "terminated" || now < after(when, TERMINATED_LISTED_FOR))
    }

    /// As DescribeInstances says it: nothing that other calls would add.
    pub(super) fn describe(&self, place: &Place, now: Timestamp) -> Instance {
        let state = self.state(now);
        let gone = state == "terminated";
        Instance {
            id: self.id.clone(),
            account: place.account.clone(),
            region: place.region.clone(),
            zone: self.zone.to_string(),
            image: self.image.clone(),
            instance_type: self.instance_type.to_string(),
            architecture: architecture_of(&self.instance_type).map(str::to_owned),
            state: state.to_owned(),
            launched_at: self.launched_at,
            lifecycle: None,
            platform: None,
            key_name: self.key_name.as_deref().map(str::to_owned),
            subnet: (!gone).then(|| self.subnet.to_string()),
            instance_profile: self.profile.as_ref().map(|link| link.arn.to_string()),
            profile_association: None,
            metadata_options: MetadataOptions::clone(self.metadata_at(now)),
            user_data: Observed::Unknown,
            source_dest_check: self.interfaces.first().and_then(|primary| primary.source_dest_check),
            interfaces: if gone { Vec::new() } else { self.interfaces.clone() },
            volumes: if gone { Vec::new() } else { self.volumes.iter().map(as_attachment).collect() },
            tags: BTreeMap::clone(&self.tags),
            operator: None,
            asg: None,
            targets: Vec::new(),
            node: Observed::Unknown,
            inventory: BTreeMap::new(),
        }
    }

    /// As DescribeInstanceInformation says it: stopped servers and those without an agent are not listed. A cut is
    /// noticed when a heartbeat is missing.
    pub(super) fn describe_node(&self, now: Timestamp) -> Option<ManagedNode> {
        let registered = self.registered_at(now)?;
        let node = self.node.as_ref()?;
        let silent = node
            .lost_at
            .or(self.attributes.cut_since)
            .filter(|since| node.lost_at.is_some() || now >= after(*since, Duration::from_secs(HEARTBEAT_SECONDS)));
        let jitter = Duration::from_secs(stable_number(self.id.as_str()) % HEARTBEAT_SECONDS);
        let last = node.lost_at.or(self.attributes.cut_since).unwrap_or_else(|| before(now, jitter).max(registered));
        Some(ManagedNode {
            ping_status: if silent.is_some() { "ConnectionLost" } else { "Online" }.to_owned(),
            last_ping: Some(last),
            agent_version: Some(node.agent_version.to_string()),
            platform_name: Some(node.platform_name.to_string()),
            platform_version: Some(node.platform_version.to_string()),
            association_status: Some("Success".to_owned()),
        })
    }

    /// The name of its instance profile, the last part of the ARN.
    pub(super) fn profile_name(&self) -> Option<&str> {
        self.profile.as_ref().and_then(|link| link.arn.rsplit('/').next())
    }

    pub(super) fn primary(&self) -> Option<&NetworkInterface> {
        self.interfaces.first()
    }
}

/// The block device mapping of DescribeInstances carries no size, type or encryption.
fn as_attachment(volume: &Volume) -> Volume {
    Volume { size_gib: None, volume_type: None, encrypted: None, ..volume.clone() }
}
