//! One call as CloudTrail describes it, before it is put into the envelope.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// What was called, with what, and what came back.
#[derive(Clone, Debug)]
pub(in crate::testing) struct Call {
    pub(super) source: String,
    pub(super) name: String,
    pub(super) request: Value,
    pub(super) response: Value,
    pub(super) read_only: bool,
    pub(super) error: Option<(String, String)>,
    pub(super) resources: Vec<Value>,
}

impl Call {
    /// A successful write without a response. `service` is the first label of the event source.
    pub(in crate::testing) fn new(service: &str, name: &str, request: Value) -> Self {
        Self {
            source: format!("{service}.amazonaws.com"),
            name: name.to_owned(),
            request,
            response: Value::Null,
            read_only: false,
            error: None,
            resources: Vec::new(),
        }
    }

    /// An EC2 call of the flat shape.
    pub(in crate::testing) fn ec2(name: &str, request: Value) -> Self {
        Self::new("ec2", name, request).answered(json!({"_return": true}))
    }

    /// An EC2 call of the wrapped shape: APIs that are younger than the model of 2015.
    pub(in crate::testing) fn ec2_wrapped(name: &str, request: Value, response: Value) -> Self {
        let mut response = response;
        if let Some(object) = response.as_object_mut() {
            object.insert("xmlns".to_owned(), json!("http://ec2.amazonaws.com/doc/2016-11-15/"));
        }
        let answer = wrapped(name, "Response", response);
        Self::new("ec2", name, wrapped(name, "Request", request)).answered(answer)
    }

    #[must_use]
    pub(in crate::testing) fn answered(mut self, response: Value) -> Self {
        self.response = response;
        self
    }

    #[must_use]
    pub(in crate::testing) fn reading(mut self) -> Self {
        self.read_only = true;
        self.response = Value::Null;
        self
    }

    /// Failed calls keep their request and have no response.
    #[must_use]
    pub(in crate::testing) fn failed(mut self, code: &str, message: &str) -> Self {
        self.error = Some((code.to_owned(), message.to_owned()));
        self.response = Value::Null;
        self
    }

    #[must_use]
    pub(in crate::testing) fn about(mut self, resources: Vec<Value>) -> Self {
        self.resources = resources;
        self
    }
}

/// `{"<Name><suffix>": body}`.
pub(in crate::testing) fn wrapped(name: &str, suffix: &str, body: Value) -> Value {
    Value::Object(Map::from_iter([(format!("{name}{suffix}"), body)]))
}

/// `{"items": [...]}`; an absent list is `{}` in flat records.
pub(in crate::testing) fn items(list: Vec<Value>) -> Value {
    if list.is_empty() { json!({}) } else { json!({"items": list}) }
}

/// Epoch milliseconds, as flat records write times.
pub(in crate::testing) fn millis(time: Timestamp) -> Value {
    json!(time.as_millisecond())
}

/// `2026-11-02T09:00:00Z`.
pub(in crate::testing) fn describe_time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
