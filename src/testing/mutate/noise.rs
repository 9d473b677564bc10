//! Calls that change no server: refusals, dry runs, reads, and text that is no record.

use serde_json::{Value, json};

use crate::testing::actor::SimActor;
use crate::testing::cloud::FakeCloud;
use crate::testing::error::SimError;
use crate::testing::trail::{Call, wrapped};
use crate::types::{InstanceId, Place};

/// Younger EC2 APIs about an instance: their requests are wrapped and spelled in Pascal case.
const WRAPPED: [&str; 4] = [
    "AssociateIamInstanceProfile",
    "CreateReplaceRootVolumeTask",
    "ModifyInstanceMetadataOptions",
    "ModifyInstancePlacement",
];

impl FakeCloud {
    /// A call about an instance that failed with an error code such as `AccessDenied` or
    /// `Client.UnauthorizedOperation`. `service` is the first label of the event source, e.g. `ec2`.
    ///
    /// # Errors
    /// When the server does not exist.
    pub fn failed_call(
        &self,
        actor: &SimActor,
        instance: &InstanceId,
        service: &str,
        event_name: &str,
        error_code: &str,
    ) -> Result<(), SimError> {
        let message = match error_code {
            "Client.DryRunOperation" => "Request would have succeeded, but DryRun flag is set.",
            _ => "You are not authorized to perform this operation.",
        };
        self.at(instance, |state, place| {
            let request = request_about(instance, service, event_name);
            let call = Call::new(service, event_name, request).failed(error_code, message);
            state.record(place, actor, call).map(|_| ())
        })
    }

    /// A permitted dry run of an EC2 call about an instance.
    ///
    /// # Errors
    /// When the server does not exist.
    pub fn dry_run(&self, actor: &SimActor, instance: &InstanceId, event_name: &str) -> Result<(), SimError> {
        self.failed_call(actor, instance, "ec2", event_name, "Client.DryRunOperation")
    }

    /// A read-only call, such as `DescribeInstances`; LookupEvents with `ReadOnly=false` never shows it.
    ///
    /// # Errors
    /// When the place is not open.
    pub fn read_only_call(
        &self,
        actor: &SimActor,
        place: &Place,
        service: &str,
        event_name: &str,
    ) -> Result<(), SimError> {
        let call = Call::new(service, event_name, json!({})).reading();
        self.lock().record(place, actor, call).map(|_| ())
    }

    /// Any other successful write, for rules whose event has no method here.
    ///
    /// # Errors
    /// When the place is not open.
    pub fn other_call(
        &self,
        actor: &SimActor,
        place: &Place,
        service: &str,
        event_name: &str,
        request: Value,
        response: Value,
    ) -> Result<String, SimError> {
        let call = Call::new(service, event_name, request).answered(response);
        self.lock().record(place, actor, call)
    }

    /// Puts any text into the event history as a record of now: malformed, hostile, or a duplicate.
    ///
    /// # Errors
    /// When the place is not open.
    pub fn push_raw_record(&self, place: &Place, text: &str) -> Result<(), SimError> {
        let mut state = self.lock();
        let now = state.now();
        state.push_event(place, now, false, text.to_owned())
    }
}

fn request_about(instance: &InstanceId, service: &str, event_name: &str) -> Value {
    if service == "ec2" && WRAPPED.contains(&event_name) {
        return wrapped(event_name, "Request", json!({"InstanceId": instance}));
    }
    match event_name {
        "StartInstances" | "StopInstances" | "RebootInstances" | "TerminateInstances" => {
            json!({"instancesSet": {"items": [{"instanceId": instance}]}})
        }
        "StartSession" => json!({"target": instance}),
        "SendCommand" => json!({"documentName": "AWS-RunShellScript", "instanceIds": [instance]}),
        _ => json!({"instanceId": instance}),
    }
}
