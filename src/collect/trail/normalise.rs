//! One shape for every request and response, whatever API logged it.
//!
//! EC2 logs older operations flat (`instancesSet.items[].instanceId`) and newer ones as XML turned into JSON
//! under one wrapper key (`ModifyVolumeRequest.VolumeId`, lists as `{"tag": 1, "content": …}` or `item`). The
//! normal form has no wrapper, camelCase keys, no `tag`/`item`/`items` layers; paths through it are dotted
//! names that pass through lists of any length.

use std::borrow::Cow;

use serde_json::map::Entry;
use serde_json::{Map, Value};

/// Normalises `requestParameters`.
pub fn request(value: Value) -> Value {
    top(unwrap(value, &["Request", "Req"]))
}

/// Normalises `responseElements`.
pub fn response(value: Value) -> Value {
    top(unwrap(value, &["Response", "Resp"]))
}

/// Takes the inside of the only key when it names an operation's message. The name is not built from the
/// operation: `DeleteTransitGatewayVpcAttachment`, for one, abbreviates it.
fn unwrap(value: Value, suffixes: &[&str]) -> Value {
    let Value::Object(mut map) = value else { return value };
    let mut keys = map.keys().filter(|key| !matches!(key.as_str(), "tag" | "xmlns" | "requestId"));
    let wrapper = match (keys.next(), keys.next()) {
        (Some(key), None) if is_wrapper(key, suffixes) => key.clone(),
        _ => return Value::Object(map),
    };
    match map.remove(&wrapper) {
        // An operation without parameters is logged as `"…Request": ""`.
        Some(Value::String(text)) if text.is_empty() => Value::Object(Map::new()),
        Some(Value::Null) => Value::Object(Map::new()),
        Some(inner @ (Value::Object(_) | Value::Array(_))) => inner,
        Some(scalar) => {
            map.insert(wrapper, scalar);
            Value::Object(map)
        }
        None => Value::Object(map),
    }
}

fn is_wrapper(key: &str, suffixes: &[&str]) -> bool {
    key.starts_with(|c: char| c.is_ascii_uppercase())
        && suffixes.iter().any(|suffix| key.len() > suffix.len() && key.ends_with(suffix))
}

/// The outermost object keeps its members whatever they are called.
fn top(value: Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(members(map)),
        other => shape(other),
    }
}

fn shape(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(shape).collect()),
        Value::Object(map) => {
            let tagged = map.get("tag").is_some_and(Value::is_number);
            let map = members(map);
            let layer = match map.keys().next() {
                Some(key) if map.len() == 1 => matches!(key.as_str(), "item" | "items") || (tagged && key == "content"),
                _ => false,
            };
            if layer { map.into_iter().next().map_or(Value::Null, |(_, inner)| inner) } else { Value::Object(map) }
        }
        scalar => scalar,
    }
}

fn members(map: Map<String, Value>) -> Map<String, Value> {
    let mut out = Map::new();
    for (key, value) in map {
        // `tag` is the element's number; a parameter called `Tag` is an object and stays.
        if (key == "tag" && value.is_number()) || key == "xmlns" {
            continue;
        }
        let (key, value) = (lower_first(key), shape(value));
        match out.entry(key) {
            Entry::Vacant(free) => {
                free.insert(value);
            }
            Entry::Occupied(mut taken) => match taken.get_mut() {
                Value::Array(seen) => seen.push(value),
                seen => *seen = Value::Array(vec![seen.take(), value]),
            },
        }
    }
    out
}

fn lower_first(mut key: String) -> String {
    if let Some(first) = key.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    key
}

/// Every value at a dotted path. Lists on the way and at the end are passed through; empty values are left out.
pub fn values<'v>(root: &'v Value, path: &str) -> Vec<&'v Value> {
    let mut here = vec![root];
    for name in path.split('.') {
        let mut next = Vec::new();
        for value in here {
            spread(value, &mut |item| next.extend(item.get(name)));
        }
        here = next;
    }
    let mut found = Vec::new();
    for value in here {
        spread(value, &mut |item| {
            if !is_empty(item) {
                found.push(item);
            }
        });
    }
    found
}

fn spread<'v>(value: &'v Value, visit: &mut dyn FnMut(&'v Value)) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| spread(item, visit)),
        single => visit(single),
    }
}

/// Absent lists and structures are logged as `{}`, `""`, `[]` or null.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The scalars at a path as text. `{"value": x}`, EC2's attribute structure, counts as `x`.
pub fn texts<'v>(root: &'v Value, path: &str) -> Vec<Cow<'v, str>> {
    values(root, path).into_iter().filter_map(text_of).collect()
}

/// A scalar as text: CloudTrail re-types scalars (tag value `true` becomes a boolean, an account id a number).
pub(super) fn text_of(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Bool(flag) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Object(map) if map.len() == 1 => map.get("value").filter(|inner| !inner.is_object()).and_then(text_of),
        _ => None,
    }
}

/// Calls `visit` with every string below `value`, map keys excluded.
pub(super) fn each_string<'v>(value: &'v Value, visit: &mut dyn FnMut(&'v str)) {
    match value {
        Value::String(text) => visit(text),
        Value::Array(items) => items.iter().for_each(|item| each_string(item, visit)),
        Value::Object(map) => map.values().for_each(|item| each_string(item, visit)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn flat_and_wrapped_lists_of_one_and_of_many_read_the_same() {
        for form in [
            json!({"instancesSet": {"items": [{"instanceId": "i-1"}, {"instanceId": "i-2"}]}}),
            json!({"XRequest": {"InstancesSet": {"item": [{"InstanceId": "i-1"}, {"InstanceId": "i-2"}]}}}),
            json!({"XReq": {"InstancesSet": [
                {"InstanceId": {"tag": 1, "content": "i-1"}, "tag": 1}, {"InstanceId": {"tag": 1, "content": "i-2"}, "tag": 2}]}}),
        ] {
            assert_eq!(texts(&request(form.clone()), "instancesSet.instanceId"), ["i-1", "i-2"], "{form}");
        }
        let single = json!({"XRequest": {"FlowLogId": {"tag": 1, "content": "fl-1"}}});
        assert_eq!(texts(&request(single), "flowLogId"), ["fl-1"]);
    }

    #[test]
    fn a_parameter_called_tag_survives_but_element_numbers_do_not() {
        let value = request(json!({"XRequest": {"Tag": {"Key": "a", "Value": true, "tag": 1}, "tag": 1}}));
        assert_eq!(value, json!({"tag": {"key": "a", "value": true}}));
    }

    #[test]
    fn empty_wrappers_and_absent_lists_hold_nothing() {
        assert_eq!(request(json!({"EnableSerialConsoleAccessRequest": ""})), json!({}));
        assert!(texts(&request(json!({"blockDeviceMapping": {}})), "blockDeviceMapping").is_empty());
    }

    #[test]
    fn attribute_structures_count_as_their_value() {
        let value = request(json!({"instanceType": {"value": "m7g.large"}, "sourceDestCheck": {"value": false}}));
        assert_eq!(texts(&value, "instanceType"), ["m7g.large"]);
        assert_eq!(texts(&value, "sourceDestCheck"), ["false"]);
    }
}
