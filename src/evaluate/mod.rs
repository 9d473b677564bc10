//! Stage 4: Findings -> [`Decision`](crate::types::Decision)s, by Rego policy.
//!
//! Inputs: the facts of one instance ([`InputFacts`]) and a compiled bundle ([`PolicySet`]). Output: one
//! decision, with what each policy said and what the caps took away. Pure: no clock, file, environment or
//! network; the policy engine lives behind `engine` and nowhere else, because its releases break often.

#![deny(clippy::disallowed_methods)]

mod answer;
pub mod archive;
mod arity;
mod assessed;
mod bundle;
mod calls;
mod canonical;
mod checks;
mod comparisons;
pub mod controls;
mod data;
mod decide;
mod engine;
mod evaluator;
mod facts;
mod formats;
mod hit;
mod input;
mod literals;
mod memo;
mod nesting;
mod owner;
mod parameters;
mod paths;
mod policy_result;
mod problem;
mod projection;
mod reach;
mod reads;
mod replay;
mod results;
mod schema;
mod shipped;
mod strict;
pub mod test_runner;
mod waived;
mod why;

/// Stack that compiling and evaluating policies needs, in bytes: the engine recurses by a few large frames
/// for every rule that calls another. Run both on a thread with at least this much.
pub const STACK_BYTES: usize = 16 * 1024 * 1024;

pub use answer::{Answer, Answered, MAX_ANSWER_BYTES, MAX_INPUT_BYTES, RuleAnswer};
pub use arity::wrong_arities;
pub use assessed::{Assessed, Held};
pub use bundle::{PolicyPackage, PolicySet};
pub use canonical::canonical_json;
pub use checks::absurd_widths;
pub use comparisons::impossible_comparisons;
pub use data::{data_below, merge_data};
pub use decide::{combine, decide, evaluate_all, input_digest};
pub use evaluator::{Evaluator, Stopwatch};
pub use facts::{HistoryFacts, InputFacts, RecentOperation};
pub use formats::principal as principal_fault;
pub use input::{INPUT_SCHEMA, InputBuilder, build_input};
pub use nesting::check as check_nesting;
pub use owner::{Owner, owner_of};
pub use parameters::{Scopes, parameter_faults};
pub use paths::unknown_inputs;
pub use problem::{PolicyProblem, PolicySource, TAB_COLUMNS};
pub use reach::never_evaluated;
pub use replay::Asked;
pub use results::unfit_results;
pub use schema::{input_schema, validate_input};
pub use shipped::{shipped, shipped_library, shipped_tests};
pub use strict::{unreached_rules, unused_imports};
pub use waived::{WAIVED_BY, Waived, is_waived};
pub use why::{ClauseTrace, explain_input};
