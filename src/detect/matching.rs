//! Which fleet governs an instance, and which golden it is.

use crate::types::{Fleet, Golden, GoldenStatus, Instance, LineName};

/// The first configured fleet whose selector takes the instance.
pub fn fleet_of<'a>(instance: &Instance, fleets: &'a [Fleet]) -> Option<&'a Fleet> {
    fleets.iter().find(|fleet| fleet.select.matches(instance))
}

/// The golden that records the instance's AMI in its account and region. When several record the same AMI, one of
/// the fleet's own line wins, then the promoted one, then the one recorded last: somebody else's line must not
/// decide what a fleet is held to.
pub fn golden_of<'a>(instance: &Instance, fleet: Option<&Fleet>, goldens: &'a [Golden]) -> Option<&'a Golden> {
    let own = |golden: &Golden| fleet.is_some_and(|fleet| fleet.golden == golden.line);
    goldens
        .iter()
        .filter(|golden| golden.has_image(&instance.account, &instance.region, &instance.image))
        .max_by_key(|golden| (own(golden), golden.status == GoldenStatus::Promoted, golden.recorded_at))
}

/// The promoted version of a line.
pub fn promoted_of<'a>(line: &LineName, goldens: &'a [Golden]) -> Option<&'a Golden> {
    goldens.iter().find(|golden| golden.line == *line && golden.status == GoldenStatus::Promoted)
}
