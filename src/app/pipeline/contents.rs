//! Learns which content hashes are clean: those that were reported for rows which then were read and held what the
//! golden holds.

use std::collections::{BTreeMap, HashMap};

use crate::collect::Collected;
use crate::detect::{InstanceDetection, holds_the_same};
use crate::store::{CleanContent, ContentMarks, ContentReport};
use crate::types::{Golden, GoldenRef, InstanceId, InventoryType};

/// What to remember of a scan, before the rows are dropped.
pub(super) fn learn(collected: &Collected, found: &[InstanceDetection], goldens: &[Golden]) -> ContentMarks {
    let goldens: HashMap<GoldenRef, &Golden> = goldens.iter().map(|golden| (golden.reference(), golden)).collect();
    let of: HashMap<&InstanceId, &GoldenRef> =
        found.iter().filter_map(|verdict| Some((&verdict.instance, verdict.golden.as_ref()?))).collect();
    let mut reports: HashMap<&InstanceId, Vec<&ContentReport>> = HashMap::new();
    for report in &collected.reports {
        reports.entry(&report.instance).or_default().push(report);
    }
    let mut compared = HashMap::new();
    let mut clean: BTreeMap<_, CleanContent> = BTreeMap::new();
    for instance in &collected.snapshot.instances {
        let Some(golden) = of.get(&instance.id).and_then(|reference| goldens.get(*reference)) else { continue };
        for report in reports.get(&instance.id).into_iter().flatten() {
            let Some(item) = instance.inventory.get(&report.kind) else { continue };
            // The report tells of these rows, not of earlier or later ones. SSM keeps whole seconds.
            let same = item.captured_at.is_some_and(|at| at.as_second() == report.captured_at.as_second());
            let is_clean = same
                && *compared
                    .entry((golden.reference(), &report.kind, &item.content.digest))
                    .or_insert_with(|| equals(golden, &report.kind, &item.content.entries));
            if !is_clean {
                continue;
            }
            let content = CleanContent {
                golden: golden.reference(),
                instance_type: instance.instance_type.clone(),
                agent: report.agent.clone(),
                kind: report.kind.clone(),
                hash: report.hash.clone(),
                seen_at: report.reported_at,
            };
            let key =
                (content.golden.clone(), content.instance_type.clone(), content.hash.clone(), content.agent.clone());
            clean
                .entry((key, content.kind.clone()))
                .and_modify(|known| known.seen_at = known.seen_at.max(content.seen_at))
                .or_insert(content);
        }
    }
    ContentMarks { reports: collected.reports.clone(), clean: clean.into_values().collect() }
}

fn equals(golden: &Golden, kind: &InventoryType, rows: &[crate::types::InventoryEntry]) -> bool {
    let baseline = golden.baseline.inventory.get(kind);
    baseline.is_some_and(|baseline| holds_the_same(kind, &baseline.entries, rows))
}
