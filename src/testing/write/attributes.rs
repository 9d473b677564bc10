//! Attributes of a server: protections, what goes with it, metadata options.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::refusal::Refusal;
use super::{Done, Writer};
use crate::testing::account_log::Change;
use crate::testing::clock::after;
use crate::testing::server::Server;
use crate::testing::state::State;
use crate::types::{EniId, InstanceId, MetadataOptions};

/// How long metadata options are `pending`.
const APPLIES: Duration = Duration::from_secs(5);

impl State {
    pub(super) fn write_protection(
        &mut self,
        writer: &Writer<'_>,
        instance: &InstanceId,
        on: bool,
    ) -> Result<Done, Refusal> {
        self.set(writer, instance, "termination-protection", &on.to_string(), |server| {
            server.attributes.termination_protected = on;
        })
    }

    pub(super) fn write_check(
        &mut self,
        writer: &Writer<'_>,
        instance: &InstanceId,
        on: bool,
    ) -> Result<Done, Refusal> {
        if self.living(writer, instance)?.interfaces.len() > 1 {
            let message = "There are multiple interfaces attached to instance. Please specify an interface ID";
            return Err(Refusal::invalid("InvalidInstanceID", message));
        }
        self.set(writer, instance, "source-dest-check", &on.to_string(), |server| {
            for primary in server.interfaces.iter_mut().take(1) {
                primary.source_dest_check = Some(on);
            }
        })
    }

    pub(super) fn write_behavior(
        &mut self,
        writer: &Writer<'_>,
        instance: &InstanceId,
        behavior: &str,
    ) -> Result<Done, Refusal> {
        if !matches!(behavior, "stop" | "terminate") {
            return Err(Refusal::invalid("InvalidParameterValue", "stop or terminate"));
        }
        self.set(writer, instance, "shutdown-behavior", behavior, |server| {
            server.attributes.shutdown_behavior = Arc::from(behavior);
        })
    }

    pub(super) fn write_volume_ends(
        &mut self,
        writer: &Writer<'_>,
        instance: &InstanceId,
        devices: &BTreeMap<String, bool>,
    ) -> Result<Done, Refusal> {
        let server = self.server(writer.place, instance)?;
        let held = |device: &String| server.volumes.iter().any(|volume| volume.device == *device);
        if let Some(device) = devices.keys().find(|device| !held(device)) {
            let message = format!("no device {device} on {instance}");
            return Err(Refusal::invalid("InvalidInstanceAttributeValue", message));
        }
        let text: Vec<String> = devices.iter().map(|(device, delete)| format!("{device}={delete}")).collect();
        self.set(writer, instance, "volumes-deleted", &text.join(" "), |server| {
            for volume in &mut server.volumes {
                let wanted = devices.get(&volume.device).copied();
                volume.delete_on_termination = wanted.or(volume.delete_on_termination);
            }
        })
    }

    pub(super) fn write_interface_end(
        &mut self,
        writer: &Writer<'_>,
        interface: &EniId,
        attachment: &str,
        delete: bool,
    ) -> Result<Done, Refusal> {
        let owner = self.nic_owner(writer, interface)?;
        let server = self.server(writer.place, &owner)?;
        let fits = |held: &&crate::types::NetworkInterface| {
            held.id == *interface && held.attachment.as_deref() == Some(attachment)
        };
        if server.interfaces.iter().find(fits).is_none() {
            return Err(Refusal::missing("InvalidAttachmentID.NotFound", attachment));
        }
        let text = format!("{interface}={delete}");
        self.set(writer, &owner, "interface-deleted", &text, |server| {
            for held in server.interfaces.iter_mut().filter(|held| held.id == *interface) {
                held.delete_on_termination = Some(delete);
            }
        })
    }

    /// Shown as they will be a little later: the change is applied by then.
    pub(super) fn write_metadata(
        &mut self,
        writer: &Writer<'_>,
        instance: &InstanceId,
        options: &MetadataOptions,
    ) -> Result<Done, Refusal> {
        let now = self.now();
        let wanted = Arc::new(options.clone());
        let text = format!("{:?} {:?}", options.http_endpoint, options.http_tokens);
        self.set(writer, instance, "metadata-options", &text, |server| {
            server.metadata = server.metadata_at(now).clone();
            server.attributes.metadata_next = Some((after(now, APPLIES), wanted));
        })?;
        Ok(Done::answering(json!({
            "instanceId": instance,
            "instanceMetadataOptions": {
                "state": "pending",
                "httpTokens": options.http_tokens,
                "httpEndpoint": options.http_endpoint,
                "httpPutResponseHopLimit": options.http_put_response_hop_limit,
                "instanceMetadataTags": options.instance_metadata_tags,
            },
        })))
    }

    /// Changes a server that is not on its way out, and says so.
    pub(super) fn set(
        &mut self,
        writer: &Writer<'_>,
        instance: &InstanceId,
        what: &str,
        to: &str,
        edit: impl FnOnce(&mut Server),
    ) -> Result<Done, Refusal> {
        self.living(writer, instance)?;
        let set = Change::Set { what: what.to_owned(), to: to.to_owned() };
        self.note(writer.place, &writer.by, instance, set);
        self.change(writer.place, instance, edit)?;
        Ok(Done::plainly())
    }

    /// A server that exists and is not on its way out.
    pub(super) fn living(&self, writer: &Writer<'_>, instance: &InstanceId) -> Result<Arc<Server>, Refusal> {
        let server = self.server(writer.place, instance)?;
        match server.state(self.now()) {
            state @ ("terminated" | "shutting-down") => {
                Err(Refusal::conflict("IncorrectInstanceState", format!("{instance} is {state}")))
            }
            _ => Ok(server),
        }
    }
}
