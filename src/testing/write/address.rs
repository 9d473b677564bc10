//! Elastic IPs.

use serde_json::json;

use super::refusal::Refusal;
use super::{Done, Writer};
use crate::testing::state::State;
use crate::types::EniId;

impl State {
    pub(super) fn write_address(
        &mut self,
        writer: &Writer<'_>,
        allocation: &str,
        interface: &EniId,
        private_ip: Option<&str>,
        take: bool,
    ) -> Result<Done, Refusal> {
        self.nic_owner(writer, interface)?;
        let Some(held) = self.site(writer.place)?.ground.addresses.get(allocation) else {
            return Err(Refusal::missing("InvalidAllocationID.NotFound", allocation));
        };
        let elsewhere = held.current().link.as_ref().filter(|link| link.interface != *interface);
        if let Some(link) = elsewhere.filter(|_| !take) {
            let message = format!("resource {allocation} is already associated with {}", link.association);
            return Err(Refusal::conflict("Resource.AlreadyAssociated", message));
        }
        let association = self.link_address(writer.place, &writer.by, allocation, interface, private_ip)?;
        Ok(Done::answering(json!({"_return": true, "associationId": association})))
    }

    pub(super) fn remove_address(&mut self, writer: &Writer<'_>, association: &str) -> Result<Done, Refusal> {
        let removed = self.unlink_address(writer.place, &writer.by, association);
        removed.map_err(|_| Refusal::missing("InvalidAssociationID.NotFound", association))?;
        Ok(Done::plainly())
    }
}
