//! Calls with too few or too many arguments: the engine says so only when it gets there.

use std::collections::BTreeMap;

use super::calls::{Declared, path_of};
use super::engine::builtin_arity;
use super::{PolicyProblem, PolicySet};

/// Calls that cannot be made. A call may have one argument more, which its result is compared with.
pub fn wrong_arities(set: &PolicySet) -> Vec<PolicyProblem> {
    let modules = set.modules();
    let declared = Declared::of(modules);
    let mut functions: BTreeMap<String, usize> = BTreeMap::new();
    for module in modules {
        for rule in &module.rules {
            functions.extend(rule.parameters.map(|count| (path_of(module, rule), count)));
        }
    }
    let mut problems = Vec::new();
    for module in modules {
        for (call, given) in module.rules.iter().flat_map(|rule| rule.calls.iter().zip(&rule.arguments)) {
            let name = call.known().join(".");
            let own = declared.resolve(module, call).map(|path| functions.get(&path).copied());
            // What is declared hides a builtin of the same name.
            let Some(wanted) = own.unwrap_or_else(|| builtin_arity(&name)) else { continue };
            if !(wanted..=wanted + 1).contains(given) {
                let takes = if wanted == 1 { "1 argument".to_owned() } else { format!("{wanted} arguments") };
                let message = format!("`{name}` takes {takes}, and {given} are given");
                problems.push(PolicyProblem::at(&module.file, call.line, call.column, message));
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::evaluate::PolicySource;

    fn found(text: &str) -> Vec<String> {
        let source = PolicySource::new("p.rego", format!("package cattleguard.a\n\n{text}\n"));
        let set = PolicySet::compile(vec![source], Value::Null).expect("it compiles");
        wrong_arities(&set).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn wrong_numbers_of_arguments_are_named_with_their_place() {
        assert_eq!(found("x := count(1, 2, 3)"), ["p.rego:3:6: `count` takes 1 argument, and 3 are given"]);
        assert_eq!(found("f(a, b) := a + b\n\nx := f(1)"), ["p.rego:5:6: `f` takes 2 arguments, and 1 are given"]);
        assert_eq!(found("x := object.get({}, \"a\")").len(), 1);
        for right in
            ["x if count([1], 1)", "f(a) := a\n\nx := f(1)", "x := sprintf(\"%d\", [1])", "x if print(1, 2, 3)"]
        {
            assert_eq!(found(right), Vec::<String>::new(), "{right}");
        }
    }

    #[test]
    fn the_shipped_policies_and_their_tests_call_rightly() {
        let mut all = crate::evaluate::shipped();
        all.extend(crate::evaluate::shipped_tests());
        assert_eq!(wrong_arities(&PolicySet::compile(all, Value::Null).expect("it compiles")), []);
    }
}
