//! Verification of everything below one place.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::SyncSender;

use jiff::Timestamp;

use super::chain::Walk;
use super::key::{DigestKey, Site};
use super::keys::PublicKeys;
use super::listing::digests;
use super::objects::TrailObjects;
use super::report::VerifyReport;
use super::unlisted::{self, Listed};
use super::workers::{Job, Shared, with_workers};
use crate::types::Place;

/// What to verify.
pub struct VerifyRequest<'a> {
    /// The place.
    pub objects: &'a dyn TrailObjects,
    /// Public keys; without them hashes and links are checked, and nothing is proven.
    pub keys: &'a PublicKeys,
    /// Only what was digested from then on.
    pub since: Option<Timestamp>,
    /// The digests are to go on until about then.
    pub until: Option<Timestamp>,
    /// Log files of digests that ended by then were compared before: they are only known by name.
    pub hashed: Option<Timestamp>,
    /// Only these account-regions; all without it.
    pub places: Option<&'a BTreeSet<Place>>,
    /// Called with the report so far after each log file.
    pub progress: &'a (dyn Fn(&VerifyReport) + Sync),
}

/// Verifies every chain and log file. Never fails as a whole: what cannot be read is in the report.
pub fn verify(request: &VerifyRequest<'_>) -> VerifyReport {
    let shared = Shared::default();
    let mut sites = digests(request.objects, &shared, request.since, request.places);
    add_without_digests(request, &shared, &mut sites);
    with_workers(request.objects, &shared, request.progress, |jobs| {
        for (site, keys) in &sites {
            one_site(request, &shared, &jobs, site, keys);
        }
    });
    let mut report = shared.into_inner();
    report.sort();
    report
}

/// Where some logs have digest files, those of another account or region that have none are not passed over in silence.
fn add_without_digests(request: &VerifyRequest<'_>, shared: &Shared, sites: &mut BTreeMap<Site, Vec<DigestKey>>) {
    if sites.is_empty() {
        return;
    }
    let wanted = |site: &Site| {
        let place = || Place { account: site.account.clone(), region: site.region.clone() };
        request.places.is_none_or(|places| places.contains(&place()))
    };
    let outcome = request.objects.sites(&mut |site| {
        if wanted(&site) {
            sites.entry(site).or_default();
        }
    });
    if let Err(error) = outcome {
        shared.unproven("log files", format!("their accounts and regions cannot all be listed: {error}"));
    }
}

fn one_site(request: &VerifyRequest<'_>, shared: &Shared, jobs: &SyncSender<Job>, site: &Site, keys: &[DigestKey]) {
    let VerifyRequest { objects, keys: public, since, until, hashed, .. } = *request;
    let mut listed = Listed::default();
    let walk = Walk { objects, keys: public, shared, jobs, since, hashed };
    for chain in keys.chunk_by(DigestKey::same_chain) {
        if let Some(report) = walk.along(chain, &mut listed) {
            shared.lock().chains.push(report);
        }
    }
    unlisted::look(objects, shared, site, &listed, (since, until));
}
