//! Stage 4: Findings -> [`Decision`](crate::types::Decision)s, by Rego policy.
//!
//! Inputs: the facts of one instance ([`InputFacts`]) and a compiled bundle ([`PolicySet`]). Output: one
//! decision, with what each policy said and what the caps took away. Pure: no clock, file, environment or
//! network; the policy engine lives behind `engine` and nowhere else, because its releases break often.

#![deny(clippy::disallowed_methods)]

pub mod archive;
mod bundle;
mod calls;
mod canonical;
mod checks;
pub mod controls;
mod data;
mod decide;
mod engine;
mod facts;
mod hit;
mod input;
mod literals;
mod nesting;
mod owner;
mod paths;
mod policy_result;
mod problem;
mod reach;
mod replay;
mod schema;
mod shipped;
mod strict;
pub mod test_runner;
mod waived;
mod why;

/// Stack that compiling and evaluating policies needs, in bytes: the engine recurses by a few large frames
/// for every rule that calls another. Run both on a thread with at least this much.
pub const STACK_BYTES: usize = 16 * 1024 * 1024;

pub use bundle::{PolicyPackage, PolicySet};
pub use canonical::canonical_json;
pub use data::{data_below, merge_data};
pub use decide::{Evaluator, decide, evaluate_all};
pub use facts::{HistoryFacts, InputFacts, RecentOperation};
pub use input::{INPUT_SCHEMA, build_input};
pub use owner::{Owner, owner_of};
pub use paths::unknown_inputs;
pub use problem::{PolicyProblem, PolicySource, TAB_COLUMNS};
pub use reach::never_evaluated;
pub use replay::{Asked, Replay};
pub use schema::{input_schema, validate_input};
pub use shipped::{shipped, shipped_library, shipped_tests};
pub use strict::{unreached_rules, unused_imports};
pub use waived::{WAIVED_BY, is_waived};
pub use why::{ClauseTrace, explain_input};
