//! Auto Scaling groups and target groups of the simulated account.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::clock::after;
use super::launch::LaunchSpec;
use crate::types::{AsgMembership, InstanceId};

/// How long a new target is `initial` before its health checks pass.
const REGISTRATION: Duration = Duration::from_secs(30);
/// How long a deregistered target drains: the ELBv2 default of `deregistration_delay.timeout_seconds`.
const DRAINING: Duration = Duration::from_secs(300);

/// One Auto Scaling group.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) min_size: i32,
    pub(super) desired: i32,
    pub(super) max_size: i32,
    pub(super) template: Arc<LaunchSpec>,
    /// Zones, used in turn.
    pub(super) zones: Vec<Arc<str>>,
    pub(super) target_groups: Vec<String>,
    /// Members with the time they came into service.
    pub(super) members: BTreeMap<InstanceId, Timestamp>,
    /// Members out of service, which the group neither counts nor checks.
    pub(super) standby: BTreeSet<InstanceId>,
    /// Members that scaling in spares.
    pub(super) protected: BTreeSet<InstanceId>,
    /// Whether the template's version is a number.
    pub(super) pinned: bool,
    pub(super) refreshing: bool,
    /// Whether members that do not answer the load balancer are replaced, and not only those that do not run.
    pub(super) elb_health: bool,
}

impl Group {
    /// Members that count, with the time they came into service.
    pub(super) fn in_service(&self) -> impl Iterator<Item = (&InstanceId, &Timestamp)> {
        self.members.iter().filter(|(member, _)| !self.standby.contains(*member))
    }

    /// How many members count.
    pub(super) fn active(&self) -> i32 {
        i32::try_from(self.in_service().count()).unwrap_or(i32::MAX)
    }

    /// Who goes first when the group shrinks: the oldest, protected ones never.
    pub(super) fn scale_in_order(&self) -> Vec<InstanceId> {
        let mut members: Vec<_> = self.in_service().filter(|(member, _)| !self.protected.contains(*member)).collect();
        members.sort_by_key(|(member, since)| (**since, (*member).clone()));
        members.into_iter().map(|(member, _)| member.clone()).collect()
    }

    pub(super) fn forget(&mut self, member: &InstanceId) {
        self.members.remove(member);
        self.standby.remove(member);
        self.protected.remove(member);
    }

    pub(super) fn lifecycle(&self, member: &InstanceId, now: Timestamp) -> &'static str {
        match self.members.get(member) {
            Some(_) if self.standby.contains(member) => "Standby",
            Some(since) if now >= *since => "InService",
            _ => "Pending",
        }
    }

    pub(super) fn membership(&self, member: &InstanceId, now: Timestamp) -> AsgMembership {
        let serving = |since: &Timestamp| now >= *since;
        let in_service = self.in_service().filter(|(_, since)| serving(since)).count();
        AsgMembership {
            group: self.name.clone(),
            lifecycle_state: Some(self.lifecycle(member, now).to_owned()),
            health: Some("Healthy".to_owned()),
            min_size: Some(self.min_size),
            desired: Some(self.desired),
            max_size: Some(self.max_size),
            in_service: i32::try_from(in_service).ok(),
        }
    }
}

/// One registration in a target group.
#[derive(Clone, Debug)]
pub(super) struct Registration {
    pub(super) port: i32,
    pub(super) zone: Option<Arc<str>>,
    pub(super) since: Timestamp,
    pub(super) leaving_since: Option<Timestamp>,
    pub(super) unhealthy: bool,
}

impl Registration {
    pub(super) fn new(port: i32, zone: Option<Arc<str>>, since: Timestamp) -> Self {
        Self { port, zone, since, leaving_since: None, unhealthy: false }
    }

    /// The target's health; `None` once it has drained. `answers_since`: since when its server would pass a health
    /// check; `runs`: whether it runs at all.
    pub(super) fn health(&self, now: Timestamp, runs: bool, answers_since: Option<Timestamp>) -> Option<&'static str> {
        match self.leaving_since {
            Some(left) if now >= after(left, DRAINING) => return None,
            Some(_) => return Some("draining"),
            None if !runs => return Some("unused"),
            None => {}
        }
        match answers_since.map(|since| self.since.max(since)) {
            _ if self.unhealthy => Some("unhealthy"),
            Some(since) if now < after(since, REGISTRATION) => Some("initial"),
            Some(_) => Some("healthy"),
            None if now < after(self.since, REGISTRATION) => Some("initial"),
            None => Some("unhealthy"),
        }
    }
}

/// One target group.
#[derive(Clone, Debug)]
pub(super) struct Targets {
    pub(super) arn: String,
    pub(super) target_type: String,
    pub(super) port: i32,
    pub(super) registered: BTreeMap<String, Registration>,
}
