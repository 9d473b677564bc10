//! The before-image: what an instance was when the plan was made, without what changes by itself.

use std::collections::BTreeMap;

use crate::types::{AsgMembership, Instance, Observed};

/// `blake3:` over the instance as EC2 describes it. Left out: inventory and heartbeat, which age; target
/// health and the group's sizes, which move with the load. An executor refuses when it differs.
pub fn before_image(instance: &Instance) -> String {
    let mut targets = instance.targets.clone();
    for target in &mut targets {
        target.health.clear();
        target.healthy_in_group = 0;
        target.healthy_in_zone = 0;
    }
    let asg = instance.asg.as_ref().map(|membership| AsgMembership {
        group: membership.group.clone(),
        lifecycle_state: membership.lifecycle_state.clone(),
        health: None,
        min_size: None,
        desired: None,
        max_size: None,
        in_service: None,
    });
    let stable = Instance { node: Observed::Unknown, inventory: BTreeMap::new(), targets, asg, ..instance.clone() };
    let body = serde_json::to_vec(&stable).unwrap_or_default();
    format!("blake3:{}", blake3::hash(&body).to_hex())
}
