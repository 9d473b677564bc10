//! `policy check`: what is wrong with policies, found before they run.

use super::{Sources, Trust};
use crate::app::cli::policy::CheckArgs;
use crate::app::context::Context;
use crate::app::diag::{self, Diag};
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::Format;
use crate::app::policy_data;
use crate::app::policy_stack::on_policy_stack;
use crate::app::terminal::clean;
use crate::evaluate::controls::{controls, controls_over, unknown_controls};
use crate::evaluate::test_runner::run_tests;
use crate::evaluate::{
    PolicyProblem, PolicySet, Scopes, absurd_widths, impossible_comparisons, never_evaluated, parameter_faults,
    unfit_results, unknown_inputs, unreached_rules, unused_imports, wrong_arities,
};

pub(super) fn run(context: &Context<'_>, args: &CheckArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json])?;
    let sources = Sources::read(context, &args.paths, &args.data, Trust::of(args.unverified))?;
    let mut problems = on_policy_stack(|| problems(&sources, args.strict))?;
    problems.sort();
    problems.dedup();
    let mut diags = sources.diags(problems);
    // Fleets and accounts are the configuration's: `config check` and `doctor` compare them.
    let faults = parameter_faults(&sources.data, &sources.policies, Scopes::default());
    let given = policy_data::each(&args.paths, &args.data).unwrap_or_default();
    let file =
        |fault: &str| policy_data::giver(&given, fault).map_or("data".to_owned(), |file| file.display().to_string());
    diags.extend(faults.into_iter().map(|fault| Diag::whole_file("parameter", clean(&file(&fault)), clean(&fault))));
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
fn problems(sources: &Sources, strict: bool) -> Vec<PolicyProblem> {
    let (controls, wrong) = match controls_over(&sources.data) {
        Ok(controls) => (controls, None),
        Err(problem) => (controls().unwrap_or_default(), Some(problem)),
    };
    let mut problems = match PolicySet::compile(sources.all(), sources.data.clone()) {
        Ok(set) => {
            let mut found: Vec<_> = unknown_inputs(&set).into_iter().chain(never_evaluated(&set)).collect();
            found.extend(wrong_arities(&set));
            found.extend(impossible_comparisons(&set));
            found.extend(unfit_results(&set, &controls));
            if strict {
                found.extend(strictly(sources, &set));
            }
            found
        }
        Err(problems) => problems,
    };
    problems.extend(sources.policies.iter().chain(&sources.tests).flat_map(absurd_widths));
    problems.extend(unknown_controls(&sources.policies, &controls));
    problems.extend(wrong);
    problems
}

/// What is no mistake and still not right. The library is the program's own, and tested with it.
fn strictly(sources: &Sources, set: &PolicySet) -> Vec<PolicyProblem> {
    let support = sources.tests.iter().chain(&sources.library).cloned().collect();
    let reached = match run_tests(sources.policies.clone(), support, sources.data.clone(), &|_| true) {
        Ok(report) => unreached_rules(set, &report),
        Err(problems) => problems,
    };
    unused_imports(set).into_iter().chain(reached).collect()
}
