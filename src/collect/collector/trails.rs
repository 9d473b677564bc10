//! Whether the trails that record a place deliver. It informs findings, not verdicts: the event history is another way
//! to the same events.

use std::sync::Mutex;

use super::lock;
use crate::collect::builder::Builder;
use crate::collect::settings::{CollectSettings, TrailSource};
use crate::collect::source::{CloudRead, ReadError, ReadFailure};
use crate::types::{CoverageStatus, Place, Source, Trail, TrailState};

pub(super) async fn read(cloud: &dyn CloudRead, place: &Place, builder: &Mutex<Builder>) {
    let trails = match cloud.trails(place).await {
        Ok(trails) => trails,
        Err(error) => return lock(builder).failed(Source::Trail, &error, false),
    };
    lock(builder).covered(place, Source::Trail, CoverageStatus::Complete, None);
    if trails.is_empty() {
        lock(builder).found_no_trail(place);
    }
    for trail in trails {
        let ours = trail.owner().is_none_or(|owner| owner == place.account);
        match one(cloud, place, trail).await {
            Ok(state) => lock(builder).found_trail(state),
            Err(error) if is_elsewhere(&error, ours) => {}
            Err(error) => lock(builder).failed(Source::Trail, &error, true),
        }
    }
}

/// Without a trail and without the event history nothing of a place's calls is read, whatever the sources hold.
pub(super) fn cover_untrailed(settings: &CollectSettings, builder: &Mutex<Builder>) {
    if settings.trail.contains(&TrailSource::Lookup) {
        return;
    }
    let mut builder = lock(builder);
    for place in builder.untrailed().to_vec() {
        let reason = "no trail records this account-region, and the event history is not among the sources".to_owned();
        builder.incomplete(&place, Source::Cloudtrail, CoverageStatus::Partial, reason);
    }
}

async fn one(cloud: &dyn CloudRead, place: &Place, trail: Trail) -> Result<TrailState, ReadError> {
    let status = cloud.trail_status(place, &trail.arn).await?;
    let home = trail.home == place.region && trail.owner().is_none_or(|owner| owner == place.account);
    let writes = if home { Some(cloud.trail_writes(place, &trail.arn).await?) } else { None };
    Ok(TrailState { place: place.clone(), trail, status, writes })
}

/// Deleted between the two calls, or the trail of the organisation, which a member account may not ask about.
fn is_elsewhere(error: &ReadError, ours: bool) -> bool {
    error.failure == ReadFailure::NotFound || (!ours && error.failure == ReadFailure::Denied)
}
