//! Data that policies read beside the input: files merged into one document.

use serde_json::{Map, Value};

/// Merges one document into another, as Open Policy Agent does with data files: objects are merged, everything else must
/// be in one place only.
///
/// # Errors
/// The path of a value that both have.
pub fn merge_data(into: &mut Value, from: Value) -> Result<(), String> {
    if into.is_null() {
        *into = Value::Object(Map::new());
    }
    let mut pending = vec![(into, from, "data".to_owned())];
    while let Some((into, from, at)) = pending.pop() {
        let (Value::Object(into), Value::Object(from)) = (into, from) else {
            return Err(format!("`{at}` is given twice"));
        };
        let mut both = Map::new();
        for (key, value) in from {
            if into.contains_key(&key) {
                both.insert(key, value);
            } else {
                into.insert(key, value);
            }
        }
        for (key, member) in into {
            if let Some(value) = both.remove(key) {
                pending.push((member, value, format!("{at}.{key}")));
            }
        }
    }
    Ok(())
}

/// A document as it stands below a path: `["a", "b"]` makes `{"a": {"b": document}}`.
pub fn data_below<'p>(path: impl DoubleEndedIterator<Item = &'p str>, document: Value) -> Value {
    path.rev().fold(document, |inner, key| Value::Object(Map::from_iter([(key.to_owned(), inner)])))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn objects_merge_and_values_meet_nobody() {
        let mut data = Value::Null;
        merge_data(&mut data, json!({"parameters": {"a": {"all": {"x": 1}}}})).unwrap();
        merge_data(&mut data, json!({"parameters": {"a": {"all": {"y": [2]}}, "b": {}}})).unwrap();
        assert_eq!(data, json!({"parameters": {"a": {"all": {"x": 1, "y": [2]}}, "b": {}}}));
        let twice = merge_data(&mut data, json!({"parameters": {"a": {"all": {"x": 1}}}}));
        assert_eq!(twice, Err("`data.parameters.a.all.x` is given twice".to_owned()));
        assert!(merge_data(&mut data, json!([1])).is_err());
    }

    #[test]
    fn a_path_puts_a_document_below_it() {
        assert_eq!(data_below(["a", "b"].into_iter(), json!(1)), json!({"a": {"b": 1}}));
        assert_eq!(data_below([].into_iter(), json!(1)), json!(1));
    }
}
