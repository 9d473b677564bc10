//! Small helpers that keep the document's rules: absent instead of null, bounded texts and lists.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{MAX_LIST, MAX_TEXT};

/// An object under construction.
#[derive(Default)]
pub(super) struct Members(Map<String, Value>);

impl Members {
    /// Adds a member.
    pub(super) fn set(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    /// Adds a member, or nothing when it is unknown.
    pub(super) fn maybe(mut self, key: &str, value: Option<impl Into<Value>>) -> Self {
        if let Some(value) = value {
            self.0.insert(key.to_owned(), value.into());
        }
        self
    }

    pub(super) fn value(self) -> Value {
        Value::Object(self.0)
    }
}

/// Nanoseconds since 1970. Times beyond the year 2262 do not fit and are cut to the last that does.
pub(super) fn ns(time: Timestamp) -> i64 {
    i64::try_from(time.as_nanosecond()).unwrap_or(i64::MAX)
}

/// Whole seconds from then to now; 0 when `then` is in the future.
pub(super) fn age_s(then: Timestamp, now: Timestamp) -> i64 {
    (now.as_second() - then.as_second()).max(0)
}

/// A text of bounded length.
pub(super) fn text(text: &str) -> Value {
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => Value::from(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Value::from(text),
    }
}

/// A list of bounded length, and whether something was left out.
pub(super) fn list<T>(items: impl IntoIterator<Item = T>, most: usize, each: impl Fn(T) -> Value) -> (Value, bool) {
    let mut items = items.into_iter();
    let kept: Vec<Value> = items.by_ref().take(most).map(each).collect();
    let truncated = items.next().is_some();
    (Value::Array(kept), truncated)
}

/// A value from elsewhere with every text and list in it bounded, and whether something was left out.
pub(super) fn bounded(value: &Value, depth: usize) -> (Value, bool) {
    match value {
        Value::String(long) => (text(long), long.chars().nth(MAX_TEXT).is_some()),
        Value::Array(_) | Value::Object(_) if depth == 0 => (Value::from("…"), true),
        Value::Array(items) => {
            let mut truncated = items.len() > MAX_LIST;
            let kept = items.iter().take(MAX_LIST).map(|item| {
                let (item, cut) = bounded(item, depth - 1);
                truncated |= cut;
                item
            });
            (Value::Array(kept.collect()), truncated)
        }
        Value::Object(members) => {
            let mut truncated = members.len() > MAX_LIST;
            let kept = members.iter().take(MAX_LIST).map(|(key, member)| {
                let (member, cut) = bounded(member, depth - 1);
                truncated |= cut;
                (key.clone(), member)
            });
            (Value::Object(kept.collect()), truncated)
        }
        scalar => (scalar.clone(), false),
    }
}
