//! `policy test`: runs `test_*` rules and measures which lines they reach.

use std::fmt::Write as _;
use std::path::PathBuf;

use regex::Regex;
use serde_json::{Value, json};

use super::{Sources, Trust, junit, tap};
use crate::app::cli::policy::TestArgs;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::{Format, OutputSpec, Outputs, Replace, TestForm, print, write_atomically};
use crate::app::policy_stack::on_policy_stack;
use crate::app::terminal::{clean, clean_short};
use crate::evaluate::test_runner::{TestOutcome, TestReport, TestResult, run_tests};

/// Uncovered lines named for one file.
const LINES: usize = 20;

/// How a run counts.
struct Summary<'a> {
    report: &'a TestReport,
    coverage: f64,
    threshold: Option<f64>,
}

impl Summary<'_> {
    fn count(&self, outcome: TestOutcome) -> usize {
        self.report.results.iter().filter(|result| result.outcome == outcome).count()
    }

    fn covered(&self) -> bool {
        self.threshold.is_none_or(|threshold| self.coverage >= threshold)
    }

    fn passed(&self) -> bool {
        self.report.passed() && self.covered()
    }
}

pub(super) fn run(context: &Context<'_>, args: &TestArgs) -> Result<Exit, AppError> {
    let (forms, outputs) = outputs(context)?;
    let filter = args.run.as_deref().map(Regex::new).transpose();
    let filter = filter.map_err(|_| AppError::usage("--run: not a regular expression"))?;
    let sources = Sources::read(context, &args.paths, &args.data, Trust::of(args.unverified))?;
    let wanted = |name: &str| filter.as_ref().is_none_or(|filter| filter.is_match(name));
    let support = sources.tests.iter().chain(&sources.library).cloned().collect();
    let report = on_policy_stack(|| run_tests(sources.policies.clone(), support, sources.data.clone(), &wanted))?
        .map_err(|problems| AppError::config(sources.diags(problems)))?;
    if report.results.is_empty() {
        let hint = "tests are rules whose names start with test_, in files that end with _test.rego";
        return Err(AppError::failed("no test was found").with_hint(hint));
    }
    let summary = Summary { report: &report, coverage: share(&report), threshold: args.threshold };
    if let Some(outputs) = outputs {
        // What a chosen few tests do not reach is no news.
        let lines = args.coverage || filter.is_none() || args.threshold.is_some();
        let shown = Shown { passed: context.global.verbose > 0, lines, every_file: args.coverage };
        outputs.emit(|format, _| {
            Ok(match format {
                Format::Json | Format::Ndjson => crate::app::commands::json_text(&as_json(&summary)),
                Format::Table => as_text(&summary, &shown),
            })
        })?;
    }
    let junit = args.junit.as_ref().map(|path| (TestForm::Junit, Some(path)));
    for (form, path) in forms.iter().map(|spec| (spec.tests.unwrap_or(TestForm::Tap), spec.path.as_ref())).chain(junit)
    {
        let text = match form {
            TestForm::Junit => junit::xml(&report),
            TestForm::Tap => tap::text(&report),
        };
        write(path, &text)?;
    }
    Ok(if summary.passed() { Exit::Ok } else { Exit::Findings })
}

/// The forms of test results among the outputs, and the rest.
fn outputs(context: &Context<'_>) -> Result<(Vec<OutputSpec>, Option<Outputs>), AppError> {
    let (forms, plain): (Vec<_>, Vec<_>) = context.global.output.iter().cloned().partition(|spec| spec.tests.is_some());
    if context.global.output.iter().filter(|spec| spec.path.is_none()).count() > 1 {
        let hint = "give the others a file: -o junit=tests.xml";
        return Err(AppError::usage("only one output can go to stdout").with_hint(hint));
    }
    if plain.is_empty() && !forms.is_empty() {
        return Ok((forms, None));
    }
    let outputs = Outputs::new(&plain, &[Format::Table, Format::Json], context.terminal)?;
    Ok((forms, Some(outputs)))
}

fn write(path: Option<&PathBuf>, text: &str) -> Result<(), AppError> {
    let Some(path) = path else { return print(text) };
    let written = write_atomically(path, text.as_bytes(), Replace::Yes);
    written.map_err(|error| AppError::failed(format!("{} cannot be written: {error}", path.display())))
}

/// What the text for people holds beside what is wrong.
struct Shown {
    passed: bool,
    lines: bool,
    every_file: bool,
}

/// Share of all lines under test that were reached, in percent.
fn share(report: &TestReport) -> f64 {
    let (covered, missed) = report
        .coverage
        .iter()
        .fold((0, 0), |(covered, missed), file| (covered + file.covered.len(), missed + file.not_covered.len()));
    if covered + missed == 0 { 100.0 } else { covered as f64 * 100.0 / (covered + missed) as f64 }
}

fn as_text(summary: &Summary<'_>, shown: &Shown) -> String {
    let mut text = String::new();
    for result in &summary.report.results {
        if shown.passed || result.outcome != TestOutcome::Passed {
            one(&mut text, result);
        }
    }
    for file in summary.report.coverage.iter().filter(|_| shown.lines) {
        let (name, percent) = (clean(&file.file), file.percent());
        if !file.not_covered.is_empty() {
            let most = if shown.every_file { usize::MAX } else { LINES };
            let lines: Vec<String> = file.not_covered.iter().take(most).map(u32::to_string).collect();
            let more = if file.not_covered.len() > most { ", …" } else { "" };
            let lines = lines.join(", ");
            let _ = writeln!(text, "{name}: {percent:.1} % covered; never reached: lines {lines}{more}");
        } else if shown.every_file {
            let _ = writeln!(text, "{name}: {percent:.1} % covered");
        }
    }
    let _ = write!(
        text,
        "{} passed, {} failed, {} errored, {} skipped; {:.1} % of lines covered",
        summary.count(TestOutcome::Passed),
        summary.count(TestOutcome::Failed),
        summary.count(TestOutcome::Errored),
        summary.count(TestOutcome::Skipped),
        summary.coverage,
    );
    if let Some(threshold) = summary.threshold.filter(|_| !summary.covered()) {
        let _ = write!(text, ", less than {threshold} %");
    }
    text.push('\n');
    text
}

fn one(text: &mut String, result: &TestResult) {
    let word = match result.outcome {
        TestOutcome::Passed => "PASS",
        TestOutcome::Failed => "FAIL",
        TestOutcome::Errored => "ERROR",
        TestOutcome::Skipped => "SKIP",
    };
    let _ = writeln!(text, "{word} {} ({}:{})", clean(&result.name), clean(&result.file), result.line);
    for line in result.message.iter().chain(&result.prints) {
        let _ = writeln!(text, "    {}", clean_short(line, 400));
    }
}

fn as_json(summary: &Summary<'_>) -> Value {
    let results: Vec<Value> = summary
        .report
        .results
        .iter()
        .map(|result| {
            json!({
                "name": result.name, "file": result.file, "line": result.line,
                "outcome": result.outcome.as_str(), "message": result.message, "prints": result.prints,
            })
        })
        .collect();
    let files: Vec<Value> = summary
        .report
        .coverage
        .iter()
        .map(|file| json!({ "file": file.file, "percent": file.percent(), "not_covered": file.not_covered }))
        .collect();
    json!({
        "schema": "cattleguard.dev/policy-test/v1",
        "ok": summary.passed(),
        "results": results,
        "coverage": { "percent": summary.coverage, "threshold": summary.threshold, "files": files },
        "summary": {
            "passed": summary.count(TestOutcome::Passed),
            "failed": summary.count(TestOutcome::Failed),
            "errored": summary.count(TestOutcome::Errored),
            "skipped": summary.count(TestOutcome::Skipped),
        },
    })
}
