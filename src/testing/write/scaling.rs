//! Sizes of Auto Scaling groups, and launches in them.

use serde_json::json;

use super::power::no_capacity;
use super::refusal::Refusal;
use super::{Done, Writer};
use crate::remediate::{Output, WriteFailure};
use crate::testing::error::SimError;
use crate::testing::ground::{Token, subnet_of};
use crate::testing::state::State;

impl State {
    pub(super) fn write_desired(&mut self, writer: &Writer<'_>, name: &str, desired: i32) -> Result<Done, Refusal> {
        let group = self.known_group(writer, name)?;
        if !(group.min_size..=group.max_size).contains(&desired) {
            let message = format!("New SetDesiredCapacity value {desired} is outside {name}'s limits");
            return Err(Refusal::invalid("ValidationError", message));
        }
        self.set_desired(writer.place, &writer.by, name, desired)?;
        Ok(Done::silently())
    }

    /// One more member, at once; the desired capacity rises with it.
    pub(super) fn write_member(
        &mut self,
        writer: &Writer<'_>,
        name: &str,
        subnet: &str,
        token: &str,
    ) -> Result<Done, Refusal> {
        let group = self.known_group(writer, name)?;
        let key = (token.to_owned(), name.to_owned());
        let request = format!("{name} {subnet}");
        if let Some(known) = self.site(writer.place)?.ground.tokens.get(&key) {
            return if known.request == request {
                Ok(Done::silently().giving(Output::Instance(known.instance.clone())))
            } else {
                let message = "the client token was used with other parameters";
                Err(Refusal::new(WriteFailure::TokenMismatch, "IdempotentParameterMismatch", message))
            };
        }
        let zone = group.zones.iter().find(|zone| subnet_of(writer.place, zone) == subnet);
        let zone = zone.ok_or_else(|| Refusal::invalid("ValidationError", format!("{subnet} is not in {name}")))?;
        if group.refreshing {
            return Err(Refusal::conflict("InstanceRefreshInProgress", format!("{name} is being refreshed")));
        }
        self.room_for_one(&group)?;
        let launched = self.launch_by_group(writer.place, &writer.by, name, Some(zone), Some(token));
        let id = launched.map_err(|error| match error {
            SimError::NoCapacity { instance_type, zone } => no_capacity(&instance_type, &zone),
            other => other.into(),
        })?;
        self.set_desired(writer.place, &writer.by, name, group.desired + 1)?;
        let token = Token { request, instance: id.clone() };
        self.site_mut(writer.place)?.ground.tokens.insert(key, token);
        let answer = json!({"autoScalingGroupName": name, "instances": [{"instanceIds": [id], "subnetId": subnet}]});
        Ok(Done::answering(answer).giving(Output::Instance(id)))
    }
}
