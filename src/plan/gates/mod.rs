//! The gates between a wish and an operation. Every gate is asked about every candidate, and every answer
//! is kept: people want to know all that holds an operation, not only the first thing.

mod alarm;
mod answer;
mod approval;
mod availability;
mod budget;
mod confirmed;
mod evidence;
mod exception;
mod golden_usable;
mod kill_switch;
mod mass_drift;
mod opt_in;
mod overriding;
mod ownership;
mod permissions;
mod replace_loop;
mod window;

use crate::types::{Gate, GateReport};

use super::candidate::Candidate;
use super::context::{Context, Ledger};

pub(super) use answer::Answer;
pub(super) use approval::{Given, approved, awaiting};

/// Asks every gate, in order.
pub(super) fn ask_all(candidate: &Candidate<'_>, context: &Context<'_, '_>, ledger: &Ledger) -> Vec<GateReport> {
    let answers = Gate::ALL.into_iter().map(|gate| ask(gate, candidate, context, ledger).of(gate));
    answers.map(|report| overriding::apply(report, candidate, context)).collect()
}

fn ask(gate: Gate, candidate: &Candidate<'_>, context: &Context<'_, '_>, ledger: &Ledger) -> Answer {
    match gate {
        Gate::KillSwitch => kill_switch::ask(candidate, context),
        Gate::OptIn => opt_in::ask(candidate, context),
        Gate::Ownership => ownership::ask(candidate, context),
        Gate::Evidence => evidence::ask(candidate, context),
        Gate::Confirmed => confirmed::ask(candidate),
        Gate::Exception => exception::ask(candidate, context),
        Gate::MassDrift => mass_drift::ask(candidate, context),
        Gate::ReplaceLoop => replace_loop::ask(candidate, context),
        Gate::Window => window::ask(candidate, context),
        Gate::Budget => budget::ask(candidate, context, ledger),
        Gate::Availability => availability::ask(candidate, context, ledger),
        Gate::Alarm => alarm::ask(candidate, context),
        Gate::Approval => approval::ask(candidate),
        Gate::GoldenUsable => golden_usable::ask(candidate, context),
        Gate::Permissions => permissions::ask(candidate, context),
    }
}

pub(super) use golden_usable::promoted;
