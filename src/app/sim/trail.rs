//! `world trail`: what the trails of the simulated accounts have delivered, as a copy of their bucket.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::testing::SimWorld;
use crate::testing::digests::TrailFolder;
use crate::types::Place;

/// A log file comes some minutes after what it records.
const DELIVERY: SignedDuration = SignedDuration::from_mins(5);
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// How much was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Delivered {
    pub(super) logs: u64,
    pub(super) digests: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    event_time: Timestamp,
}

/// Writes log files and signed digest files of every account-region where something was recorded. Written again later,
/// the same files are the same.
pub(super) fn write(world: &SimWorld, folder: &Path) -> io::Result<Delivered> {
    let mut delivered = Delivered::default();
    for place in world.cloud.places() {
        one(&place, &world.cloud.trail_records(&place), world.clock.now(), folder, &mut delivered)?;
    }
    Ok(delivered)
}

fn one(place: &Place, records: &[String], now: Timestamp, folder: &Path, delivered: &mut Delivered) -> io::Result<()> {
    let mut hours: BTreeMap<Timestamp, Vec<&str>> = BTreeMap::new();
    for record in records {
        let Head { event_time } = serde_json::from_str(record)?;
        hours.entry(hour_of(event_time)).or_default().push(record);
    }
    let Some(mut at) = hours.keys().next().copied() else { return Ok(()) };
    let mut trail = TrailFolder::new(folder, place, "management", at);
    let mut last = None;
    while let Some(end) = at.checked_add(HOUR).ok().filter(|_| at <= now) {
        let logs: Vec<String> =
            hours.get(&at).map(|records| format!("{{\"Records\":[{}]}}", records.join(","))).into_iter().collect();
        delivered.logs += logs.len() as u64;
        if end <= now {
            last = Some(trail.hour(&logs.iter().map(String::as_str).collect::<Vec<_>>())?);
            delivered.digests += 1;
        } else {
            // The digest of this hour is still to come.
            let delivered_at = at.checked_add(DELIVERY).unwrap_or(at);
            logs.iter().try_for_each(|log| trail.log(delivered_at, log).map(drop))?;
        }
        at = end;
    }
    last.map_or(Ok(()), |hour| hour.keep_signature())
}

fn hour_of(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second().div_euclid(3600) * 3600).unwrap_or(time)
}
