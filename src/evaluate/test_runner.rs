//! Runs the tests of policies: rules named `test_*`, as Open Policy Agent runs them.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::Value;

use super::engine::{Engine, RuleFacts, Shape, Written};
use super::hit::quote;
use super::{PolicyProblem, PolicySet, PolicySource, calls};

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestOutcome {
    /// It is true.
    Passed,
    /// It is undefined or not true.
    Failed,
    /// It could not be evaluated.
    Errored,
    /// Its name starts with `todo_test_`.
    Skipped,
}

impl TestOutcome {
    /// The lower-case name used in every format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Errored => "errored",
            Self::Skipped => "skipped",
        }
    }
}

/// One test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestResult {
    /// File.
    pub file: String,
    /// Line of the rule.
    pub line: u32,
    /// Full name, e.g. `data.cattleguard.host.x_test.test_y`.
    pub name: String,
    /// How it ended.
    pub outcome: TestOutcome,
    /// The error, when it errored.
    pub message: Option<String>,
    /// What `print` wrote.
    pub prints: Vec<String>,
}

/// Which lines of one policy file the tests reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileCoverage {
    /// File.
    pub file: String,
    /// Lines evaluated.
    pub covered: BTreeSet<u32>,
    /// Lines never evaluated.
    pub not_covered: BTreeSet<u32>,
}

impl FileCoverage {
    /// Share of lines evaluated, 0 to 100. A file without any is fully covered.
    pub fn percent(&self) -> f64 {
        let (covered, missed) = (self.covered.len() as f64, self.not_covered.len() as f64);
        if covered + missed == 0.0 { 100.0 } else { covered * 100.0 / (covered + missed) }
    }
}

/// The results of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestReport {
    /// By file and line.
    pub results: Vec<TestResult>,
    /// Of the files under test, by name.
    pub coverage: Vec<FileCoverage>,
}

impl TestReport {
    /// Whether no test failed or errored. Skipped ones do not count.
    pub fn passed(&self) -> bool {
        self.results.iter().all(|result| matches!(result.outcome, TestOutcome::Passed | TestOutcome::Skipped))
    }
}

/// Runs the tests in `tests` against `sources` over `data`; `wanted` says by its full name whether a test is run.
///
/// # Errors
/// What is wrong with the files, when they do not compile.
pub fn run_tests(
    sources: Vec<PolicySource>,
    tests: Vec<PolicySource>,
    data: Value,
    wanted: &dyn Fn(&str) -> bool,
) -> Result<TestReport, Vec<PolicyProblem>> {
    let under_test: BTreeSet<String> = sources.iter().map(|source| source.name.clone()).collect();
    let code: Vec<PolicySource> = sources.clone();
    let set = PolicySet::compile(sources.into_iter().chain(tests).collect(), data)?;
    let mut engine = set.engine.clone();
    engine.record_coverage();
    let mut results = Vec::new();
    let (twins, mut seen) = (twins(&set), BTreeSet::new());
    for module in set.modules() {
        for rule in &module.rules {
            let name = calls::path_of(module, rule);
            if !is_test(rule) || !wanted(&name) || !seen.insert(name.clone()) {
                continue;
            }
            let (outcome, message) = match twins.get(&name) {
                _ if rule.name.starts_with("todo_") => (TestOutcome::Skipped, None),
                Some(places) if places.len() > 1 => (TestOutcome::Errored, Some(same_name(places))),
                _ => run(&mut engine, &name),
            };
            let prints = engine.take_prints();
            if message.as_deref() == Some(PANICKED) {
                // What it was in the middle of is nothing to go on with.
                engine = set.engine.clone();
                engine.record_coverage();
            }
            results.push(TestResult { file: module.file.clone(), line: rule.line, name, outcome, message, prints });
        }
    }
    results.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    Ok(TestReport { results, coverage: coverage(&engine, &under_test, &code) })
}

fn is_test(rule: &RuleFacts) -> bool {
    rule.name.starts_with("test_") || rule.name.starts_with("todo_test_")
}

/// The places of the rules that make a test, by its full name. A default of false makes none.
fn twins(set: &PolicySet) -> BTreeMap<String, Vec<String>> {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for module in set.modules() {
        for rule in module.rules.iter().filter(|rule| is_test(rule)) {
            let is_false = |value: &Written| value.shape == Shape::Scalar(Value::Bool(false));
            if !(rule.values.len() == 1 && rule.refs.is_empty() && rule.values.iter().all(is_false)) {
                let place = format!("{}:{}", module.file, rule.line);
                places.entry(calls::path_of(module, rule)).or_default().push(place);
            }
        }
    }
    places
}

fn same_name(places: &[String]) -> String {
    let shown = places.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
    format!(
        "{} rules have this name ({shown}): when one is true the others fail unseen; give each its own",
        places.len()
    )
}

/// What is said of a test that the engine gave up on.
const PANICKED: &str = "the engine failed on it: the lines above say where";

fn run(engine: &mut Engine, name: &str) -> (TestOutcome, Option<String>) {
    let not_true = |what: &str| {
        let told = format!("its value is {what}, not true; cases by name (`{TEST}[case]`) are not run one by one here");
        (TestOutcome::Failed, Some(told))
    };
    match catch_unwind(AssertUnwindSafe(|| engine.eval(name))) {
        Ok(Ok(Some(Value::Bool(true)))) => (TestOutcome::Passed, None),
        Ok(Ok(None | Some(Value::Bool(false)))) => (TestOutcome::Failed, None),
        Ok(Ok(Some(Value::Array(_)))) => not_true("a list or a set"),
        Ok(Ok(Some(Value::Object(_)))) => not_true("an object"),
        Ok(Ok(Some(value))) => (TestOutcome::Failed, Some(format!("its value is {}, not true", quote(&value)))),
        Ok(Err(error)) if error.message.contains("not a valid rule path") => {
            let told = format!("its name has more than one part: write `{TEST} if {{ … }}`");
            (TestOutcome::Errored, Some(told))
        }
        Ok(Err(error)) => (TestOutcome::Errored, Some(error.message)),
        Err(_) => (TestOutcome::Errored, Some(PANICKED.to_owned())),
    }
}

/// A test's name in what is said.
const TEST: &str = "test_x";

fn coverage(engine: &Engine, under_test: &BTreeSet<String>, sources: &[PolicySource]) -> Vec<FileCoverage> {
    let mut files: Vec<FileCoverage> = engine
        .coverage()
        .into_iter()
        .filter(|file| under_test.contains(&file.file))
        .map(|file| FileCoverage { file: file.file, covered: file.covered, not_covered: file.not_covered })
        .collect();
    for source in sources {
        // The engine reports nothing at all of a file that no test reached.
        if !files.iter().any(|file| file.file == source.name) {
            let not_covered =
                (1..).zip(source.text.lines()).filter(|(_, line)| is_code(line)).map(|(n, _)| n).collect();
            files.push(FileCoverage { file: source.name.clone(), covered: BTreeSet::new(), not_covered });
        }
    }
    files.sort_by(|a, b| a.file.cmp(&b.file));
    files
}

fn is_code(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with('#') && !line.starts_with("package ") && !line.starts_with("import ")
}

#[cfg(test)]
mod tests;
