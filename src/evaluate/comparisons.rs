//! Comparisons of the input with values that it never has: a misspelt severity, a finding code that there is not. The rule
//! never fires, and nothing says so.

use serde_json::Value;

use super::engine::{Compared, ModuleFacts, RuleFacts, Shape, Written};
use super::paths::{Shapes, is_test};
use super::schema::{at_path, nearest};
use super::{PolicyProblem, PolicySet};
use crate::collect::trail::event_codes;
use crate::detect::codes::PAGES;

/// Places where a policy compares a part of the input with a text that is never there, with the nearest that may be.
pub fn impossible_comparisons(set: &PolicySet) -> Vec<PolicyProblem> {
    let shapes = Shapes::of(set.modules());
    let codes: Vec<String> = PAGES
        .iter()
        .map(|page| page.code.to_owned())
        .chain(event_codes().into_iter().map(|page| page.code.as_str().to_owned()))
        .collect();
    let mut problems = Vec::new();
    for module in set.modules().iter().filter(|module| !is_test(module)) {
        for rule in &module.rules {
            for compared in &rule.compared {
                let path = shapes.below_input(module, rule, &compared.what.path);
                let Some((path, values)) = path.and_then(|path| Some((shown(&path), values_at(&path, &codes)?))) else {
                    continue;
                };
                for (text, at) in texts(module, rule, &compared.with) {
                    if !is_possible(compared, text, &values) {
                        let message = said(&path, text, &values);
                        problems.push(PolicyProblem::at(&module.file, at.line, at.column, message));
                    }
                }
            }
        }
    }
    problems.sort();
    problems.dedup();
    problems
}

/// Every text that a place of the input may hold; `None` where it may hold any.
fn values_at<'c>(path: &[Option<String>], codes: &'c [String]) -> Option<Vec<&'c str>>
where
    'static: 'c,
{
    let schema = at_path(path)?;
    if schema.get("format").and_then(Value::as_str) == Some("finding-code") {
        return Some(codes.iter().map(String::as_str).collect());
    }
    Some(schema.get("enum")?.as_array()?.iter().filter_map(Value::as_str).collect())
}

/// The texts that are written, each with its place: of the value itself, of a list, of a variable or rule of this file.
fn texts<'w>(module: &'w ModuleFacts, rule: &'w RuleFacts, with: &'w Written) -> Vec<(&'w str, &'w Written)> {
    let flat = |written: &'w Written| -> Vec<(&'w str, &'w Written)> {
        let one = |item: &'w Written| match &item.shape {
            Shape::Scalar(Value::String(text)) => Some((text.as_str(), item)),
            _ => None,
        };
        match &written.shape {
            Shape::List(items) => items.iter().filter_map(one).collect(),
            _ => one(written).into_iter().collect(),
        }
    };
    let Shape::Variable(name) = &with.shape else { return flat(with) };
    if rule.locals.contains(name) {
        let mut bound = rule.assigned.iter().filter(|(variable, _)| variable == name);
        return match (bound.next(), bound.next()) {
            (Some((_, only)), None) => flat(only),
            _ => Vec::new(),
        };
    }
    let rules = module.rules.iter().filter(|rule| rule.name == *name && !rule.function);
    rules.flat_map(|rule| rule.values.iter().chain(&rule.elements)).flat_map(flat).collect()
}

fn is_possible(compared: &Compared, text: &str, values: &[&str]) -> bool {
    if compared.prefix { values.iter().any(|value| value.starts_with(text)) } else { values.contains(&text) }
}

fn shown(path: &[Option<String>]) -> String {
    path.iter().fold("input".to_owned(), |shown, part| match part {
        Some(key) => format!("{shown}.{key}"),
        None => format!("{shown}[_]"),
    })
}

fn said(path: &str, text: &str, values: &[&str]) -> String {
    let near = nearest(text, values.iter().copied());
    let instead = match near {
        Some(near) => format!("; did you mean `{near}`?"),
        None if values.len() <= 12 => format!(": it is one of {}", values.join(", ")),
        None => "; `cattleguard explain CODE` knows all there are".to_owned(),
    };
    format!("`{path}` is never {}{instead}", super::hit::quote(&Value::from(text)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::PolicySource;

    fn found(rule: &str) -> Vec<String> {
        let text = format!("package cattleguard.a\n\nimport data.cattleguard.lib.findings.active\n\n{rule}\n");
        let mut sources = crate::evaluate::shipped_library();
        sources.push(PolicySource::new("p.rego", text));
        let set = PolicySet::compile(sources, Value::Null).expect("it compiles");
        impossible_comparisons(&set).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_the_input_never_holds_is_found_however_it_is_compared() {
        for (rule, said) in [
            (
                "deny contains \"x\" if { some f in active; f.code == \"event-security-group-changed\" }",
                "is never \"event-security-group-changed\"; did you mean `event-security-groups-changed`?",
            ),
            (
                "deny contains \"x\" if { some f in active; \"HIGH\" == f.severity }",
                "is never \"HIGH\": it is one of info,",
            ),
            (
                "deny contains \"x\" if { some f in active; f.severity in {\"critical\", \"hihg\"} }",
                "did you mean `high`?",
            ),
            ("deny contains \"x\" if { some f in active; f.family != \"events\" }", "did you mean `event`?"),
            (
                "bad := {\"config-userdata\"}\n\ndeny contains \"x\" if { some f in active; f.code in bad }",
                "`config-user-data`",
            ),
            ("deny contains \"x\" if { some f in active; startswith(f.code, \"evnt-\") }", "is never \"evnt-\""),
            (
                "deny contains \"x\" if { some f in active; some e in f.attribution; e.caller.kind == \"assumedRole\" }",
                "did you mean `assumed-role`?",
            ),
            (
                "robot(e) if e.caller.kind = \"service\"\n\ndeny contains \"x\" if { some f in active; some e in f.attribution; robot(e) }",
                "is never \"service\"",
            ),
            ("deny contains \"x\" if input.scan.mode == \"enforce\"", "it is one of observe, quarantine, replace"),
        ] {
            let found = found(rule);
            assert_eq!(found.len(), 1, "{rule}: {found:?}");
            assert!(found[0].contains(said) && found[0].starts_with("p.rego:"), "{rule}: {found:?}");
        }
    }

    #[test]
    fn what_may_be_is_left_alone() {
        for rule in [
            "deny contains \"x\" if { some f in active; f.code == \"event-remote-command\" }",
            "deny contains \"x\" if { some f in active; f.code in {\"config-user-data\", \"file-added\"} }",
            "deny contains \"x\" if { some f in active; startswith(f.code, \"software-\") }",
            "deny contains \"x\" if { some f in active; f.summary == \"anything\" }",
            "deny contains \"x\" if input.instance.tags.env == \"prod\"",
            "deny contains \"x\" if input.instance.tags.env in {\"prod\"}",
        ] {
            assert_eq!(found(rule), Vec::<String>::new(), "{rule}");
        }
    }

    #[test]
    fn the_shipped_policies_compare_with_what_may_be() {
        let set = PolicySet::compile(crate::evaluate::shipped(), Value::Null).expect("it compiles");
        assert_eq!(impossible_comparisons(&set), []);
    }
}
