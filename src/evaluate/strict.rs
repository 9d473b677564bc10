//! What `policy check --strict` finds beyond mistakes: imports that nothing uses and rules that no test reaches.

use std::collections::BTreeSet;

use super::engine::{ModuleFacts, RuleFacts};
use super::test_runner::{FileCoverage, TestReport};
use super::{PolicyProblem, PolicySet};

/// Imports that nothing in their file uses. `rego.v1` and `future.keywords` change nothing in Rego v1 and bind nothing.
pub fn unused_imports(set: &PolicySet) -> Vec<PolicyProblem> {
    let mut problems = Vec::new();
    for module in set.modules() {
        let used = used(module);
        for import in &module.imported {
            let language = import.target.first().is_some_and(|root| root == "rego" || root == "future");
            if !language && !used.contains(import.name.as_str()) {
                let message = format!("the import `{}` is not used", import.name);
                problems.push(PolicyProblem::at(&module.file, import.line, import.column, message));
            }
        }
    }
    problems
}

/// The names that the rules of a module begin a reference with, variables of theirs left out.
fn used(module: &ModuleFacts) -> BTreeSet<&str> {
    let mut used = BTreeSet::new();
    for rule in &module.rules {
        let mocks = rule.mocks.iter().flat_map(|(mocked, by)| [mocked, by]);
        for reference in rule.refs.iter().chain(&rule.calls).chain(mocks) {
            if let Some(Some(first)) = reference.path.first()
                && !rule.locals.contains(first)
            {
                used.insert(first.as_str());
            }
        }
    }
    used
}

/// Rules of which the tests of a run reached no line.
pub fn unreached_rules(set: &PolicySet, report: &TestReport) -> Vec<PolicyProblem> {
    let mut problems = Vec::new();
    for module in set.modules() {
        let Some(file) = report.coverage.iter().find(|file| file.file == module.file) else { continue };
        if file.covered.is_empty() && !file.not_covered.is_empty() {
            let message =
                "no test reaches this file: write `test_*` rules in a file beside it that ends with _test.rego";
            problems.push(PolicyProblem::at(&module.file, 1, 1, message));
            continue;
        }
        let mut ends: Vec<u32> = module.rules.iter().skip(1).map(|rule| rule.line).collect();
        ends.push(u32::MAX);
        for (rule, _) in module.rules.iter().zip(ends).filter(|(rule, end)| is_unreached(file, rule, *end)) {
            let message = format!("no test reaches `{}`", rule.name);
            problems.push(PolicyProblem::at(&module.file, rule.line, rule.column, message));
        }
    }
    problems
}

fn is_unreached(file: &FileCoverage, rule: &RuleFacts, end: u32) -> bool {
    let lines = rule.line..end.max(rule.line + 1);
    let missed = file.not_covered.iter().any(|line| lines.contains(line));
    missed && !file.covered.iter().any(|line| lines.contains(line))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::evaluate::PolicySource;
    use crate::evaluate::test_runner::run_tests;

    const POLICY: &str = "package cattleguard.a

import data.cattleguard.b
import data.cattleguard.c as other
import data.cattleguard.d
import rego.v1

deny contains \"x\" if b.yes

warn contains \"y\" if {
\tinput.scan
\tother.yes
}

local contains d if some d in [1]
";

    fn compiled(extra: &str) -> (Vec<PolicySource>, Vec<PolicySource>) {
        let lib = |name: &str| {
            PolicySource::new(format!("{name}.rego"), format!("package cattleguard.{name}\n\nyes := true\n"))
        };
        let sources = vec![PolicySource::new("a.rego", POLICY), lib("b"), lib("c"), lib("d")];
        (sources, vec![PolicySource::new("a_test.rego", format!("package cattleguard.a_test\n\n{extra}\n"))])
    }

    fn lines(problems: &[PolicyProblem]) -> Vec<String> {
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_import_that_only_a_variable_is_called_like_is_unused() {
        let (sources, _) = compiled("");
        let set = PolicySet::compile(sources, Value::Null).unwrap();
        assert_eq!(lines(&unused_imports(&set)), ["a.rego:5:8: the import `d` is not used"]);
    }

    #[test]
    fn rules_and_files_that_no_test_reaches_are_named() {
        let (sources, tests) = compiled("test_a if count(data.cattleguard.a.deny) == 1");
        let set = PolicySet::compile(sources.clone(), Value::Null).unwrap();
        let report = run_tests(sources, tests, Value::Null, &|_| true).unwrap();
        let found = lines(&unreached_rules(&set, &report));
        assert_eq!(found[..2], ["a.rego:10:1: no test reaches `warn`", "a.rego:15:1: no test reaches `local`"]);
        assert!(found[2].starts_with("c.rego:1:1: no test reaches this file"), "{found:?}");
        assert_eq!(found.len(), 4, "{found:?}");
    }
}
