//! What enforcement looks at on a server, beyond what a scan describes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::clock::after;
use super::server::Server;
use crate::remediate::{PlacementDetail, StatusChecks, Tracking};
use crate::types::{EniId, MetadataOptions, VolumeId};

/// How long the status checks of a server that has just begun to run are `initializing`.
const CHECKS: Duration = Duration::from_secs(60);
/// How long after the start of a server its SSM agent registers.
const REGISTERS: Duration = Duration::from_secs(15);

/// Attributes and circumstances of one server.
#[derive(Clone, Debug)]
pub(super) struct Attributes {
    pub(super) termination_protected: bool,
    pub(super) stop_protected: bool,
    pub(super) shutdown_behavior: Arc<str>,
    /// Its status checks fail.
    pub(super) impaired: bool,
    /// Time-outs that differ from the defaults.
    pub(super) tracking: BTreeMap<EniId, Tracking>,
    /// A public address that is no Elastic IP.
    pub(super) public_ip: Option<Arc<str>>,
    /// Whether its subnet gives it a public address at each start.
    pub(super) auto_public_ip: bool,
    /// Client token of its launch.
    pub(super) token: Option<Arc<str>>,
    /// Metadata options that are being applied.
    pub(super) metadata_next: Option<(Timestamp, Arc<MetadataOptions>)>,
    /// Since when it can reach nothing: all its interfaces are in isolating groups.
    pub(super) cut_since: Option<Timestamp>,
    /// Since when it can be reached again, or its root volume is back.
    pub(super) reachable_since: Option<Timestamp>,
    /// Volumes on their way out.
    pub(super) detaching: BTreeSet<VolumeId>,
    /// Until when its root volume is away.
    pub(super) outage_until: Option<Timestamp>,
    /// It has no root volume.
    pub(super) rootless: bool,
    pub(super) placement: PlacementDetail,
}

impl Default for Attributes {
    fn default() -> Self {
        Self {
            termination_protected: false,
            stop_protected: false,
            shutdown_behavior: Arc::from("stop"),
            impaired: false,
            tracking: BTreeMap::new(),
            public_ip: None,
            auto_public_ip: false,
            token: None,
            metadata_next: None,
            cut_since: None,
            reachable_since: None,
            detaching: BTreeSet::new(),
            outage_until: None,
            rootless: false,
            placement: PlacementDetail::default(),
        }
    }
}

impl Server {
    /// Since when it runs; `None` while it does not.
    pub(super) fn running_since(&self, now: Timestamp) -> Option<Timestamp> {
        if self.state(now) != "running" {
            return None;
        }
        Some(self.phase.then.map_or(self.launched_at, |(when, _)| when))
    }

    /// Metadata options as DescribeInstances shows them now.
    pub(super) fn metadata_at(&self, now: Timestamp) -> &Arc<MetadataOptions> {
        let next = self.attributes.metadata_next.as_ref().filter(|(when, _)| now >= *when);
        next.map_or(&self.metadata, |(_, options)| options)
    }

    /// When its SSM agent registered in this run; `None` while it does not run or has not yet.
    pub(super) fn registered_at(&self, now: Timestamp) -> Option<Timestamp> {
        let registered = after(self.running_since(now)?, REGISTERS);
        (now >= registered && self.node.is_some()).then_some(registered)
    }

    /// Whether its agent can call AWS now.
    pub(super) fn reaches_ssm(&self, now: Timestamp) -> bool {
        self.registered_at(now).is_some()
            && !self.attributes.impaired
            && self.node.as_ref().is_some_and(|node| node.lost_at.is_none())
            && self.attributes.cut_since.is_none()
            && !self.has_outage(now)
    }

    pub(super) fn has_outage(&self, now: Timestamp) -> bool {
        self.attributes.rootless || self.attributes.outage_until.is_some_and(|until| now < until)
    }

    /// Whether it would answer a health check.
    pub(super) fn answers(&self, now: Timestamp) -> bool {
        self.state(now) == "running"
            && !self.attributes.impaired
            && self.attributes.cut_since.is_none()
            && !self.has_outage(now)
    }

    pub(super) fn checks(&self, now: Timestamp) -> StatusChecks {
        let result = match self.running_since(now) {
            None => "not-applicable",
            Some(_) if self.attributes.impaired => "impaired",
            Some(_) if self.has_outage(now) => "initializing",
            Some(since) if now < after(since, CHECKS) => "initializing",
            Some(_) => "ok",
        };
        StatusChecks {
            state: self.state(now).to_owned(),
            system: if result == "impaired" { "ok" } else { result }.to_owned(),
            instance: result.to_owned(),
            ebs: None,
        }
    }
}
