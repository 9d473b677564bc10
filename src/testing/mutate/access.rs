//! Ways onto a server: sessions, commands, keys. They change nothing that Describe calls show.

use serde_json::{Value, json};

use super::instance_arn;
use crate::testing::actor::SimActor;
use crate::testing::cloud::FakeCloud;
use crate::testing::error::SimError;
use crate::testing::trail::Call;
use crate::types::{InstanceId, Place};

/// What a command is sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandTarget {
    /// Named instances; `*` is written as it is, as State Manager does for all nodes.
    Instances(Vec<InstanceId>),
    /// All instances that carry this tag.
    Tag(String, String),
}

impl FakeCloud {
    /// `ssm:StartSession`: opens an interactive session and returns its id.
    ///
    /// # Errors
    /// When the server does not exist or is being terminated.
    pub fn start_session(&self, actor: &SimActor, instance: &InstanceId) -> Result<String, SimError> {
        self.at(instance, |state, place| {
            state.live(place, instance, "StartSession")?;
            let session = format!("{}-{}", actor.session_label(), state.ids.suffix("session"));
            let region = &place.region;
            let stream = format!("wss://ssmmessages.{region}.amazonaws.com/v1/data-channel/{session}");
            let call = Call::new("ssm", "StartSession", json!({"target": instance})).answered(json!({
                "sessionId": session,
                "streamUrl": format!("{stream}?role=publish_subscribe"),
                "tokenValue": "Value hidden due to security reasons.",
            }));
            state.record(place, actor, call)?;
            Ok(session)
        })
    }

    /// `ssm:SendCommand`: runs a document; returns the command id. The parameters are hidden in the record.
    ///
    /// # Errors
    /// When the place is not open.
    pub fn send_command(
        &self,
        actor: &SimActor,
        place: &Place,
        document: &str,
        target: &CommandTarget,
    ) -> Result<String, SimError> {
        let mut state = self.lock();
        let command = state.ids.uuid("command");
        let requested = state.now().strftime("%b %-d, %Y, %-I:%M:%S %p").to_string();
        let (ids, targets) = match target {
            CommandTarget::Instances(ids) => (json!(ids), json!([])),
            CommandTarget::Tag(key, value) => (json!([]), json!([{"key": format!("tag:{key}"), "values": [value]}])),
        };
        let hidden = "HIDDEN_DUE_TO_SECURITY_REASONS";
        let mut request = json!({"documentName": document, "interactive": false, "parameters": hidden});
        let field = match target {
            CommandTarget::Instances(_) => ("instanceIds", ids.clone()),
            CommandTarget::Tag(..) => ("targets", targets.clone()),
        };
        if let Some(object) = request.as_object_mut() {
            object.insert(field.0.to_owned(), field.1);
        }
        let answer = json!({"command": {
            "commandId": command,
            "documentName": document,
            "documentVersion": "$DEFAULT",
            "instanceIds": ids,
            "targets": targets,
            "parameters": hidden,
            "requestedDateTime": requested,
            "status": "Pending",
            "statusDetails": "Pending",
            "maxConcurrency": "50",
            "maxErrors": "0",
            "timeoutSeconds": 3600,
        }});
        state.record(place, actor, Call::new("ssm", "SendCommand", request).answered(answer))?;
        Ok(command)
    }

    /// `ec2-instance-connect:SendSSHPublicKey`: pushes a key for 60 seconds of SSH logins as `user`.
    ///
    /// # Errors
    /// When the server does not run.
    pub fn push_ssh_key(&self, actor: &SimActor, instance: &InstanceId, user: &str) -> Result<String, SimError> {
        self.at(instance, |state, place| {
            let server = state.in_state(place, instance, "running", "SendSSHPublicKey")?;
            let request = json!({
                "instanceId": instance,
                "instanceOSUser": user,
                "availabilityZone": server.zone,
                "sSHPublicKey": public_key(actor),
            });
            let call = Call::new("ec2-instance-connect", "SendSSHPublicKey", request)
                .answered(json!({"success": true}))
                .about(vec![json!({"accountId": place.account, "ARN": instance_arn(place, instance)})]);
            state.record(place, actor, call)
        })
    }

    /// `ec2-instance-connect:SendSerialConsoleSSHPublicKey`: pushes a key for the serial console.
    ///
    /// # Errors
    /// When the server does not exist or is being terminated.
    pub fn send_serial_console_key(&self, actor: &SimActor, instance: &InstanceId) -> Result<String, SimError> {
        self.at(instance, |state, place| {
            state.live(place, instance, "SendSerialConsoleSSHPublicKey")?;
            let request = json!({
                "instanceId": instance,
                "monitorMode": false,
                "sSHPublicKey": public_key(actor),
                "serialPort": 0,
            });
            let call = Call::new("ec2-instance-connect", "SendSerialConsoleSSHPublicKey", request)
                .answered(json!({"success": true}));
            state.record(place, actor, call)
        })
    }
}

fn public_key(actor: &SimActor) -> Value {
    json!(format!("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHNpbXVsYXRlZC1rZXk {}", actor.session_label()))
}
