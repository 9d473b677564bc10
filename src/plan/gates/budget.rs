//! The fleet's budget has room for one more, in the zone that is being worked on.

use std::collections::BTreeSet;

use crate::plan::budget::{Usage, allowed};
use crate::types::InstanceId;

use super::{Answer, Candidate, Context};
use crate::plan::context::Ledger;
use crate::plan::rollout;

pub(super) fn ask(candidate: &Candidate<'_>, context: &Context<'_, '_>, ledger: &Ledger) -> Answer {
    let Some(fleet) = candidate.fleet else {
        return Answer::refuse("without a fleet there is no budget");
    };
    let none = Usage::default();
    let usage = context.usage.get(&fleet.name).unwrap_or(&none);
    if context.busy(candidate) {
        return Answer::hold("an operation on this instance is in flight; its end lifts this");
    }
    let allowed = allowed(fleet, usage.size);
    let mut used: BTreeSet<&InstanceId> = usage.all();
    used.extend(ledger.taken(&fleet.name));
    let mut contained = String::new();
    if candidate.loses_capacity() && !usage.contained.is_empty() {
        used.extend(&usage.contained);
        contained = format!(", in quarantine {}", usage.contained.len());
    }
    let before = used.len();
    used.insert(&candidate.instance.id);
    let account = format!(
        "{allowed} of {} instances may be out at once; {before} are (in flight {}, recently finished {}, unhealthy {}{contained}, in this plan {})",
        usage.size,
        usage.in_flight.len(),
        usage.recent.len(),
        usage.unhealthy.len(),
        ledger.taken(&fleet.name).count()
    );
    if allowed == 0 {
        return Answer::refuse(format!(
            "the budget of fleet {} is {} and {} % of {} instances, rounded down: none; \
             a greater budget or allow_min_one = true lifts this",
            fleet.name, fleet.budget_count, fleet.budget_percent, usage.size
        ));
    }
    if let Some(reason) = rollout::waits(candidate, context, ledger) {
        return Answer::hold(format!("{reason} ({account})"));
    }
    if used.len() <= allowed {
        return Answer::allow(account);
    }
    let reason = format!("{account}; it lifts when one of them is done or well again");
    match usage.next_free {
        Some(until) => Answer::hold_until(until, reason),
        None => Answer::hold(reason),
    }
}
