//! Whose software is known to be clean without reading it: content hashes in the trail, and those that clean instances
//! of the same golden reported.
//!
//! The rows behind two equal hashes are equal. A hash is known when an instance with it was read once through SSM and
//! held what its golden holds (see `app::pipeline::contents`).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::builder;
use super::trail::InventoryReport;
use crate::store::{CleanContent, ContentReport};
use crate::types::{Golden, ImageId, Instance, InstanceId, InventoryContent, InventoryItem, InventoryType, Place};

/// The inventory association runs every 30 minutes by default, and CloudTrail delivers within about 15: a node whose
/// newest report is older than this is asked about.
pub(super) const RECENT: SignedDuration = SignedDuration::from_hours(2);

/// The contents of goldens, by the hashes that stand for them.
#[derive(Clone, Debug, Default)]
pub struct CleanHashes {
    known: HashMap<(ImageId, InventoryType), Known>,
}

#[derive(Clone, Debug)]
struct Known {
    content: Arc<InventoryContent>,
    /// Instance type, agent and hash.
    hashes: HashSet<(String, String, String)>,
}

impl CleanHashes {
    /// From the registry and what scans have learned.
    pub fn of(goldens: &[Golden], clean: &[CleanContent]) -> Self {
        let mut known = HashMap::new();
        for golden in goldens {
            let reference = golden.reference();
            let of_golden: Vec<&CleanContent> = clean.iter().filter(|content| content.golden == reference).collect();
            for (kind, baseline) in &golden.baseline.inventory {
                let of_kind = of_golden.iter().filter(|content| content.kind == *kind);
                let hashes: HashSet<_> = of_kind
                    .map(|content| (content.instance_type.clone(), content.agent.clone(), content.hash.clone()))
                    .collect();
                if hashes.is_empty() {
                    continue;
                }
                let content = Arc::new(builder::content_of(&baseline.entries));
                for image in &golden.images {
                    let entry = Known { content: Arc::clone(&content), hashes: hashes.clone() };
                    known.insert((image.image.clone(), kind.clone()), entry);
                }
            }
        }
        Self { known }
    }

    /// Whether no hash is known.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// What an instance holds, when its recent report has a hash that is known to be clean.
    pub(super) fn item(&self, instance: &Instance, report: &ContentReport, now: Timestamp) -> Option<InventoryItem> {
        let known = self.known.get(&(instance.image.clone(), report.kind.clone()))?;
        // An image has one meaning per place, an instance id too; a restart may have changed anything.
        let recent = now.duration_since(report.reported_at) <= RECENT
            && report.captured_at >= instance.launched_at
            && report.reported_at >= instance.launched_at
            && report.place == instance.place();
        let key = (instance.instance_type.clone(), report.agent.clone(), report.hash.clone());
        let clean = instance.state == "running" && recent && known.hashes.contains(&key);
        clean.then(|| InventoryItem {
            captured_at: Some(report.captured_at),
            schema_version: report.schema_version.clone(),
            content: Arc::clone(&known.content),
        })
    }
}

/// The newest report of each node and type.
#[derive(Clone, Debug, Default)]
pub(super) struct Reports(BTreeMap<(InstanceId, InventoryType), ContentReport>);

impl Reports {
    /// From what is remembered and what the trail has just told.
    pub(super) fn of(remembered: &[ContentReport], told: &[InventoryReport]) -> Self {
        let mut reports = Self::default();
        remembered.iter().cloned().for_each(|report| reports.add(report));
        for report in told {
            for reported in &report.types {
                let (Some(hash), Some(captured_at)) = (&reported.content_hash, reported.captured_at) else { continue };
                reports.add(ContentReport {
                    place: report.place.clone(),
                    instance: report.instance.clone(),
                    kind: reported.inventory_type.clone(),
                    hash: hash.clone(),
                    agent: report.agent.clone(),
                    schema_version: reported.schema_version.clone(),
                    captured_at,
                    reported_at: report.time,
                });
            }
        }
        reports
    }

    fn add(&mut self, report: ContentReport) {
        let key = (report.instance.clone(), report.kind.clone());
        if self.0.get(&key).is_none_or(|known| known.reported_at <= report.reported_at) {
            self.0.insert(key, report);
        }
    }

    pub(super) fn get(&self, instance: &InstanceId, kind: &InventoryType) -> Option<&ContentReport> {
        self.0.get(&(instance.clone(), kind.clone()))
    }

    /// Those of these types, to be remembered.
    pub(super) fn of_kinds(self, kinds: &[InventoryType], places: &[Place]) -> Vec<ContentReport> {
        self.0.into_values().filter(|report| kinds.contains(&report.kind) && places.contains(&report.place)).collect()
    }
}

#[cfg(test)]
mod tests;
