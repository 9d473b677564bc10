//! Verification of everything below one place.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::SyncSender;

use jiff::Timestamp;

use super::chain::Walk;
use super::key::{DigestKey, Site};
use super::keys::PublicKeys;
use super::objects::TrailObjects;
use super::report::VerifyReport;
use super::unlisted::{self, Listed};
use super::workers::{Job, Shared, with_workers};
use crate::types::{Place, Region};

/// What to verify.
pub struct VerifyRequest<'a> {
    /// The place.
    pub objects: &'a dyn TrailObjects,
    /// Public keys; without them hashes and links are checked, and nothing is proven.
    pub keys: &'a PublicKeys,
    /// Only what was digested from then on.
    pub since: Option<Timestamp>,
    /// Only these account-regions; all without it.
    pub places: Option<&'a BTreeSet<Place>>,
    /// Called with the report so far after each log file.
    pub progress: &'a (dyn Fn(&VerifyReport) + Sync),
}

/// The digest files of a place, by site and in the order of chain and time, and what is not named like one.
pub(super) fn digests(objects: &dyn TrailObjects, shared: &Shared) -> BTreeMap<Site, Vec<DigestKey>> {
    let mut sites: BTreeMap<Site, Vec<DigestKey>> = BTreeMap::new();
    let outcome = objects.digests(&mut |key| match DigestKey::parse(key) {
        Some(key) => sites.entry(key.site.clone()).or_default().push(key),
        None => shared.unproven(key, "it is not named like a digest file"),
    });
    if let Err(error) = outcome {
        shared.unproven("digest files", format!("they cannot all be listed: {error}"));
    }
    for keys in sites.values_mut() {
        keys.sort_by(|a, b| {
            let chain = |key: &'_ DigestKey| (key.trail.clone(), key.home.clone(), key.backfill);
            chain(a).cmp(&chain(b)).then_with(|| (a.end, &a.key).cmp(&(b.end, &b.key)))
        });
    }
    sites
}

/// Regions whose public keys are needed, and since when: those of the digest files, and the home regions of trails.
pub fn survey(objects: &impl TrailObjects) -> BTreeMap<Region, Timestamp> {
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

/// Verifies every chain and log file. Never fails as a whole: what cannot be read is in the report.
pub fn verify(request: &VerifyRequest<'_>) -> VerifyReport {
    let shared = Shared::default();
    let mut sites = digests(request.objects, &shared);
    if let Some(places) = request.places {
        let place = |site: &Site| Place { account: site.account.clone(), region: site.region.clone() };
        sites.retain(|site, _| places.contains(&place(site)));
    }
    with_workers(request.objects, &shared, request.progress, |jobs| {
        for (site, keys) in &sites {
            one_site(request, &shared, &jobs, site, keys);
        }
    });
    let mut report = shared.into_inner();
    report.sort();
    report
}

fn one_site(request: &VerifyRequest<'_>, shared: &Shared, jobs: &SyncSender<Job>, site: &Site, keys: &[DigestKey]) {
    let VerifyRequest { objects, keys: public, since, .. } = *request;
    let mut listed = Listed::default();
    let walk = Walk { objects, keys: public, shared, jobs, since };
    for chain in keys.chunk_by(DigestKey::same_chain) {
        if let Some(report) = walk.along(chain, &mut listed) {
            shared.lock().chains.push(report);
        }
    }
    unlisted::look(objects, shared, site, &listed, since);
}
