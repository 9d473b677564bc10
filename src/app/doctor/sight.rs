//! What a scan may read and what it sees: every call of a scan is made once.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{Checks, Fault, Topic};
use crate::app::config::Config;
use crate::app::pipeline::Seen;
use crate::app::terminal::clean_short;
use crate::collect::CloudRead;
use crate::detect::codes;
use crate::types::{Code, Coverage, CoverageStatus, Instance, Observed, Place, Source};

/// Who AWS takes us for, in each account.
pub(super) async fn identity(cloud: &dyn CloudRead, config: &Config, checks: &mut Checks) {
    for account in &config.accounts {
        let Some(place) = account.places().next() else { continue };
        match cloud.caller(&place).await {
            Ok(arn) => checks.ok(Topic::Identity, place.account.to_string(), clean_short(&arn, 300)),
            Err(error) => {
                let fault = if error.is_refusal() { Fault::Permission } else { Fault::Unavailable };
                let advice = match &account.role {
                    Some(_) => "compare the role's trust policy with `cattleguard iam-policy --part trust`",
                    None => "credentials come from the environment, the shared files, or the instance's profile",
                };
                checks.fail(Topic::Identity, place.account.to_string(), fault, error.reason(), advice);
            }
        }
    }
}

/// One answer for each account-region: that everything was read, or what was not.
pub(super) fn reading(seen: &Seen, checks: &mut Checks) {
    let mut by_place: BTreeMap<Place, Vec<&Coverage>> = BTreeMap::new();
    for entry in seen.snapshot.coverage.iter().filter(|entry| !matches!(entry.source, Source::Agent)) {
        let place = Place { account: entry.account.clone(), region: entry.region.clone() };
        by_place.entry(place).or_default().push(entry);
    }
    for (place, entries) in by_place {
        let complete = entries.iter().all(|entry| entry.status == CoverageStatus::Complete);
        if complete {
            let sources: Vec<&str> = entries.iter().map(|entry| entry.source.as_str()).collect();
            checks.ok(Topic::Reading, place.to_string(), sources.join(", "));
        }
        for entry in entries.into_iter().filter(|entry| entry.status != CoverageStatus::Complete) {
            let reason = entry.reason.as_deref().map_or_else(|| "not read".to_owned(), |text| clean_short(text, 300));
            let text = format!("{}: {reason}", entry.source.as_str());
            let subject = place.to_string();
            match (entry.denied, entry.status) {
                (true, _) => {
                    let api = entry.api.as_deref().unwrap_or("a call");
                    let advice = format!("allow {api}: `cattleguard iam-policy` prints all that is needed");
                    checks.fail(Topic::Reading, subject, Fault::Permission, text, &advice);
                }
                (false, CoverageStatus::Failed) => checks.fail(Topic::Reading, subject, Fault::Unavailable, text, ""),
                (false, _) => checks.warn(Topic::Reading, subject, text, "servers may stay unjudged"),
            }
        }
    }
}

/// What SSM and our agent show of the servers of fleets, by account-region.
pub(super) fn inventory(seen: &Seen, config: &Config, checks: &mut Checks) {
    let blind = |code: Code| -> BTreeSet<&str> {
        let findings = seen.detection.findings.iter().filter(|finding| finding.code == code);
        findings.map(|finding| finding.instance.as_str()).collect()
    };
    let (unmanaged, stale) = (blind(codes::BLIND_NOT_MANAGED), blind(codes::BLIND_INVENTORY_STALE));
    let (silent, tampered) = (blind(codes::BLIND_AGENT_SILENT), blind(codes::BLIND_AGENT_TAMPERED));
    let expects_agent = config.fleets.iter().any(|fleet| fleet.expect_agent);
    let mut by_place: BTreeMap<Place, Vec<&Instance>> = BTreeMap::new();
    let of_fleet = |instance: &&Instance| config.fleets.iter().any(|fleet| fleet.select.matches(instance));
    for instance in seen.snapshot.instances.iter().filter(|instance| instance.is_live()).filter(of_fleet) {
        by_place.entry(instance.place()).or_default().push(instance);
    }
    for (place, instances) in by_place {
        let place = place.to_string();
        let ids: Vec<&str> = instances.iter().map(|instance| instance.id.as_str()).collect();
        let group = Group { checks, place: &place, all: &ids };
        let advice = "the server needs the SSM agent, a way to its endpoints, and AmazonSSMManagedInstanceCore";
        let mut group =
            group.told(Topic::Inventory, "are not managed by SSM", "are managed by SSM", &unmanaged, advice);
        // Who is not managed cannot report either.
        let managed: Vec<&str> = ids.iter().copied().filter(|id| !unmanaged.contains(id)).collect();
        group.all = &managed;
        let advice = "a State Manager association with AWS-GatherSoftwareInventory must cover it; see its last run";
        group = group.told(Topic::Inventory, "have no recent inventory", "report inventory", &stale, advice);
        let conflicts: BTreeSet<&str> =
            instances.iter().filter(|one| association_fails(one)).map(|one| one.id.as_str()).collect();
        let advice = "two inventory associations on one server make both fail: leave one that covers it";
        group = group.told(Topic::Inventory, "have failed State Manager associations", "", &conflicts, advice);
        if expects_agent {
            let advice = "see `systemctl status cattleguard-agent` there, and that inventory collects custom types";
            group = group.told(Topic::Agent, "are silent", "report", &silent, advice);
            let advice = "treat these servers as compromised until shown otherwise";
            group.told(Topic::Agent, "contradict themselves", "", &tampered, advice);
        }
    }
}

fn association_fails(instance: &Instance) -> bool {
    match &instance.node {
        Observed::Seen(Some(node)) => node.association_status.as_deref() == Some("Failed"),
        _ => false,
    }
}

/// Servers of one account-region, some of which are not as they should be.
struct Group<'a> {
    checks: &'a mut Checks,
    place: &'a str,
    all: &'a [&'a str],
}

impl<'a> Group<'a> {
    /// Says how many of the servers are among the bad ones; `good` is said when none is, unless it is empty.
    fn told(self, topic: Topic, bad: &str, good: &str, which: &BTreeSet<&str>, advice: &str) -> Self {
        let found: Vec<&str> = self.all.iter().copied().filter(|id| which.contains(id)).collect();
        let total = self.all.len();
        if found.is_empty() {
            if !good.is_empty() {
                self.checks.ok(topic, self.place, format!("all {total} servers of fleets {good}"));
            }
        } else {
            let named = found.iter().take(3).copied().collect::<Vec<_>>().join(", ");
            let rest = if found.len() > 3 { ", …" } else { "" };
            let text = format!("{} of {total} servers of fleets {bad}: {named}{rest}", found.len());
            self.checks.warn(topic, self.place, text, advice);
        }
        self
    }
}
