//! The mass-drift breaker: when too much of a fleet drifts at once, the cause is a rollout or a bad golden,
//! and replacing servers one by one would make it worse.

use std::collections::{BTreeMap, BTreeSet};

use crate::types::{Finding, Fleet, FleetName, InstanceId, MassDrift, Severity};

use super::PlanInput;

/// Codes that say what an operator did to the registry, not what happened to servers: promoting a version
/// rolls the fleet within its budget, and revoking one must not stop its replacement.
pub(super) const DELIBERATE: [&str; 2] = ["image-not-promoted", "image-revoked"];

/// The fleets that are frozen, each with a sentence that says why.
pub fn mass_drift(input: &PlanInput<'_>) -> BTreeMap<FleetName, String> {
    let mut frozen = BTreeMap::new();
    for fleet in input.fleets {
        if let Some(reason) = reason(input, fleet) {
            frozen.insert(fleet.name.clone(), reason);
        }
    }
    frozen
}

fn reason(input: &PlanInput<'_>, fleet: &Fleet) -> Option<String> {
    let members = || live(input).filter(|(name, _, _)| *name == &fleet.name);
    let size = members().map(|(_, id, _)| id).collect::<BTreeSet<_>>().len();
    let limit = limit(&fleet.mass_drift, size);
    let drifted: BTreeSet<&InstanceId> = members()
        .filter(|(_, _, findings)| findings.iter().any(|finding| is_drift(finding)))
        .map(|(_, id, _)| id)
        .collect();
    if drifted.len() > limit {
        let shared = shared(members()).filter(|(_, hosts)| *hosts > 1);
        let shared = shared.map_or_else(String::new, |(finding, hosts)| {
            format!("; {hosts} of them share `{}` ({})", finding.code, finding.subject)
        });
        return Some(format!(
            "{} of {size} instances drifted, more than the limit of {limit}{shared}: a rollout or a bad golden is likelier than {} separate changes. \
             It lifts when no more than {limit} are drifted: fix the cause, promote the right golden, or add an exception.",
            drifted.len(),
            drifted.len()
        ));
    }
    // One diff on many hosts points at the golden, whose fleets may each be below their own limit.
    let line =
        |name: &&FleetName| input.fleets.iter().any(|other| other.name == **name && other.golden == fleet.golden);
    let own: BTreeSet<&str> = members().flat_map(|(_, _, findings)| drift(findings)).map(|f| &*f.fingerprint).collect();
    let of_line = live(input).filter(|(name, _, _)| line(name)).map(|(name, id, findings)| {
        (name, id, findings.iter().copied().filter(|finding| own.contains(&*finding.fingerprint)).collect::<Vec<_>>())
    });
    let of_line: Vec<_> = of_line.collect();
    let (finding, hosts) = shared(of_line.iter().map(|(name, id, findings)| (*name, *id, findings)))?;
    (hosts > limit).then(|| {
        format!(
            "{hosts} instances of golden line {} share `{}` ({}), more than the limit of {limit}: the golden is likelier wrong than all of them. \
             It lifts when the golden is fixed or an exception covers the finding.",
            fleet.golden, finding.code, finding.subject
        )
    })
}

type Member<'m, 'a> = (&'a FleetName, &'a InstanceId, &'m Vec<&'a Finding>);

fn live<'m, 'a>(input: &'m PlanInput<'a>) -> impl Iterator<Item = Member<'m, 'a>> {
    let seen = input.members();
    let seen = seen.filter_map(|subject| subject.fleet.map(|fleet| (fleet, &subject.instance.id, &subject.findings)));
    // A region that cannot be read does not thaw a fleet: what drifted there is not known to be well.
    let unseen = input.unseen.iter().filter(|unseen| !input.history.retained.contains(unseen.instance));
    seen.chain(unseen.map(|unseen| (unseen.fleet, unseen.instance, &unseen.findings)))
}

fn drift<'m, 'a>(findings: &'m [&'a Finding]) -> impl Iterator<Item = &'a Finding> + use<'m, 'a> {
    findings.iter().copied().filter(|finding| is_drift(finding))
}

fn is_drift(finding: &Finding) -> bool {
    finding.is_active()
        && finding.severity > Severity::Info
        && finding.code.family() != "blind"
        && !DELIBERATE.contains(&finding.code.as_str())
}

/// The fingerprint on most hosts: a finding that has it, and the number of hosts.
fn shared<'m, 'a: 'm>(members: impl Iterator<Item = Member<'m, 'a>>) -> Option<(&'a Finding, usize)> {
    let mut hosts: BTreeMap<&str, (&Finding, BTreeSet<&InstanceId>)> = BTreeMap::new();
    for (_, id, findings) in members {
        for finding in drift(findings) {
            hosts.entry(&finding.fingerprint).or_insert_with(|| (finding, BTreeSet::new())).1.insert(id);
        }
    }
    hosts
        .into_values()
        .map(|(finding, hosts)| (finding, hosts.len()))
        // The greatest count; of equal ones the first fingerprint, so that the order of the input is no matter.
        .reduce(|best, next| if next.1 > best.1 { next } else { best })
}

/// The greatest number of drifted instances that does not trip the breaker: the greater of the count and
/// the share, the share rounded down.
fn limit(settings: &MassDrift, size: usize) -> usize {
    let share = super::budget::percent_of(settings.percent, size);
    share.max(usize::try_from(settings.at_least).unwrap_or(usize::MAX))
}
