//! Joins the sources of change events with the snapshot's instances.

use std::collections::BTreeSet;
use std::sync::Mutex;

use jiff::Timestamp;

use super::builder::Builder;
use super::collector::Collection;
use crate::store::Link;
use crate::types::{InstanceId, Place};

/// What reading the trail says beside the events.
#[derive(Default)]
pub(super) struct TrailRead {
    /// Instances whose user data an event changed.
    pub(super) user_data_changed: BTreeSet<InstanceId>,
    /// Checkpoints to advance.
    pub(super) checkpoints: Vec<(Place, String, Timestamp)>,
    /// Links to remember.
    pub(super) links: Vec<Link>,
}

pub(super) async fn read(_collection: &Collection<'_>, _builder: &Mutex<Builder>, _now: Timestamp) -> TrailRead {
    TrailRead::default()
}
