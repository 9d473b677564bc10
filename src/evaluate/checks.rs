//! Static checks that the engine does not make until a rule runs, or at all.

use serde_json::Value;

use super::calls::Declared;
use super::engine::{ModuleFacts, has_builtin};
use super::literals::literals;
use super::{PolicyProblem, PolicySource};

/// Builtins the engine has and policies may not use, with what to do instead.
const DENIED: [(&str, &str); 6] = [
    ("http.send", "policies read nothing but their input"),
    ("net.cidr_expand", "it can allocate without bound; use net.cidr_contains"),
    ("numbers.range", "it can allocate without bound; iterate over the input"),
    ("numbers.range_step", "it can allocate without bound; iterate over the input"),
    ("rand.intn", "the same input must give the same decision"),
    ("time.now_ns", "the same input must give the same decision; use input.scan.time_ns"),
];

/// Calls of functions that are neither declared nor builtin, and of builtins that are not allowed.
pub(super) fn functions(modules: &[ModuleFacts]) -> Vec<PolicyProblem> {
    let declared = Declared::of(modules);
    let mut problems = Vec::new();
    for module in modules {
        for call in module.rules.iter().flat_map(|rule| &rule.calls) {
            let name = call.known().join(".");
            let message = if let Some((_, instead)) = DENIED.iter().find(|(denied, _)| *denied == name) {
                format!("`{name}` is not allowed here: {instead}")
            } else if has_builtin(&name) || declared.resolve(module, call).is_some() {
                continue;
            } else {
                format!(
                    "there is no function `{name}`: no policy declares it and this engine has no builtin of that name"
                )
            };
            problems.push(PolicyProblem::at(&module.file, call.line, call.column, message));
        }
    }
    problems
}

/// Widths of `sprintf` that no message has: the engine allocates what they say, or fails on what it cannot count.
pub fn absurd_widths(source: &PolicySource) -> Vec<PolicyProblem> {
    if !source.text.contains("sprintf") {
        return Vec::new();
    }
    let wide = |text: &str| {
        let after = text.split('%').skip(1).map(|rest| rest.strip_prefix('.').unwrap_or(rest));
        after.into_iter().any(|rest| rest.chars().take_while(char::is_ascii_digit).count() >= MOST_DIGITS)
    };
    let found = literals(&source.text).into_iter().filter(|literal| wide(literal.text));
    found
        .map(|literal| {
            let message = "a width of 100000 characters or more is not allowed in sprintf".to_owned();
            PolicyProblem::at(&source.name, literal.line, literal.column, message)
        })
        .collect()
}

/// Digits of a width that is refused. Messages are cut after 1,000 characters.
const MOST_DIGITS: usize = 6;

/// Data at the path of a package would silently win over the package's rules.
pub(super) fn overlaps(modules: &[ModuleFacts], data: &Value) -> Vec<PolicyProblem> {
    let mut problems = Vec::new();
    for module in modules {
        let mut at = data;
        let mut taken = true;
        for component in module.package.iter().skip(1) {
            match at {
                Value::Object(members) => match members.get(component) {
                    Some(member) => at = member,
                    None => {
                        taken = false;
                        break;
                    }
                },
                // A value that is no object sits on the way to the package.
                _ => break,
            }
        }
        if taken {
            let package = module.package.join(".");
            problems.push(PolicyProblem::at(
                &module.file,
                1,
                1,
                format!("data is given at or above {package}, where it would replace the rules of this package"),
            ));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absurd_widths_are_refused_and_sane_ones_are_not() {
        for (format, refused) in [
            ("%999999999d", true),
            ("a %.100000f", true),
            ("%0100000d", true),
            ("%05d of 100 %", false),
            ("https://acme.example/?q=%20a", false),
        ] {
            let text = format!("package cattleguard.a\n\nx := sprintf(\"{format}\", [1])\n");
            let found = absurd_widths(&PolicySource::new("p.rego", text));
            assert_eq!(!found.is_empty(), refused, "{format}: {found:?}");
        }
    }
}
