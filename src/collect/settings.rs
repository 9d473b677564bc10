//! What to collect and how far to look back. Built from the configuration by `app`.

use std::path::PathBuf;
use std::time::Duration;

use crate::types::{InventoryType, Place};

/// Where change events come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrailSource {
    /// `cloudtrail:LookupEvents` in every place.
    Lookup,
    /// Log files on disk: `.json`, `.json.gz`, or a folder tree of them.
    Dir(PathBuf),
}

impl TrailSource {
    /// The name under which its checkpoint is kept.
    pub fn name(&self) -> String {
        match self {
            Self::Lookup => "lookup".to_owned(),
            Self::Dir(path) => format!("dir:{}", path.display()),
        }
    }
}

/// Settings of one collection.
#[derive(Clone, Debug)]
pub struct CollectSettings {
    /// Account-regions, without repeats.
    pub places: Vec<Place>,
    /// Sources of change events.
    pub trail: Vec<TrailSource>,
    /// Inventory types to read; `AWS:Application` and `AWS:Service` unless configured.
    pub inventory_types: Vec<InventoryType>,
    /// How far back the first scan reads the trail.
    pub lookback: Duration,
    /// How much of the trail is read again for late events.
    pub overlap: Duration,
    /// Places collected at the same time.
    pub concurrency: usize,
    /// Whether load balancers are asked.
    pub load_balancers: bool,
}
