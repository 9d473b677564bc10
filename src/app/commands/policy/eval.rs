//! `policy eval`: what policies say of one input document, and why.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;

use serde_json::{Value, json};

use super::after::{self, After};
use super::{Sources, Trust};
use crate::app::cli::policy::EvalArgs;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::Format;
use crate::app::policy_stack::on_policy_stack;
use crate::app::terminal::{clean, clean_short};
use crate::evaluate::{ClauseTrace, MAX_INPUT_BYTES, PolicySet, PolicySource, explain_input, validate_input};
use crate::types::{InstanceId, PolicyOutcome, PolicyResult, Severity};

/// An input document larger than this is none of ours.
const MOST_BYTES: u64 = MAX_INPUT_BYTES as u64;

/// Problems of a document that are named.
const PROBLEMS: usize = 10;

/// What came out.
struct Evaluation {
    results: Vec<PolicyResult>,
    traces: Vec<ClauseTrace>,
    bundle: String,
    after: After,
}

impl Evaluation {
    fn severity(&self) -> Severity {
        self.results.iter().flat_map(|result| &result.hits).map(|hit| hit.severity).max().unwrap_or_default()
    }

    fn exit(&self) -> Exit {
        let any = |outcome| self.results.iter().any(|result| result.outcome == outcome);
        match () {
            () if any(PolicyOutcome::Error) => Exit::Failed,
            () if any(PolicyOutcome::Violation) => Exit::Findings,
            () => Exit::Ok,
        }
    }
}

/// Exit 1 when a policy is violated, 2 when one cannot be evaluated.
pub(super) fn run(context: &Context<'_>, args: &EvalArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json])?;
    let sources = Sources::read(context, &args.paths, &args.data, Trust::of(args.unverified))?;
    let (input, past) = match stored_id(&args.input) {
        Some(id) => {
            let (input, past) = after::stored(context, &id)?;
            (input, Some(past))
        }
        None => (read(&args.input)?, None),
    };
    check(&args.input, &input)?;
    let compiled = on_policy_stack(|| {
        let set = PolicySet::compile(sources.to_evaluate(), sources.data.clone())?;
        let (results, traces) = explain_input(&set, &input);
        let after = After::of(&results, &input, past);
        Ok(Evaluation { results, traces, bundle: set.digest().to_owned(), after })
    })?;
    let evaluation = compiled.map_err(|problems| AppError::config(sources.diags(problems)))?;
    let all = sources.all();
    outputs.emit(|format, _| {
        Ok(match format {
            Format::Json | Format::Ndjson => crate::app::commands::json_text(&as_json(&evaluation, args.why)),
            Format::Table => as_text(&evaluation, args.why, &all),
        })
    })?;
    Ok(evaluation.exit())
}

/// The instance that is meant, unless there is a file of that name.
fn stored_id(input: &Path) -> Option<InstanceId> {
    let text = input.to_str()?;
    let is_id = text
        .strip_prefix("i-")
        .or_else(|| text.strip_prefix("mi-"))
        .is_some_and(|hex| (8..=17).contains(&hex.len()) && hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
    (is_id && !input.exists()).then(|| InstanceId::new(text))
}

fn read(path: &Path) -> Result<Value, AppError> {
    let failed = |what: String| AppError::failed(format!("{}: {what}", path.display()));
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().take(MOST_BYTES + 1).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_string(&mut text))
    };
    read.map_err(|error| failed(error.to_string()))?;
    if text.len() > MAX_INPUT_BYTES {
        return Err(failed(format!("larger than {} MiB, so no input document", MAX_INPUT_BYTES / (1024 * 1024))));
    }
    serde_json::from_str(&text).map_err(|error| failed(error.to_string()))
}

/// Policies written for the schema say nothing of other documents, and nothing reads as a pass.
fn check(path: &Path, input: &Value) -> Result<(), AppError> {
    let problems = validate_input(input);
    if problems.is_empty() {
        return Ok(());
    }
    let mut text = format!("{} is not a cattleguard.dev/input/v1 document:", path.display());
    for problem in problems.iter().take(PROBLEMS) {
        // The pointer of the whole document is empty.
        let root = if problem.starts_with(':') { "/" } else { "" };
        let _ = write!(text, " {root}{};", clean_short(problem, 200));
    }
    if problems.len() > PROBLEMS {
        let _ = write!(text, " and {} more", problems.len() - PROBLEMS);
    }
    Err(AppError::failed(text.trim_end_matches(';')).with_hint(
        "its schema is policies/input.schema.json; `cattleguard decisions show ID --with-input` prints a whole one",
    ))
}

fn as_text(evaluation: &Evaluation, why: bool, sources: &[PolicySource]) -> String {
    let mut text = String::new();
    for result in &evaluation.results {
        let outcome = match result.outcome {
            PolicyOutcome::Pass => "pass",
            PolicyOutcome::Waived => "waived",
            PolicyOutcome::Warn => "warn",
            PolicyOutcome::Violation => "violation",
            PolicyOutcome::Error => "error",
        };
        let _ = writeln!(text, "{outcome:<9} {}", clean(&result.policy));
        if let Some(error) = &result.error {
            let _ = writeln!(text, "    {}", clean_short(error, 400));
        }
        for hit in &result.hits {
            let id = if hit.id.is_empty() { String::new() } else { format!(" {}", clean(&hit.id)) };
            let message = clean_short(&hit.msg, 400);
            let _ = writeln!(text, "    {}{id}: {}, {}: {message}", hit.kind, hit.severity, hit.action);
            if !hit.controls.is_empty() {
                let _ = writeln!(text, "        controls: {}", clean(&hit.controls.join(", ")));
            }
        }
        for trace in evaluation.traces.iter().filter(|trace| why && trace.policy == result.policy) {
            let _ = writeln!(text, "    {}", reason(trace, sources));
        }
    }
    evaluation.after.write(evaluation.severity(), why, &mut text);
    text
}

fn reason(trace: &ClauseTrace, sources: &[PolicySource]) -> String {
    let place = format!("{} at {}:{}", trace.rule, clean(&trace.file), trace.line);
    let Some(line) = trace.stopped_at else { return format!("{place} fired") };
    let shown = usize::try_from(line)
        .ok()
        .and_then(|line| line.checked_sub(1))
        .zip(sources.iter().find(|source| source.name == trace.file))
        .and_then(|(index, source)| source.text.lines().nth(index));
    format!("{place} did not fire: nothing got past line {line}: {}", clean_short(shown.unwrap_or("").trim(), 160))
}

fn as_json(evaluation: &Evaluation, why: bool) -> Value {
    let mut document = json!({
        "schema": "cattleguard.dev/policy-eval/v1",
        "bundle_digest": evaluation.bundle,
        "asked": evaluation.after.asked,
        "action": evaluation.after.action,
        "capped_by": evaluation.after.capped_by,
        "severity": evaluation.severity(),
        "policies": evaluation.results,
        "exit_code": evaluation.exit().code(),
    });
    if let (true, Some(fields)) = (why, document.as_object_mut()) {
        let rules = evaluation.traces.iter().map(|trace| {
            json!({
                "policy": trace.policy, "rule": trace.rule, "file": trace.file, "line": trace.line,
                "fired": trace.fired(), "stopped_at": trace.stopped_at,
            })
        });
        fields.insert("rules".to_owned(), rules.collect());
        if let Some(past) = &evaluation.after.past {
            fields.insert("last_scan".to_owned(), past.as_json());
        }
    }
    document
}
