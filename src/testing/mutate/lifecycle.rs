//! Launch, stop, start, reboot and terminate.

use serde_json::{Value, json};

use crate::testing::account_log::By;
use crate::testing::actor::SimActor;
use crate::testing::cloud::FakeCloud;
use crate::testing::error::SimError;
use crate::testing::launch::LaunchSpec;
use crate::testing::server::Server;
use crate::testing::state::State;
use crate::testing::trail::{Call, items, millis};
use crate::types::{InstanceId, Place};

impl FakeCloud {
    /// `ec2:RunInstances` of one server. Its agent reports inventory at its first
    /// [`run_inventory`](FakeCloud::run_inventory).
    ///
    /// # Errors
    /// When the place is not open or does not know the image.
    pub fn run_instances(&self, actor: &SimActor, place: &Place, spec: &LaunchSpec) -> Result<InstanceId, SimError> {
        let mut state = self.lock();
        let now = state.now();
        let id = state.launch(place, spec, now)?;
        state.note_launch(place, &By::of(actor), &id, None, None);
        state.record_launch(place, actor, &id, spec, None)?;
        Ok(id)
    }

    /// `ec2:StopInstances`: stopped after 30 seconds.
    ///
    /// # Errors
    /// When the server does not run.
    pub fn stop(&self, actor: &SimActor, instance: &InstanceId) -> Result<(), SimError> {
        self.at(instance, |state, place| {
            state.in_state(place, instance, "running", "StopInstances")?;
            state.power_off(place, &By::of(actor), instance)?;
            let request = json!({"instancesSet": one(instance), "force": false});
            state.transition(place, actor, "StopInstances", request, &answer(instance, (64, "stopping"), "running"))
        })
    }

    /// `ec2:StartInstances`: a new launch time; running after 20 seconds.
    ///
    /// # Errors
    /// When the server is not stopped.
    pub fn start(&self, actor: &SimActor, instance: &InstanceId) -> Result<(), SimError> {
        self.at(instance, |state, place| {
            state.in_state(place, instance, "stopped", "StartInstances")?;
            state.power_on(place, &By::of(actor), instance)?;
            let request = json!({"instancesSet": one(instance)});
            state.transition(place, actor, "StartInstances", request, &answer(instance, (0, "pending"), "stopped"))
        })
    }

    /// `ec2:RebootInstances`.
    ///
    /// # Errors
    /// When the server does not run.
    pub fn reboot(&self, actor: &SimActor, instance: &InstanceId) -> Result<(), SimError> {
        self.at(instance, |state, place| {
            state.in_state(place, instance, "running", "RebootInstances")?;
            let call = Call::ec2("RebootInstances", json!({"instancesSet": one(instance)}));
            state.record(place, actor, call).map(|_| ())
        })
    }

    /// `ec2:TerminateInstances`: terminated after 30 seconds, listed for one more hour. It leaves its Auto
    /// Scaling group and target groups.
    ///
    /// # Errors
    /// When the server does not exist or is on its way out already.
    pub fn terminate(&self, actor: &SimActor, instance: &InstanceId) -> Result<(), SimError> {
        self.at(instance, |state, place| {
            let server = state.live(place, instance, "TerminateInstances")?;
            if server.attributes.termination_protected {
                let state = "protected from termination".to_owned();
                return Err(SimError::IncorrectState { id: instance.to_string(), state, action: "TerminateInstances" });
            }
            state.record_terminate(place, actor, instance)?;
            state.shut_down(place, &By::of(actor), instance)
        })
    }
}

impl State {
    /// The TerminateInstances record of a server that is about to go.
    pub(in crate::testing) fn record_terminate(
        &mut self,
        place: &Place,
        actor: &SimActor,
        instance: &InstanceId,
    ) -> Result<(), SimError> {
        let was = self.server(place, instance)?.state(self.now());
        let request = json!({"instancesSet": one(instance)});
        self.transition(place, actor, "TerminateInstances", request, &answer(instance, (32, "shutting-down"), was))
    }

    fn transition(
        &mut self,
        place: &Place,
        actor: &SimActor,
        name: &str,
        request: Value,
        answer: &Value,
    ) -> Result<(), SimError> {
        let call = Call::ec2(name, request).answered(json!({"instancesSet": items(vec![answer.clone()])}));
        self.record(place, actor, call).map(|_| ())
    }

    /// The RunInstances record of a launch that was just made.
    /// Answers its request id.
    pub(in crate::testing) fn record_launch(
        &mut self,
        place: &Place,
        actor: &SimActor,
        id: &InstanceId,
        spec: &LaunchSpec,
        token: Option<&str>,
    ) -> Result<String, SimError> {
        let server = self.server(place, id)?;
        let token = token.map_or_else(|| self.ids.uuid("client-token"), str::to_owned);
        let reservation = self.ids.resource("r");
        let answer = json!({
            "reservationId": reservation,
            "ownerId": place.account,
            "groupSet": {},
            "instancesSet": items(vec![launched(&server, spec, &token)]),
        });
        let call = Call::ec2("RunInstances", launch_request(spec, &token)).answered(answer);
        self.record_request(place, actor, call)
    }
}

pub(in crate::testing) fn launch_request(spec: &LaunchSpec, token: &str) -> Value {
    let mut request = json!({
        "instancesSet": items(vec![json!({"imageId": spec.image, "minCount": 1, "maxCount": 1, "keyName": spec.key_name})]),
        "groupSet": items(spec.security_groups.iter().map(|group| json!({"groupId": group})).collect()),
        "instanceType": spec.instance_type,
        "blockDeviceMapping": {},
        "availabilityZone": spec.zone,
        "subnetId": spec.subnet,
        "monitoring": {"enabled": false},
        "disableApiTermination": false,
        "clientToken": token,
        "tagSpecificationSet": items(vec![json!({"resourceType": "instance", "tags": tag_list(spec)})]),
    });
    if let Some(object) = request.as_object_mut() {
        if let Some(profile) = &spec.profile {
            object.insert("iamInstanceProfile".to_owned(), json!({"name": profile}));
        }
        if spec.user_data.is_some() {
            object.insert("userData".to_owned(), json!("<sensitiveDataRemoved>"));
        }
    }
    request
}

fn launched(server: &Server, spec: &LaunchSpec, token: &str) -> Value {
    let groups = || items(spec.security_groups.iter().map(|group| json!({"groupId": group})).collect());
    let interfaces = server.interfaces.iter().map(|interface| {
        json!({
            "networkInterfaceId": interface.id,
            "subnetId": server.subnet,
            "status": "in-use",
            "groupSet": groups(),
            "attachment": {"attachmentId": interface.attachment, "deviceIndex": interface.device_index,
                "status": "attaching", "deleteOnTermination": true},
            // Singular here, unlike every other list of a flat record.
            "privateIpAddressesSet": {"item": [{"privateIpAddress": interface.addresses.first(), "primary": true}]},
        })
    });
    json!({
        "instanceId": server.id,
        "imageId": server.image,
        "instanceState": {"code": 0, "name": "pending"},
        "keyName": server.key_name,
        "amiLaunchIndex": 0,
        "instanceType": server.instance_type,
        "launchTime": millis(server.launched_at),
        "placement": {"availabilityZone": server.zone, "tenancy": "default"},
        "subnetId": server.subnet,
        "blockDeviceMapping": {},
        "clientToken": token,
        "groupSet": groups(),
        "networkInterfaceSet": items(interfaces.collect()),
        "iamInstanceProfile": server.profile.as_ref().map(|link| json!({"arn": &*link.arn})),
        "tagSet": items(tag_list(spec)),
    })
}

fn tag_list(spec: &LaunchSpec) -> Vec<Value> {
    spec.tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect()
}

fn one(instance: &InstanceId) -> Value {
    items(vec![json!({"instanceId": instance})])
}

fn answer(instance: &InstanceId, now: (u32, &str), was: &str) -> Value {
    let code = match was {
        "pending" => 0,
        "stopping" => 64,
        "stopped" => 80,
        _ => 16,
    };
    json!({
        "instanceId": instance,
        "currentState": {"code": now.0, "name": now.1},
        "previousState": {"code": code, "name": was},
    })
}
