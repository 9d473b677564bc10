//! Test results in the Test Anything Protocol, version 14 (testanything.org).

use std::fmt::Write as _;

use crate::app::terminal::clean_short;
use crate::evaluate::test_runner::{TestOutcome, TestReport};

/// One test point for each test; what failed carries its place, its error and what it printed.
pub(super) fn text(report: &TestReport) -> String {
    let mut text = format!("TAP version 14\n1..{}\n", report.results.len());
    for (number, result) in (1..).zip(&report.results) {
        let (word, directive) = match result.outcome {
            TestOutcome::Passed => ("ok", ""),
            TestOutcome::Skipped => ("ok", " # SKIP not written yet"),
            TestOutcome::Failed | TestOutcome::Errored => ("not ok", ""),
        };
        let _ = writeln!(text, "{word} {number} - {}{directive}", name(&result.name));
        if word == "ok" {
            continue;
        }
        let message = result.message.as_deref().unwrap_or("the test is not true");
        let _ = writeln!(text, "  ---\n  message: {}", quoted(message));
        let _ = writeln!(text, "  at: {}", quoted(&format!("{}:{}", result.file, result.line)));
        if !result.prints.is_empty() {
            text.push_str("  prints:\n");
            for line in &result.prints {
                let _ = writeln!(text, "    - {}", quoted(line));
            }
        }
        text.push_str("  ...\n");
    }
    text
}

/// `#` would begin a directive.
fn name(name: &str) -> String {
    clean_short(name, 200).replace('#', "\\#")
}

/// A YAML string on one line: JSON strings are YAML strings.
fn quoted(text: &str) -> String {
    serde_json::Value::from(clean_short(text, 400)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::test_runner::TestResult;

    #[test]
    fn points_are_counted_and_hostile_text_stays_in_its_line() {
        let result = |name: &str, outcome, message: Option<&str>| TestResult {
            file: "a_test.rego".to_owned(),
            line: 3,
            name: name.to_owned(),
            outcome,
            message: message.map(str::to_owned),
            prints: message.map(|_| "a\nok 9".to_owned()).into_iter().collect(),
        };
        let results = vec![
            result("data.a.test_x", TestOutcome::Passed, None),
            result("data.a[\"# y\"].test_y", TestOutcome::Errored, Some("x\n...\nnot ok 7")),
            result("data.a.todo_test_z", TestOutcome::Skipped, None),
        ];
        let told = text(&TestReport { results, coverage: Vec::new() });
        let points: Vec<&str> = told.lines().filter(|line| line.starts_with("ok") || line.starts_with("not")).collect();
        assert_eq!(
            points,
            [
                "ok 1 - data.a.test_x",
                "not ok 2 - data.a[\"\\# y\"].test_y",
                "ok 3 - data.a.todo_test_z # SKIP not written yet"
            ]
        );
        assert!(told.starts_with("TAP version 14\n1..3\n") && told.contains("  at: \"a_test.rego:3\""), "{told}");
    }
}
