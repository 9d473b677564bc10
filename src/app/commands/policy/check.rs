//! `policy check`: what is wrong with policies, found before they run.

use serde_json::Value;

use super::Sources;
use crate::app::cli::policy::CheckArgs;
use crate::app::context::Context;
use crate::app::diag;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::Format;
use crate::app::policy_stack::on_policy_stack;
use crate::evaluate::controls::unknown_controls;
use crate::evaluate::{PolicyProblem, PolicySet, never_evaluated, unknown_inputs};

pub(super) fn run(context: &Context<'_>, args: &CheckArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json])?;
    let sources = Sources::read(context, &args.paths)?;
    let mut problems = on_policy_stack(|| problems(&sources))?;
    problems.sort();
    problems.dedup();
    let diags = sources.diags(problems);
    outputs.emit(|format, canvas| {
        Ok(match format {
            Format::Json | Format::Ndjson => crate::app::commands::json_text(&diag::to_json(&diags)),
            Format::Table if diags.is_empty() => {
                format!("ok: {} policy files, {} test files", sources.policies.len(), sources.tests.len())
            }
            Format::Table => diag::render(&diags, canvas.color),
        })
    })?;
    Ok(if diags.is_empty() { Exit::Ok } else { Exit::Config })
}

/// Compiles tests as well: a test that does not parse protects nothing.
fn problems(sources: &Sources) -> Vec<PolicyProblem> {
    let mut problems = match PolicySet::compile(sources.all(), Value::Null) {
        Ok(set) => unknown_inputs(&set).into_iter().chain(never_evaluated(&set)).collect(),
        Err(problems) => problems,
    };
    match unknown_controls(&sources.policies) {
        Ok(unknown) => problems.extend(unknown),
        Err(problem) => problems.push(problem),
    }
    problems
}
