//! The input document's JSON Schema: validation of documents, and of the paths that policies read.
//!
//! Only the keywords our own schema uses are understood: `type`, `properties`, `required`,
//! `additionalProperties`, `items`, `enum`, `const`, `minimum` and `$ref` into `$defs`.

use std::sync::LazyLock;

use serde_json::Value;

use super::engine::Reference;
use super::{PolicyProblem, PolicySet};

static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    // A test parses the shipped text; null would make every document invalid.
    serde_json::from_str(include_str!("../../policies/input.schema.json")).unwrap_or_default()
});

/// The schema of `cattleguard.dev/input/v1`.
pub fn input_schema() -> &'static Value {
    &SCHEMA
}

/// What is wrong with a document, by JSON pointer. Empty when it is valid.
pub fn validate_input(document: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    if SCHEMA.is_null() {
        problems.push("/: the schema could not be read".to_owned());
    }
    check(document, &SCHEMA, "", &mut problems);
    problems
}

fn resolve(schema: &Value) -> &Value {
    let target = schema.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
    target.and_then(|pointer| SCHEMA.pointer(pointer)).unwrap_or(schema)
}

fn check(value: &Value, schema: &Value, at: &str, problems: &mut Vec<String>) {
    let schema = resolve(schema);
    if let Some(kind) = schema.get("type").and_then(Value::as_str)
        && !is_type(value, kind)
    {
        problems.push(format!("{at}: not of type {kind}"));
        return;
    }
    if schema.get("const").is_some_and(|constant| constant != value) {
        problems.push(format!("{at}: not the constant"));
    }
    if let Some(allowed) = schema.get("enum").and_then(Value::as_array)
        && !allowed.contains(value)
    {
        problems.push(format!("{at}: {value} is not one of the allowed values"));
    }
    if let (Some(minimum), Some(number)) = (schema.get("minimum").and_then(Value::as_i64), value.as_i64())
        && number < minimum
    {
        problems.push(format!("{at}: below {minimum}"));
    }
    match value {
        Value::Object(_) => check_object(value, schema, at, problems),
        Value::Array(items) => {
            if let Some(schema) = schema.get("items") {
                for (index, item) in items.iter().enumerate() {
                    check(item, schema, &format!("{at}/{index}"), problems);
                }
            }
        }
        _ => {}
    }
}

fn check_object(value: &Value, schema: &Value, at: &str, problems: &mut Vec<String>) {
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    for key in required.filter_map(Value::as_str) {
        if value.get(key).is_none() {
            problems.push(format!("{at}: `{key}` is missing"));
        }
    }
    for (key, member) in value.as_object().into_iter().flatten() {
        match member_schema(schema, key) {
            Some(schema) => check(member, schema, &format!("{at}/{key}"), problems),
            None if is_closed(schema) => problems.push(format!("{at}: `{key}` is not in the schema")),
            None => {}
        }
    }
}

fn member_schema<'a>(schema: &'a Value, key: &str) -> Option<&'a Value> {
    let named = schema.get("properties").and_then(|properties| properties.get(key));
    named.or_else(|| schema.get("additionalProperties").filter(|additional| additional.is_object()))
}

fn is_closed(schema: &Value) -> bool {
    schema.get("additionalProperties") == Some(&Value::Bool(false))
}

fn is_type(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        _ => false,
    }
}

/// Places where a policy reads a path of `input` that the schema does not have: the engine would call it
/// undefined in silence, and the rule would never fire.
pub fn unknown_inputs(set: &PolicySet) -> Vec<PolicyProblem> {
    let mut problems = Vec::new();
    for module in set.modules() {
        let is_test = module.package.last().is_some_and(|last| last.ends_with("_test"));
        let references = module.rules.iter().filter(|_| !is_test).flat_map(|rule| &rule.refs);
        for reference in references {
            if let Some(path) = unknown_path(module.imports.get("input"), reference) {
                let message = format!("the input document has no `{path}`");
                problems.push(PolicyProblem::at(&module.file, reference.line, reference.column, message));
            }
        }
    }
    problems.sort();
    problems.dedup();
    problems
}

fn unknown_path(shadowed: Option<&Vec<String>>, reference: &Reference) -> Option<String> {
    let (root, rest) = reference.path.split_first()?;
    if root.as_deref() != Some("input") || shadowed.is_some_and(|target| target.first().is_none_or(|t| t != "input")) {
        return None;
    }
    let mut schema: &Value = &SCHEMA;
    let mut path = "input".to_owned();
    for component in rest {
        schema = resolve(schema);
        let next = match component {
            Some(key) => {
                path.push('.');
                path.push_str(key);
                member_schema(schema, key)
            }
            None => {
                path.push_str("[_]");
                schema.get("items").or_else(|| schema.get("additionalProperties"))
            }
        };
        match next {
            Some(next) => schema = next,
            None if is_closed(schema) || schema.get("type").is_some_and(|kind| kind != "object") => return Some(path),
            None => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::PolicySource;

    fn unknown(rule: &str) -> Vec<String> {
        let text = format!("package cattleguard.a\n\n{rule}\n");
        let set = PolicySet::compile(vec![PolicySource::new("p.rego", text)], Value::Null).unwrap();
        unknown_inputs(&set).into_iter().map(|problem| problem.message).collect()
    }

    #[test]
    fn misspelt_paths_are_found() {
        assert_eq!(
            unknown("deny contains \"x\" if input.instance.metadata.http_tokens == \"optional\""),
            ["the input document has no `input.instance.metadata`"]
        );
        assert_eq!(
            unknown("deny contains \"x\" if input.drift.findings[_].cod == \"a\""),
            ["the input document has no `input.drift.findings[_].cod`"]
        );
        assert_eq!(
            unknown("deny contains \"x\" if input.scan.mode.x"),
            ["the input document has no `input.scan.mode.x`"]
        );
    }

    #[test]
    fn known_paths_free_tags_and_open_values_pass() {
        for rule in [
            "deny contains \"x\" if input.instance.tags.anything == \"1\"",
            "deny contains \"x\" if input.instance.tags[\"with space\"] == \"1\"",
            "deny contains \"x\" if input.drift.findings[_].actual.whatever.deep",
            "deny contains \"x\" if input.fleet.sanctioned_principals[_] == \"a\"",
            "deny contains x if { some f in input.drift.findings; x := f.code }",
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
