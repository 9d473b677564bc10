//! Rules that look as if they decided and are never asked.

use super::hit::HitKind;
use super::{PolicyProblem, PolicySet};

/// Deciding rules (`deny`, `violation`, `warn`) in packages outside `cattleguard`: nobody evaluates them, so they
/// would pass everything in silence.
pub fn never_evaluated(set: &PolicySet) -> Vec<PolicyProblem> {
    let mut problems = Vec::new();
    for module in set.modules() {
        let is_test = module.package.last().is_some_and(|last| last.ends_with("_test"));
        if is_test || module.package.get(1).is_some_and(|root| root == "cattleguard") {
            continue;
        }
        for rule in module.rules.iter().filter(|rule| !rule.function && HitKind::of_rule(&rule.name).is_some()) {
            let package = module.package.iter().skip(1).cloned().collect::<Vec<_>>().join(".");
            let message = format!("`{}` is never evaluated: name the package cattleguard.{package}", rule.name);
            problems.push(PolicyProblem::at(&module.file, rule.line, rule.column, message));
        }
    }
    problems.sort();
    problems.dedup();
    problems
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::evaluate::PolicySource;

    #[test]
    fn a_policy_outside_our_root_is_named_and_helpers_and_tests_are_not() {
        let source = |name: &str, text: &str| PolicySource::new(name, text);
        let set = PolicySet::compile(
            vec![
                source("a.rego", "package main\n\ndeny contains \"x\" if input.scan\n"),
                source("b.rego", "package main.lib\n\nhelper := 1\n"),
                source("c.rego", "package main_test\n\ndeny contains \"x\" if true\n"),
                source("d.rego", "package cattleguard.mine\n\ndeny contains \"x\" if input.scan\n"),
            ],
            Value::Null,
        )
        .unwrap();
        let found: Vec<String> = never_evaluated(&set).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["a.rego:3:1: `deny` is never evaluated: name the package cattleguard.main"]);
    }
}
