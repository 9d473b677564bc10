//! One way of writing JSON, so that equal documents have equal digests.

use serde_json::Value;

/// JSON with object members sorted by key and no white space. Numbers and strings are written as
/// `serde_json` writes them.
pub fn canonical_json(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by_key(|(key, _)| *key);
            text.push('{');
            for (index, (key, member)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push(':');
                write(member, text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write(item, text);
            }
            text.push(']');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn member_order_does_not_matter_and_item_order_does() {
        let one: Value = serde_json::from_str(r#"{"b":[1,2],"a":{"y":"é\n","x":null}}"#).unwrap();
        let two: Value = serde_json::from_str(r#"{"a":{"x":null,"y":"é\n"},"b":[1,2]}"#).unwrap();
        assert_eq!(canonical_json(&one), canonical_json(&two));
        assert_ne!(canonical_json(&json!([1, 2])), canonical_json(&json!([2, 1])));
        assert_eq!(serde_json::from_str::<Value>(&canonical_json(&one)).unwrap(), one);
    }
}
