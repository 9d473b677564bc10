//! One instance against one golden, outside a scan: the same state rules, without history, events or registry.

use jiff::Timestamp;

use super::drift::Drift;
use super::rules::{self, RuleContext, SoftwareMemo};
use crate::types::{Fleet, Golden, Instance, Snapshot, Source};

/// What the state rules say of one instance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// Differences.
    pub drifts: Vec<Drift>,
    /// What could not be judged, with the source that is missing.
    pub gaps: Vec<(Source, String)>,
}

/// Compares an instance with a golden as if that golden were the promoted one of its line. An instance of any other
/// AMI differs by that alone. The snapshot gives coverage and images.
pub fn compare(snapshot: &Snapshot, instance: &Instance, golden: &Golden, fleet: &Fleet, now: Timestamp) -> Comparison {
    let is_golden = golden.has_image(&instance.account, &instance.region, &instance.image);
    let context = RuleContext {
        snapshot,
        now,
        instance,
        fleet: Some(fleet),
        golden: is_golden.then_some(golden),
        promoted: Some(golden),
        goldens_known: true,
        forged_at: None,
    };
    let output = rules::run(&context, &mut SoftwareMemo::default());
    Comparison { drifts: output.drifts, gaps: output.gaps }
}
