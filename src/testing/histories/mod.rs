//! Random histories: a small account, people who change it, deployments, outages, and one or two enforcers that are
//! throttled, misled and killed at any point, while a judge who knows nothing of plans and journals reads the account's
//! own log.
//!
//! One seed is one history, and the same seed is the same history. The planner, the engine and the journal in it are the
//! real ones; only what policy decides is drawn, because evaluating Rego would take most of the time. Time is virtual:
//! processes are futures, and whenever all of them sleep, the clock moves to the next thing that happens.

mod begin;
mod build;
mod events;
mod evidence;
mod host;
mod judge;
mod ledger;
pub mod matrix;
mod mortal;
mod past;
mod people;
mod play;
mod process;
mod requests;
mod run;
mod scan;
mod tally;
#[cfg(test)]
mod tests;
mod time;
mod world;

pub use evidence::{Evidence, Fact, Witnessed};
pub use judge::{Violation, judge};
pub use run::{Failure, Options, Summary, history, run};
pub use tally::Tally;
