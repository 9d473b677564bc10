//! Paths of `input` that policies read and the schema does not have: the engine calls them undefined in silence, and the
//! rule never fires.
//!
//! A path is followed through variables (`some finding in input.drift.findings`), and through rules that yield parts of
//! the input (`active contains finding if …`), in the same file or imported, and into functions all of whose calls pass the
//! same part of the input.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::calls::{self, Declared};
use super::engine::{Binding, ModuleFacts, Reference, RuleFacts, Yield};
use super::schema::unknown_path;
use super::{PolicyProblem, PolicySet};

/// Longest chain of variables and rules that is followed.
const MAX_STEPS: usize = 16;

/// Most steps for one chain: each may fan out to every call of a function.
const MAX_WORK: usize = 2_000;

/// Components below `input`; `None` for an index known only when the rule runs.
pub(super) type InputPath = Vec<Option<String>>;

/// Places where a policy reads a path of `input` that the schema does not have, with the nearest that it has.
pub fn unknown_inputs(set: &PolicySet) -> Vec<PolicyProblem> {
    let shapes = Shapes::of(set.modules());
    let mut problems = Vec::new();
    for module in set.modules() {
        if is_test(module) {
            continue;
        }
        for rule in &module.rules {
            for reference in &rule.refs {
                let path = shapes.below_input(module, rule, &reference.path);
                if let Some(message) = path.and_then(|path| unknown_path(&path)) {
                    problems.push(PolicyProblem::at(&module.file, reference.line, reference.column, message));
                }
            }
        }
    }
    problems.sort();
    problems.dedup();
    problems
}

/// Whether a module holds tests.
pub(super) fn is_test(module: &ModuleFacts) -> bool {
    module.package.last().is_some_and(|last| last.ends_with("_test"))
}

/// A call with the module and rule that it stands in, and what it passes.
type Call<'m> = (&'m ModuleFacts, &'m RuleFacts, &'m [Option<Reference>]);

/// What the rules of a bundle stand for, as far as they stand for parts of the input.
pub(super) struct Shapes<'m> {
    declared: Declared,
    /// Rules by full path; several for one that is defined in several places.
    rules: BTreeMap<String, Vec<(&'m ModuleFacts, &'m RuleFacts)>>,
    /// Calls by the full path of what is called.
    calls: BTreeMap<String, Vec<Call<'m>>>,
    /// Steps that are left for this chain.
    work: Cell<usize>,
}

impl<'m> Shapes<'m> {
    /// Of all modules. Calls of tests say nothing of what a function is given.
    pub(super) fn of(modules: &'m [ModuleFacts]) -> Self {
        let declared = Declared::of(modules);
        let mut calls: BTreeMap<String, Vec<Call<'m>>> = BTreeMap::new();
        for module in modules.iter().filter(|module| !is_test(module)) {
            for rule in &module.rules {
                for (call, passed) in rule.calls.iter().zip(&rule.passed) {
                    if let Some(full) = declared.resolve(module, call) {
                        calls.entry(full).or_default().push((module, rule, passed));
                    }
                }
            }
        }
        let mut rules: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for module in modules {
            for rule in &module.rules {
                rules.entry(calls::path_of(module, rule)).or_default().push((module, rule));
            }
        }
        Self { declared, rules, calls, work: Cell::new(0) }
    }

    /// What a chain stands for below `input`; `None` when it stands for something else, or nobody can say.
    pub(super) fn below_input(
        &self,
        module: &ModuleFacts,
        rule: &RuleFacts,
        path: &[Option<String>],
    ) -> Option<InputPath> {
        self.work.set(MAX_WORK);
        self.input_path(module, rule, path, MAX_STEPS)
    }

    fn input_path(
        &self,
        module: &ModuleFacts,
        rule: &RuleFacts,
        path: &[Option<String>],
        steps: usize,
    ) -> Option<InputPath> {
        let steps = steps.checked_sub(1)?;
        self.work.set(self.work.get().checked_sub(1)?);
        let (first, rest) = path.split_first()?;
        let first = first.as_deref()?;
        if rule.locals.contains(first) {
            return self.of_local(module, rule, first, rest, steps);
        }
        let shadowed = module.imports.get(first);
        if first == "input" && shadowed.is_none_or(|target| target.first().is_some_and(|root| root == "input")) {
            return Some(rest.to_vec());
        }
        if let Some(target) = shadowed.filter(|target| target.first().is_some_and(|root| root == "input")) {
            let below = target.iter().skip(1).cloned().map(Some);
            return Some(below.chain(rest.iter().cloned()).collect());
        }
        self.of_rule(module, path, steps)
    }

    /// A variable that is bound once, to something known.
    fn of_local(
        &self,
        module: &ModuleFacts,
        rule: &RuleFacts,
        name: &str,
        rest: &[Option<String>],
        steps: usize,
    ) -> Option<InputPath> {
        let mut bound = rule.bindings.iter().filter(|(local, _)| local == name).map(|(_, binding)| binding);
        let (only, None) = (bound.next()?, bound.next()) else { return None };
        let (reference, is_element) = match only {
            Binding::Element(reference) => (reference, true),
            Binding::Value(reference) => (reference, false),
            Binding::Unknown => {
                let index = rule.parameter_names.iter().position(|parameter| parameter.as_deref() == Some(name))?;
                return self.of_parameter(&calls::path_of(module, rule), index, rest, steps);
            }
        };
        self.extended(module, rule, reference, is_element, rest, steps)
    }

    /// A parameter for which every call passes the same part of the input.
    fn of_parameter(&self, function: &str, index: usize, rest: &[Option<String>], steps: usize) -> Option<InputPath> {
        let mut found: Option<InputPath> = None;
        for (home, rule, passed) in self.calls.get(function)? {
            let reference = passed.get(index)?.as_ref()?;
            let path = self.extended(home, rule, reference, false, rest, steps)?;
            if found.as_ref().is_some_and(|known| *known != path) {
                return None;
            }
            found = Some(path);
        }
        found
    }

    /// A rule all of whose definitions yield the same part of the input.
    fn of_rule(&self, module: &ModuleFacts, path: &[Option<String>], steps: usize) -> Option<InputPath> {
        let reference = Reference::to(path.to_vec());
        let full = self.declared.resolve(module, &reference)?;
        // How much of the chain names the rule: an import or the package stands for the rest.
        let used = self.used(module, path, &full)?;
        let rest = path.get(used..)?;
        let mut found: Option<InputPath> = None;
        for (home, rule) in self.rules.get(&full)? {
            let (reference, rest) = match rule.yields.as_ref()? {
                Yield::Value(reference) => (reference, rest),
                // An element is reached by an index, which a set's own element would not be.
                Yield::Element(reference) => (reference, rest.split_first()?.1),
            };
            let path = self.extended(home, rule, reference, false, rest, steps)?;
            if found.as_ref().is_some_and(|known| *known != path) {
                return None;
            }
            found = Some(path);
        }
        found
    }

    fn used(&self, module: &ModuleFacts, path: &[Option<String>], full: &str) -> Option<usize> {
        (1..=path.len()).find(|length| {
            let reference = Reference::to(path.get(..*length).unwrap_or_default().to_vec());
            self.declared.resolve(module, &reference).as_deref() == Some(full)
        })
    }

    fn extended(
        &self,
        module: &ModuleFacts,
        rule: &RuleFacts,
        reference: &Reference,
        is_element: bool,
        rest: &[Option<String>],
        steps: usize,
    ) -> Option<InputPath> {
        let mut path = reference.path.clone();
        if is_element {
            path.push(None);
        }
        path.extend(rest.iter().cloned());
        self.input_path(module, rule, &path, steps)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::evaluate::PolicySource;

    fn unknown(rule: &str) -> Vec<String> {
        let text = format!("package cattleguard.a\n\nimport data.cattleguard.lib.findings\n\n{rule}\n");
        let mut sources = crate::evaluate::shipped_library();
        sources.push(PolicySource::new("p.rego", text));
        let set = PolicySet::compile(sources, Value::Null).unwrap();
        unknown_inputs(&set).into_iter().map(|problem| problem.message).collect()
    }

    #[test]
    fn misspelt_paths_are_found_with_the_nearest_that_there_is() {
        for (rule, message) in [
            (
                "deny contains \"x\" if input.instance.metadata.http_tokens == \"optional\"",
                "the input document has no `input.instance.metadata`; did you mean `input.instance.metadata_options`?",
            ),
            (
                "deny contains \"x\" if input.drift.findings[_].cod == \"a\"",
                "the input document has no `input.drift.findings[_].cod`; did you mean `input.drift.findings[_].code`?",
            ),
            (
                "deny contains \"x\" if input.scan.mode.x",
                "the input document has no `input.scan.mode.x`: `input.scan.mode` is of type string",
            ),
            (
                "deny contains \"x\" if input.drift.findings.code == \"a\"",
                "the input document has no `input.drift.findings.code`: it is a list, so write `some x in input.drift.findings`",
            ),
            (
                "deny contains \"x\" if input.scan.zzz",
                "the input document has no `input.scan.zzz`; `input.scan` has id, mode, time_ns",
            ),
        ] {
            assert_eq!(unknown(rule), [message], "{rule}");
        }
    }

    #[test]
    fn a_path_is_followed_through_variables_and_rules() {
        for rule in [
            "deny contains \"x\" if { some f in input.drift.findings; f.cod == \"a\" }",
            "deny contains \"x\" if { f := input.drift.findings[_]; f.cod == \"a\" }",
            "deny contains \"x\" if { every f in input.drift.findings { f.cod == \"a\" } }",
            "deny contains \"x\" if { some f in findings.active; f.cod == \"a\" }",
            "mine contains f if { some f in findings.active }\n\ndeny contains \"x\" if { some f in mine; f.cod == \"a\" }",
            "check(f) if f.cod\n\ndeny contains \"x\" if { some f in findings.active; check(f) }",
            "check(1, f) := f.cod\n\nother(g) if check(1, g)\n\ndeny contains \"x\" if { some f in findings.active; other(f) }",
            "it := input.drift\n\ndeny contains \"x\" if { some f in it.findings; f.cod == \"a\" }",
        ] {
            let found = unknown(rule);
            let expected =
                "the input document has no `input.drift.findings[_].cod`; did you mean `input.drift.findings[_].code`?";
            assert_eq!(found, [expected], "{rule}");
        }
        let deep =
            unknown("deny contains \"x\" if { some f in findings.active; some by in f.attribution; by.principle }");
        assert_eq!(deep.len(), 1, "{deep:?}");
        assert!(deep[0].ends_with("did you mean `input.drift.findings[_].attribution[_].principal`?"), "{deep:?}");
    }

    #[test]
    fn known_paths_free_tags_open_values_and_what_nobody_can_say_pass() {
        for rule in [
            "deny contains \"x\" if input.instance.tags.anything == \"1\"",
            "deny contains \"x\" if input.instance.tags[\"with space\"] == \"1\"",
            "deny contains \"x\" if input.drift.findings[_].actual.whatever.deep",
            "deny contains \"x\" if input.fleet.sanctioned_principals[_] == \"a\"",
            "deny contains x if { some f in input.drift.findings; x := f.code }",
            "check(f) if f.anything\n\ndeny contains \"x\" if { some f in findings.active; check(f); check({\"anything\": 1}) }",
            "check(f) if f.id\n\ndeny contains \"x\" if { some f in findings.active; check(f); check(input.scan) }",
            "check(f) if f.anything",
            "both := input.scan if input.scan\n\nboth := {\"other\": 1} if not input.scan\n\ndeny contains \"x\" if both.other",
            "deny contains \"x\" if { some k, v in input.instance.tags; v == k }",
            "deny contains \"x\" if { some x in {\"a\"}; x == \"a\" }",
        ] {
            assert_eq!(unknown(rule), Vec::<String>::new(), "{rule}");
        }
    }

    #[test]
    fn the_shipped_policies_read_only_what_exists() {
        let set = PolicySet::compile(crate::evaluate::shipped(), Value::Null).unwrap();
        assert_eq!(unknown_inputs(&set), []);
    }
}
