//! The findings behind what policy asks for.

use crate::types::{Action, Finding, OperationKind};

use super::PlanSubject;

/// Findings that rules which ask for at least this operation name; when such a rule names none, every
/// finding that counts. Sorted by first sighting, then id.
pub(super) fn acting<'a>(subject: &PlanSubject<'a>, kind: OperationKind) -> Vec<&'a Finding> {
    let least = if kind == OperationKind::Replace { Action::Replace } else { Action::Quarantine };
    let policies = subject.decision.iter().flat_map(|decision| &decision.policies);
    let hits: Vec<_> = policies.flat_map(|policy| &policy.hits).filter(|hit| hit.action >= least).collect();
    let all = hits.is_empty() || hits.iter().any(|hit| hit.finding_ids.is_empty());
    let mut found: Vec<&Finding> = subject
        .findings
        .iter()
        .copied()
        .filter(|finding| all || hits.iter().any(|hit| hit.finding_ids.contains(&finding.id)))
        .collect();
    found.sort_by(|a, b| a.first_seen.cmp(&b.first_seen).then_with(|| a.id.cmp(&b.id)));
    found
}
