//! Auto Scaling groups and target groups of the simulated account.

use std::collections::BTreeMap;
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
}

impl Group {
    pub(super) fn membership(&self, member: &InstanceId, now: Timestamp) -> AsgMembership {
        let serving = |since: &Timestamp| now >= *since;
        let in_service = self.members.values().filter(|since| serving(since)).count();
        let state = if self.members.get(member).is_some_and(serving) { "InService" } else { "Pending" };
        AsgMembership {
            group: self.name.clone(),
            lifecycle_state: Some(state.to_owned()),
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

    /// The target's health; `None` once it has drained.
    pub(super) fn health(&self, now: Timestamp) -> Option<&'static str> {
        match self.leaving_since {
            Some(left) if now >= after(left, DRAINING) => None,
            Some(_) => Some("draining"),
            None if now < after(self.since, REGISTRATION) => Some("initial"),
            None if self.unhealthy => Some("unhealthy"),
            None => Some("healthy"),
        }
    }
}

/// One target group.
#[derive(Clone, Debug)]
pub(super) struct Targets {
    pub(super) arn: String,
    pub(super) target_type: String,
    pub(super) registered: BTreeMap<String, Registration>,
}
