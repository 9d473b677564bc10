//! The input document's JSON Schema: validation of documents, and whether it has a path.
//!
//! Only the keywords our own schema uses are understood: `type`, `properties`, `required`,
//! `additionalProperties`, `items`, `enum`, `const`, `minimum` and `$ref` into `$defs`.

use std::sync::LazyLock;

use serde_json::Value;

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

/// What is wrong with a value, by JSON pointer, by a schema of these keywords. `duration` is a type of our own, and so are
/// the forms that `format` names.
pub(super) fn problems_with(value: &Value, schema: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    check(value, schema, "", &mut problems);
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
    let format = schema.get("format").and_then(Value::as_str);
    if let Some(fault) = format.and_then(|format| super::formats::fault(format, value)) {
        problems.push(format!("{at}: {fault}"));
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
        // As the `grace` of a hit.
        "duration" => value.as_u64().is_some() || value.as_str().and_then(super::hit::duration).is_some(),
        _ => false,
    }
}

/// What is wrong with a path below `input`, by component (`None` for an index known only when a rule runs); `None` when
/// the schema has it.
pub(super) fn unknown_path(components: &[Option<String>]) -> Option<String> {
    let mut schema: &Value = &SCHEMA;
    let mut path = "input".to_owned();
    for component in components {
        schema = resolve(schema);
        let above = path.clone();
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
            None if is_closed(schema) || schema.get("type").is_some_and(|kind| kind != "object") => {
                return Some(said(schema, &above, &path, component.as_deref()));
            }
            None => return None,
        }
    }
    None
}

/// What the schema says of a path below `input`; `None` when it says nothing.
pub(super) fn at_path(components: &[Option<String>]) -> Option<&'static Value> {
    let mut schema: &'static Value = &SCHEMA;
    for component in components {
        schema = resolve(schema);
        schema = match component {
            Some(key) => member_schema(schema, key)?,
            None => schema.get("items").or_else(|| schema.get("additionalProperties"))?,
        };
    }
    Some(resolve(schema))
}

/// The sentence, with the nearest member that there is, or what may be done instead.
fn said(schema: &Value, above: &str, path: &str, key: Option<&str>) -> String {
    let members = schema.get("properties").and_then(Value::as_object);
    let near = key.zip(members).and_then(|(key, members)| nearest(key, members.keys().map(String::as_str)));
    let instead = match (near, schema.get("type").and_then(Value::as_str)) {
        (Some(near), _) => format!("; did you mean `{above}.{near}`?"),
        (None, Some("array")) => format!(": it is a list, so write `some x in {above}`"),
        (None, Some(kind)) if kind != "object" => format!(": `{above}` is of type {kind}"),
        (None, _) => match members {
            Some(members) if members.len() <= 12 => {
                let names: Vec<&str> = members.keys().map(String::as_str).collect();
                format!("; `{above}` has {}", names.join(", "))
            }
            _ => String::new(),
        },
    };
    format!("the input document has no `{path}`{instead}")
}

/// The member that a misspelt one was most likely meant to be.
pub(super) fn nearest<'n>(key: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let alike = |name: &str| {
        let part = name.len() >= 3 && key.len() >= 3 && (name.starts_with(key) || key.starts_with(name));
        if part { 0.9 } else { strsim::jaro_winkler(key, name) }
    };
    names
        .map(|name| (alike(name), name))
        .filter(|(score, _)| *score >= 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}
