//! The digest files of a place, by their names.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::key::{DigestKey, Site};
use super::objects::TrailObjects;
use super::workers::Shared;
use crate::types::{Place, Region};

/// Digest files by site, each site in the order of chain and time. Of each chain that is older than `since` only the
/// newest is kept: it says what the first digest after it must follow.
pub(super) fn digests(
    objects: &dyn TrailObjects,
    shared: &Shared,
    since: Option<Timestamp>,
    places: Option<&BTreeSet<Place>>,
) -> BTreeMap<Site, Vec<DigestKey>> {
    let mut sites: BTreeMap<Site, Vec<DigestKey>> = BTreeMap::new();
    let mut older: BTreeMap<(Site, String, Region, bool), DigestKey> = BTreeMap::new();
    let wanted = |site: &Site| {
        let place = || Place { account: site.account.clone(), region: site.region.clone() };
        places.is_none_or(|places| places.contains(&place()))
    };
    let outcome = objects.digests(&mut |key| match DigestKey::parse(key) {
        Some(key) if !wanted(&key.site) => {}
        Some(key) if since.is_some_and(|since| key.end < since) => {
            match older.entry((key.site.clone(), key.trail.clone(), key.home.clone(), key.backfill)) {
                Entry::Occupied(mut known) if known.get().end < key.end => drop(known.insert(key)),
                Entry::Occupied(_) => {}
                Entry::Vacant(place) => drop(place.insert(key)),
            }
        }
        Some(key) => sites.entry(key.site.clone()).or_default().push(key),
        None => shared.unproven(key, "it is not named like a digest file"),
    });
    if let Err(error) = outcome {
        shared.unproven("digest files", format!("they cannot all be listed: {error}"));
    }
    for key in older.into_values() {
        sites.entry(key.site.clone()).or_default().push(key);
    }
    for keys in sites.values_mut() {
        keys.sort_by_cached_key(|key| {
            let DigestKey { site: _, trail, home, backfill, end, key } = key;
            (trail.clone(), home.clone(), *backfill, *end, key.clone())
        });
    }
    sites
}

/// Regions whose public keys are needed, and since when: those of the digest files, and the home regions of trails.
pub fn survey(objects: &dyn TrailObjects) -> BTreeMap<Region, Timestamp> {
    let mut regions: BTreeMap<Region, Timestamp> = BTreeMap::new();
    // What cannot be listed or is no digest file is told by the verification.
    let _ = objects.digests(&mut |key| {
        let Some(DigestKey { site, home, end, .. }) = DigestKey::parse(key) else { return };
        for region in [site.region, home] {
            regions.entry(region).and_modify(|known| *known = end.min(*known)).or_insert(end);
        }
    });
    regions
}
