//! The envelope of a record and the event history that keeps it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Call, describe_time};
use crate::testing::actor::SimActor;
use crate::testing::clock::{after, before};
use crate::testing::error::SimError;
use crate::testing::state::State;
use crate::types::Place;

/// How long before its calls a role session was opened.
const SESSION_AGE: Duration = Duration::from_secs(1200);

/// One record of the event history.
#[derive(Clone, Debug)]
pub(in crate::testing) struct Event {
    pub(in crate::testing) time: Timestamp,
    /// When LookupEvents begins to show it.
    pub(in crate::testing) delivered: Timestamp,
    pub(in crate::testing) read_only: bool,
    pub(in crate::testing) body: Arc<str>,
}

impl State {
    /// Records a call; returns its `eventID`.
    pub(in crate::testing) fn record(
        &mut self,
        place: &Place,
        actor: &SimActor,
        call: Call,
    ) -> Result<String, SimError> {
        self.record_both(place, actor, call).map(|(event, _)| event)
    }

    /// Records a call; returns its `requestID`, which the caller got with the answer.
    pub(in crate::testing) fn record_request(
        &mut self,
        place: &Place,
        actor: &SimActor,
        call: Call,
    ) -> Result<String, SimError> {
        self.record_both(place, actor, call).map(|(_, request)| request)
    }

    fn record_both(&mut self, place: &Place, actor: &SimActor, call: Call) -> Result<(String, String), SimError> {
        let now = self.now();
        let (event, request) = (self.ids.uuid("event"), self.ids.uuid("request"));
        if !self.settings.trail {
            return self.site(place).map(|_| (event, request));
        }
        let read_only = call.read_only;
        let body = envelope(place, actor, call, now, &event, &request);
        self.push_event(place, now, read_only, body.to_string())?;
        Ok((event, request))
    }

    /// Puts text into the event history as it is.
    pub(in crate::testing) fn push_event(
        &mut self,
        place: &Place,
        time: Timestamp,
        read_only: bool,
        body: String,
    ) -> Result<(), SimError> {
        let delivered = after(self.now(), self.settings.trail_delay);
        let event = Event { time, delivered, read_only, body: Arc::from(body) };
        self.site_mut(place)?.events.push(event);
        Ok(())
    }
}

fn envelope(place: &Place, actor: &SimActor, call: Call, now: Timestamp, event: &str, request: &str) -> Value {
    let service = call.source.split('.').next().unwrap_or_default();
    let mut record = Map::new();
    let mut put = |key: &str, value: Value| {
        record.insert(key.to_owned(), value);
    };
    put("eventVersion", json!("1.11"));
    put("userIdentity", actor.identity(&place.account, &describe_time(before(now, SESSION_AGE))));
    put("eventTime", json!(describe_time(now)));
    put("eventSource", json!(call.source));
    put("eventName", json!(call.name));
    put("awsRegion", json!(place.region));
    put("sourceIPAddress", json!(actor.source_ip()));
    put("userAgent", json!(actor.user_agent()));
    if let Some((code, message)) = &call.error {
        put("errorCode", json!(code));
        put("errorMessage", json!(message));
    }
    put("requestParameters", call.request);
    put("responseElements", with_request_id(call.response, service, request));
    put("requestID", json!(request));
    put("eventID", json!(event));
    put("readOnly", json!(call.read_only));
    if !call.resources.is_empty() {
        put("resources", Value::Array(call.resources));
    }
    put("eventType", json!("AwsApiCall"));
    put("managementEvent", json!(true));
    put("recipientAccountId", json!(place.account));
    put("eventCategory", json!("Management"));
    if let Some((endpoint, owner)) = actor.vpc_endpoint() {
        put("vpcEndpointId", json!(endpoint));
        put("vpcEndpointAccountId", json!(owner));
    }
    if actor.is_console() {
        put("sessionCredentialFromConsole", json!("true"));
    } else if !actor.is_service() {
        put(
            "tlsDetails",
            json!({
                "tlsVersion": "TLSv1.3",
                "cipherSuite": "TLS_AES_128_GCM_SHA256",
                "clientProvidedHostHeader": format!("{service}.{}.amazonaws.com", place.region),
            }),
        );
    }
    Value::Object(record)
}

/// EC2 and EC2 Instance Connect repeat the request id in the response, inside the wrapper where there is one.
fn with_request_id(mut response: Value, service: &str, request: &str) -> Value {
    if !service.starts_with("ec2") {
        return response;
    }
    if let Some(object) = response.as_object_mut() {
        let wrapper = object.keys().find(|key| key.ends_with("Response")).cloned();
        let inner = wrapper.and_then(|key| object.get_mut(&key)).and_then(Value::as_object_mut);
        if let Some(inner) = inner {
            inner.insert("requestId".to_owned(), json!(request));
        } else {
            object.insert("requestId".to_owned(), json!(request));
        }
    }
    response
}
