//! `[collect]`: what is read and how far back.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::reader::Fault;
use super::section::Section;
use super::setting::{Setting, quoted, wrong_type};
use super::tree::Value;
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

pub(super) fn read(section: &mut Section<'_, '_>) -> CollectConfig {
    let trail: Vec<_> =
        section.list("trail", Some(vec![Trail::Lookup])).into_iter().map(|t| t.source(section)).collect();
    if trail.is_empty() {
        let fault = Fault::bad("`collect.trail`: without a source nobody can be named as the author of a change")
            .help("use [\"lookup\"] or [{ dir = \"/path/to/AWSLogs\" }]");
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

/// `"lookup"` or `{ dir = "/path" }`.
enum Trail {
    Lookup,
    Dir(PathBuf),
}

impl Trail {
    fn source(self, section: &Section<'_, '_>) -> TrailSource {
        match self {
            Self::Lookup => TrailSource::Lookup,
            Self::Dir(path) => TrailSource::Dir(section.resolve(&path)),
        }
    }
}

impl Setting for Trail {
    const KIND: &'static str = "trail source";
    const PLURAL: &'static str = "array of trail sources";

    fn read(value: &Value) -> Result<Self, Fault> {
        const SHAPE: &str = "write \"lookup\" or { dir = \"/path\" }";
        match value {
            Value::Text(text) | Value::Raw(text) if text == "lookup" => Ok(Self::Lookup),
            Value::Text(text) | Value::Raw(text) => {
                Err(Fault::bad(format!("{} is not a trail source", quoted(text))).help(SHAPE))
            }
            Value::Table(table) => match table.iter().next() {
                Some((key, entry)) if key == "dir" && table.len() == 1 => match entry.node.value.text() {
                    Some(path) if !path.is_empty() => Ok(Self::Dir(PathBuf::from(path))),
                    _ => Err(Fault::bad("`dir` wants a path").help(SHAPE)),
                },
                Some((key, _)) if key != "dir" => {
                    Err(Fault::new("unknown-key", format!("unknown trail source {}", quoted(key))).help(SHAPE))
                }
                _ => Err(Fault::bad("a trail source has exactly one key").help(SHAPE)),
            },
            other => Err(wrong_type("a trail source", other).help(SHAPE)),
        }
    }

    fn json(&self) -> Json {
        match self {
            Self::Lookup => Json::from("lookup"),
            Self::Dir(path) => json!({ "dir": path.display().to_string() }),
        }
    }
}
