//! What deciding rules say, where it is written out: members that cannot be understood, misspelt ones, and rules that are
//! no sets. When such a rule fires its policy fails; a test that does not look there passes.

use serde_json::{Map, Value, json};

use super::controls::{Control, is_foreign};
use super::engine::{RuleFacts, Shape, Written};
use super::hit::{self, HitKind};
use super::{PolicyProblem, PolicySet};

/// What an element can hold; anything else is kept under `details`.
const MEMBERS: [&str; 10] =
    ["msg", "id", "severity", "action", "track", "controls", "finding_ids", "grace", "grace_s", "details"];

/// Results that can only fail, and controls that are none of those known.
pub fn unfit_results(set: &PolicySet, controls: &[Control]) -> Vec<PolicyProblem> {
    let mut found = Found { controls, file: String::new(), problems: Vec::new() };
    for module in set.modules() {
        let is_test = module.package.last().is_some_and(|last| last.ends_with("_test"));
        if is_test || module.package.get(1).is_none_or(|root| root != "cattleguard") {
            continue;
        }
        found.file.clone_from(&module.file);
        for rule in module.rules.iter().filter(|rule| !rule.function) {
            if let Some(kind) = HitKind::of_rule(&rule.name) {
                found.rule(kind, rule);
            }
        }
    }
    found.problems.sort();
    found.problems.dedup();
    found.problems
}

struct Found<'c> {
    controls: &'c [Control],
    file: String,
    problems: Vec<PolicyProblem>,
}

impl Found<'_> {
    fn add(&mut self, at: &Written, message: String) {
        self.problems.push(PolicyProblem::at(&self.file, at.line, at.column, message));
    }

    fn rule(&mut self, kind: HitKind, rule: &RuleFacts) {
        for value in &rule.values {
            match &value.shape {
                Shape::List(items) => items.iter().for_each(|item| self.resolved(kind, rule, item)),
                Shape::Scalar(_) | Shape::Object(_) => {
                    let (name, shown) = (kind.as_str(), hit::quote(&value.known().unwrap_or_default()));
                    let message = format!("`{}` is {shown}, not a set: write `{name} contains …`", rule.name);
                    self.add(value, message);
                }
                Shape::Variable(_) | Shape::Unknown => {}
            }
        }
        for element in &rule.elements {
            self.resolved(kind, rule, element);
        }
    }

    /// An element, or what the rule says that the variable in its place is.
    fn resolved(&mut self, kind: HitKind, rule: &RuleFacts, element: &Written) {
        match &element.shape {
            Shape::Variable(name) => {
                for (_, value) in rule.assigned.iter().filter(|(variable, _)| variable == name) {
                    self.element(kind, value);
                }
            }
            _ => self.element(kind, element),
        }
    }

    fn element(&mut self, kind: HitKind, element: &Written) {
        let Shape::Object(members) = &element.shape else {
            // A list may have elements that are not known, and is none in any case.
            if let Some(Err(message)) = element.known().map(|value| hit::parse(kind, value)) {
                self.add(element, message);
            }
            return;
        };
        let all_known = members.iter().all(|(key, _)| key.is_some());
        if all_known && !members.iter().any(|(key, _)| key.as_deref() == Some("msg")) {
            self.add(element, format!("an element of `{}` has no `msg`", kind.as_str()));
        }
        for (key, value) in members {
            let Some(key) = key else { continue };
            if MEMBERS.contains(&key.as_str()) {
                self.member(kind, key, value);
            } else if let Some(near) = near(key) {
                self.add(
                    value,
                    format!("`{key}` is no member of a result and only kept as a detail; did you mean `{near}`?"),
                );
            }
        }
    }

    fn member(&mut self, kind: HitKind, key: &str, value: &Written) {
        let Some(known) = value.known().filter(|_| key != "details") else { return };
        let mut alone: Map<String, Value> = Map::from_iter([("msg".to_owned(), json!("x"))]);
        alone.insert(key.to_owned(), known);
        if let Err(message) = hit::parse(kind, Value::Object(alone)) {
            return self.add(value, message);
        }
        let (Shape::List(items), "controls") = (&value.shape, key) else { return };
        for item in items {
            // A clause of a framework that is known is found wherever it stands.
            if let Shape::Scalar(Value::String(id)) = &item.shape
                && is_foreign(self.controls, id)
            {
                self.add(item, super::controls::unlisted(id));
            }
        }
    }
}

/// The member that a misspelt one was meant to be: one or two letters away.
fn near(key: &str) -> Option<&'static str> {
    let written = |name: &&&str| strsim::damerau_levenshtein(key, name) <= if name.len() > 4 { 2 } else { 1 };
    MEMBERS.iter().find(written).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::PolicySource;
    use crate::evaluate::controls::controls;

    fn found(text: &str) -> Vec<String> {
        let source = PolicySource::new("p.rego", format!("package cattleguard.a\n\n{text}\n"));
        let set = PolicySet::compile(vec![source], Value::Null).expect("it compiles");
        unfit_results(&set, &controls().expect("controls")).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn literal_members_that_cannot_be_understood_are_named_with_their_place() {
        for (member, said) in [
            ("\"action\": \"replase\"", "`replase` is not one of"),
            ("\"action\": \"Replace\"", "`Replace` is not one of"),
            ("\"severity\": \"hihg\"", "`severity`"),
            ("\"severity\": 9", "`severity` is 9"),
            ("\"track\": \"fast\"", "`fast` is not one of"),
            ("\"grace\": -5", "`grace` is -5"),
            ("\"finding_ids\": \"f-1\"", "not a list"),
            ("\"controls\": [input.x, 7]", "`controls` holds 7"),
            ("\"controls\": [\"pci:nope\"]", "`pci:nope` is none of the controls"),
            ("\"actoin\": \"replace\"", "did you mean `action`?"),
            ("\"serverity\": \"low\"", "did you mean `severity`?"),
        ] {
            for rule in [
                format!("violation contains {{\"msg\": \"x\", {member}}} if input.instance.id"),
                format!("violation contains hit if {{\n\tinput.instance.id\n\thit := {{\"msg\": \"x\", {member}}}\n}}"),
            ] {
                let found = found(&rule);
                assert_eq!(found.len(), 1, "{rule}: {found:?}");
                assert!(found[0].contains(said) && found[0].starts_with("p.rego:"), "{rule}: {found:?}");
            }
        }
        let place =
            found("violation contains hit if {\n\thit := {\n\t\t\"msg\": \"x\",\n\t\t\"action\": \"replase\",\n\t}\n}");
        assert!(place[0].starts_with("p.rego:6:"), "{place:?}");
    }

    #[test]
    fn rules_that_are_no_sets_and_elements_without_a_message_are_found() {
        for (rule, said) in [
            ("violation := 7", "`violation` is 7, not a set"),
            ("warn := {\"msg\": \"x\"}", "not a set"),
            ("deny if input.instance.id", "`deny` is true, not a set"),
            ("default deny := false", "`deny` is false, not a set"),
            ("deny := [7]", "an element of `deny` is 7"),
            ("violation contains 7 if input.instance.id", "an element of `violation` is 7"),
            ("violation contains {\"id\": \"A\"} if input.instance.id", "has no `msg`"),
            ("violation contains {\"msg\": \" \"} if input.instance.id", "has no `msg`"),
        ] {
            let found = found(rule);
            assert!(found.iter().any(|one| one.contains(said)), "{rule}: {found:?}");
        }
    }

    #[test]
    fn what_is_computed_or_right_is_left_alone() {
        for rule in [
            "violation contains {\"msg\": m, \"action\": a, \"ticket\": \"T\", \"details\": 7} if {\n\tsome m in input.m\n\ta := input.a\n}",
            "violation contains \"x\" if input.instance.id",
            "deny := [\"a\"]",
            "deny := {\"a\", \"b\"}",
            "default deny := []",
            "warn contains hit if some hit in input.hits",
            "denied := 7",
            "deny contains {input.key: 1} if input.instance.id",
        ] {
            assert_eq!(found(rule), Vec::<String>::new(), "{rule}");
        }
        let shipped = PolicySet::compile(crate::evaluate::shipped(), Value::Null).expect("it compiles");
        assert_eq!(unfit_results(&shipped, &controls().expect("controls")), []);
    }
}
