//! Test results as JUnit XML, the form that CI systems read.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::evaluate::test_runner::{TestOutcome, TestReport, TestResult};

/// One `testsuite` for each file.
pub(super) fn xml(report: &TestReport) -> String {
    let mut suites: BTreeMap<&str, Vec<&TestResult>> = BTreeMap::new();
    for result in &report.results {
        suites.entry(&result.file).or_default().push(result);
    }
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for (file, results) in suites {
        let count = |outcome| results.iter().filter(|result| result.outcome == outcome).count();
        let _ = writeln!(
            text,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">",
            escape(file),
            results.len(),
            count(TestOutcome::Failed),
            count(TestOutcome::Errored),
            count(TestOutcome::Skipped),
        );
        for result in results {
            case(&mut text, result);
        }
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

fn case(text: &mut String, result: &TestResult) {
    let (package, name) = result.name.rsplit_once('.').unwrap_or(("", &result.name));
    let _ = write!(
        text,
        "    <testcase classname=\"{}\" name=\"{}\" file=\"{}\" line=\"{}\">",
        escape(package),
        escape(name),
        escape(&result.file),
        result.line
    );
    let message = escape(result.message.as_deref().unwrap_or("the test is not true"));
    match result.outcome {
        TestOutcome::Passed => {}
        TestOutcome::Failed => {
            let _ = write!(text, "<failure message=\"{message}\"/>");
        }
        TestOutcome::Errored => {
            let _ = write!(text, "<error message=\"{message}\"/>");
        }
        TestOutcome::Skipped => text.push_str("<skipped/>"),
    }
    if !result.prints.is_empty() {
        let _ = write!(text, "<system-out>{}</system-out>", escape(&result.prints.join("\n")));
    }
    text.push_str("</testcase>\n");
}

/// Text for an attribute or element. Characters that XML 1.0 cannot hold (section 2.2 of its specification) become
/// U+FFFD.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' | '\r' => escaped.push(character),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            control if control < ' ' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_messages_stay_inside_their_attribute() {
        let result = TestResult {
            file: "a_test.rego".to_owned(),
            line: 3,
            name: "data.a_test.test_x".to_owned(),
            outcome: TestOutcome::Errored,
            message: Some("\"/><x>\u{1b}".to_owned()),
            prints: vec!["a & b".to_owned()],
        };
        let text = xml(&TestReport { results: vec![result], coverage: Vec::new() });
        assert!(
            text.contains("<testsuite name=\"a_test.rego\" tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\">")
        );
        assert!(text.contains("<error message=\"&quot;/&gt;&lt;x&gt;\u{fffd}\"/><system-out>a &amp; b</system-out>"));
    }
}
