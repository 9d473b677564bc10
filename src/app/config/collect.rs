//! `[collect]`: what is read and how far back.

use std::time::Duration;

use super::account::AccountConfig;
use super::reader::Fault;
use super::section::Section;
use super::trail;
use crate::collect::TrailSource;
use crate::types::InventoryType;

/// The collection settings; with the places they become [`crate::collect::CollectSettings`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectConfig {
    /// Sources of change events.
    pub trail: Vec<TrailSource>,
    /// SSM inventory types to read.
    pub inventory_types: Vec<InventoryType>,
    /// How far back the first scan reads the trail.
    pub lookback: Duration,
    /// How much of the trail is read again for late events.
    pub overlap: Duration,
    /// Account-regions collected at the same time.
    pub concurrency: u32,
    /// Whether load balancers are asked.
    pub load_balancers: bool,
}

const DEFAULT_INVENTORY_TYPES: [&str; 2] = ["AWS:Application", "AWS:Service"];
const DEFAULT_LOOKBACK: Duration = Duration::from_secs(24 * 3_600);
/// CloudTrail delivers most events within about 5 minutes and promises nothing; 30 minutes cost one page or two.
const DEFAULT_OVERLAP: Duration = Duration::from_secs(30 * 60);
/// LookupEvents keeps 90 days of events (CloudTrail user guide, "Viewing CloudTrail events with event history").
const LONGEST_LOOKBACK: Duration = Duration::from_secs(90 * 86_400);
const DEFAULT_CONCURRENCY: u32 = 8;
/// Memory grows with the places that are read at once.
const MOST_CONCURRENCY: u32 = 256;

pub(super) fn read(section: &mut Section<'_, '_>, accounts: &[AccountConfig]) -> CollectConfig {
    let trail = trail::read(section, accounts);
    if section.is_empty_list("trail") {
        let fault = Fault::bad("`collect.trail`: without a source nobody can be named as the author of a change")
            .help("use [\"lookup\"], or name a bucket, a queue or a folder of log files");
        section.fault("trail", fault);
    }
    let types = DEFAULT_INVENTORY_TYPES.map(InventoryType::new).to_vec();
    let inventory_types = section.list("inventory_types", Some(types));
    let lookback = section.or("lookback", DEFAULT_LOOKBACK);
    let overlap = section.or("overlap", DEFAULT_OVERLAP);
    let concurrency = section.or("concurrency", DEFAULT_CONCURRENCY);
    let load_balancers = section.or("load_balancers", true);
    if lookback > LONGEST_LOOKBACK {
        let fault = Fault::bad("`collect.lookback`: more than 90d").help("CloudTrail's event history keeps 90 days");
        section.fault("lookback", fault);
    }
    if overlap > lookback {
        section.fault("overlap", Fault::bad("`collect.overlap`: must not be longer than `lookback`"));
    }
    if !(1..=MOST_CONCURRENCY).contains(&concurrency) {
        let message = format!("`collect.concurrency`: {concurrency} is not between 1 and {MOST_CONCURRENCY}");
        section.fault("concurrency", Fault::bad(message));
    }
    CollectConfig { trail, inventory_types, lookback, overlap, concurrency, load_balancers }
}
