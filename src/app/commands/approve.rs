//! `approve`: a person lets the last plan be executed.

use std::collections::BTreeSet;
use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::app::cli::enforce::ApproveArgs;
use crate::app::config::Config;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::plan::operation_hash;
use crate::remediate::Approval;
use crate::report::render::parts::count;
use crate::report::text::clean;
use crate::report::{Destination, OutboxHistory, approved_notices, needs_approval};
use crate::store::Store;
use crate::types::{FleetName, Plan, PlanHash};

/// Shortest beginning of a hash that is accepted: an approval must not hit another plan by chance.
const SHORTEST: usize = 8;

/// Runs the command. The exit code is 4 while another person has to approve as well.
///
/// # Errors
/// State; no plan, another plan, or a plan that waits for nobody.
pub(super) fn run(context: &Context<'_>, args: &ApproveArgs) -> Result<Exit, AppError> {
    let config = context.load(Vec::new())?.config;
    let store = context.store(&config)?;
    let (told, now) = (config.readable_destinations(&context.env).0, context.now());
    let approved = approve_plan(store.as_ref(), &config, &told, &context.operator(), now, &args.plan)?;
    context.note(&approved.to_string());
    Ok(if approved.missing == 0 { Exit::Ok } else { Exit::Held })
}

/// A plan with the approval that was just given.
pub(in crate::app) struct Approved {
    plan: PlanHash,
    /// How many operations that are.
    many: usize,
    /// Everybody whose approval counts.
    by: Vec<String>,
    /// How many more people must.
    missing: usize,
    expires_at: Timestamp,
}

impl fmt::Display for Approved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { plan, many, by, missing, expires_at } = self;
        let what = count(*many as u64, "operation");
        let by = by.join(" and ");
        match missing {
            0 => write!(
                f,
                "{by} approved plan {plan} ({what}) until {expires_at}; `cattleguard enforce` carries out each of them once, \
                 while it is planned unchanged"
            ),
            more => {
                write!(
                    f,
                    "{by} approved plan {plan} ({what}); {more} more must: `cattleguard approve {plan}` by another person"
                )
            }
        }
    }
}

/// Approves the last plan, which must be the one that was given, and ends the incidents that were opened to ask for it.
///
/// # Errors
/// As [`run`].
pub(in crate::app) fn approve_plan(
    store: &dyn Store,
    config: &Config,
    destinations: &[Destination],
    operator: &str,
    now: Timestamp,
    given: &str,
) -> Result<Approved, AppError> {
    let plan = store.last_plan()?;
    let plan = plan.ok_or_else(|| AppError::failed("no plan was made yet").with_hint("cattleguard scan"))?;
    refuse_other(&plan, given)?;
    if !needs_approval(&plan, &config.fleets) {
        let message = format!("nothing in plan {} waits for an approval", plan.hash);
        return Err(AppError::failed(message).with_hint("cattleguard plan"));
    }
    let mut by = others(&store.approvals(now)?, &plan, operator)?;
    let expires_at = expiry(config, now)?;
    let (hash, operations) = (plan.to_approve().clone(), covered(&plan, config));
    let many = operations.len();
    store.approve(&Approval { plan: hash.clone(), operations, approver: operator.to_owned(), at: now, expires_at })?;
    by.push(operator.to_owned());
    let missing = config.approvals_needed().saturating_sub(by.len());
    if missing == 0 {
        // Whoever was woken for it need not wait for the next scan, which tells it where this fails: the approval holds.
        let ends = approved_notices(&plan, destinations, &OutboxHistory::new(store), now);
        if let Err(error) = store.enqueue(&ends, now) {
            tracing::warn!(error = %error, "that the plan waits no more is told by the next scan");
        }
    }
    Ok(Approved { plan: hash, many, by, missing, expires_at })
}

/// The operations of a plan that need an approval, given or not. Whoever approves has seen all of them.
fn covered(plan: &Plan, config: &Config) -> BTreeSet<PlanHash> {
    let wanted = |name: &FleetName| config.fleets.iter().any(|fleet| fleet.name == *name && fleet.approval);
    let planned = plan.operations.iter().filter(|operation| wanted(&operation.fleet)).map(operation_hash);
    let waiting = plan.held.iter().filter_map(|held| held.operation.clone());
    planned.chain(waiting).collect()
}

/// What was looked at must be what is approved: only the last plan can be, because only it can still be executed. Its own
/// hash names it as well as the one to approve, which leaves out what fleets do by themselves.
fn refuse_other(plan: &Plan, given: &str) -> Result<(), AppError> {
    let digits = |hash: &str| hash.strip_prefix("blake3:").unwrap_or(hash).to_owned();
    let (approve, whole, wanted) = (digits(plan.to_approve().as_str()), digits(plan.hash.as_str()), digits(given));
    if wanted.len() < SHORTEST.min(approve.len()) {
        return Err(AppError::usage(format!("give at least {SHORTEST} digits of the plan's hash")));
    }
    if approve.starts_with(&wanted) || whole.starts_with(&wanted) {
        return Ok(());
    }
    let message = format!("{} is not the last plan, which is {}", clean(given, 80), plan.to_approve());
    Err(AppError::failed(message).with_hint("look at it first: cattleguard plan"))
}

/// The other people whose approval of this plan counts. One person counts once: when others must approve too, doing
/// it twice is refused, so that nobody takes it for the second approval.
fn others(given: &[Approval], plan: &Plan, operator: &str) -> Result<Vec<String>, AppError> {
    let of_plan = || given.iter().filter(|approval| approval.plan == *plan.to_approve());
    let others: Vec<String> =
        of_plan().map(|approval| &approval.approver).filter(|who| *who != operator).cloned().collect();
    if let Some(own) = of_plan().find(|approval| approval.approver == operator) {
        let message = format!("{operator} approved this plan already, until {}", own.expires_at);
        return Err(AppError::new(Exit::Held, message).with_hint("where two people must approve, another one has to"));
    }
    Ok(others)
}

fn expiry(config: &Config, now: Timestamp) -> Result<Timestamp, AppError> {
    let ttl = SignedDuration::try_from(config.enforcement.approval_ttl).unwrap_or(SignedDuration::MAX);
    now.checked_add(ttl).map_err(|_| AppError::usage("enforcement.approval_ttl lies beyond the calendar"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(hash: &str) -> Plan {
        Plan {
            hash: PlanHash::new(hash),
            approval: None,
            created_at: Timestamp::UNIX_EPOCH,
            operations: vec![],
            held: vec![],
            frozen: vec![],
        }
    }

    #[test]
    fn only_the_last_plan_can_be_approved_by_enough_of_its_hash() {
        let plan = plan("blake3:00112233445566778899");
        for good in ["blake3:00112233445566778899", "00112233445566778899", "00112233", "blake3:0011223344"] {
            assert!(refuse_other(&plan, good).is_ok(), "{good}");
        }
        let exits: Vec<Exit> = ["0011", "blake3:", "00112234", "blake3:0011223344556677889900"]
            .map(|bad| refuse_other(&plan, bad).expect_err(bad).exit())
            .into();
        assert_eq!(exits, [Exit::Usage, Exit::Usage, Exit::Failed, Exit::Failed]);
    }

    #[test]
    fn one_person_counts_once() {
        let plan = plan("blake3:00");
        let approval = |plan: &str, approver: &str| Approval {
            plan: plan.into(),
            operations: BTreeSet::new(),
            approver: approver.to_owned(),
            at: Timestamp::UNIX_EPOCH,
            expires_at: Timestamp::MAX,
        };
        let given = [approval("blake3:00", "erin@a"), approval("blake3:01", "frank@a")];
        assert_eq!(others(&given, &plan, "frank@a").expect("first time"), ["erin@a"]);
        assert_eq!(others(&given, &plan, "erin@a").expect_err("again").exit(), Exit::Held);
    }
}
