//! Stopping, starting and terminating.

use serde_json::{Value, json};

use super::refusal::Refusal;
use super::{Done, Writer};
use crate::remediate::WriteFailure;
use crate::testing::state::State;
use crate::types::InstanceId;

impl State {
    /// Stopping what is stopped is no error.
    pub(super) fn write_stop(&mut self, writer: &Writer<'_>, instance: &InstanceId) -> Result<Done, Refusal> {
        let server = self.server(writer.place, instance)?;
        let was = server.state(self.now());
        match was {
            "running" if server.attributes.stop_protected => {
                return Err(Refusal::conflict("OperationNotPermitted", format!("{instance} has stop protection")));
            }
            "running" => self.power_off(writer.place, &writer.by, instance)?,
            "stopping" | "stopped" => {}
            other => return Err(Refusal::conflict("IncorrectInstanceState", format!("{instance} is {other}"))),
        }
        Ok(Done::answering(moved(instance, (64, "stopping"), was)))
    }

    pub(super) fn write_start(&mut self, writer: &Writer<'_>, instance: &InstanceId) -> Result<Done, Refusal> {
        let server = self.server(writer.place, instance)?;
        let was = server.state(self.now());
        match was {
            "stopped" => {
                let kind = (server.instance_type.to_string(), server.zone.to_string());
                if self.site(writer.place)?.ground.exhausted.contains(&kind) {
                    return Err(no_capacity(&kind.0, &kind.1));
                }
                self.power_on(writer.place, &writer.by, instance)?;
            }
            "pending" | "running" => {}
            other => return Err(Refusal::conflict("IncorrectInstanceState", format!("{instance} is {other}"))),
        }
        Ok(Done::answering(moved(instance, (0, "pending"), was)))
    }

    /// Terminating what is terminated is no error, as long as EC2 lists it.
    pub(super) fn write_terminate(&mut self, writer: &Writer<'_>, instance: &InstanceId) -> Result<Done, Refusal> {
        let server = self.server(writer.place, instance)?;
        let now = self.now();
        if !server.is_listed(now) {
            return Err(Refusal::missing("InvalidInstanceID.NotFound", instance));
        }
        let was = server.state(now);
        if !matches!(was, "shutting-down" | "terminated") {
            if server.attributes.termination_protected {
                let message = format!("{instance} may not be terminated: its 'disableApiTermination' attribute is set");
                return Err(Refusal::conflict("OperationNotPermitted", message));
            }
            self.shut_down(writer.place, &writer.by, instance)?;
        }
        Ok(Done::answering(moved(instance, (32, "shutting-down"), was)))
    }
}

pub(super) fn no_capacity(instance_type: &str, zone: &str) -> Refusal {
    let message = format!("no sufficient {instance_type} capacity in {zone}");
    Refusal::new(WriteFailure::Capacity, "InsufficientInstanceCapacity", message)
}

fn moved(instance: &InstanceId, to: (u32, &str), was: &str) -> Value {
    let code = match was {
        "pending" => 0,
        "shutting-down" => 32,
        "terminated" => 48,
        "stopping" => 64,
        "stopped" => 80,
        _ => 16,
    };
    json!({"instancesSet": {"items": [{
        "instanceId": instance,
        "currentState": {"code": to.0, "name": to.1},
        "previousState": {"code": code, "name": was},
    }]}})
}
