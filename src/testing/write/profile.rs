//! Instance profile associations.

use std::sync::Arc;

use serde_json::{Value, json};

use super::refusal::Refusal;
use super::{Done, Writer};
use crate::testing::account_log::Change;
use crate::testing::ids::iam_id;
use crate::testing::server::{ProfileLink, Server};
use crate::testing::state::State;
use crate::types::InstanceId;

impl State {
    pub(super) fn write_profile(
        &mut self,
        writer: &Writer<'_>,
        instance: &InstanceId,
        arn: &str,
    ) -> Result<Done, Refusal> {
        let server = self.living(writer, instance)?;
        if server.profile.is_some() {
            return Err(Refusal::conflict("IncorrectState", format!("{instance} has an instance profile already")));
        }
        self.put_profile(writer, instance, arn)
    }

    pub(super) fn write_profile_swap(
        &mut self,
        writer: &Writer<'_>,
        association: &str,
        arn: &str,
    ) -> Result<Done, Refusal> {
        let server = self.holder_of(writer, association)?;
        self.put_profile(writer, &server.id, arn)
    }

    pub(super) fn remove_profile(&mut self, writer: &Writer<'_>, association: &str) -> Result<Done, Refusal> {
        let server = self.holder_of(writer, association)?;
        let now = self.now();
        let response = server.profile.as_ref().map(|link| answer(link, &server.id, "disassociating"));
        self.set(writer, &server.id, "instance-profile", "", |server| {
            server.profile = None;
            if let Some(node) = &mut server.node {
                node.lost_at.get_or_insert(now);
            }
        })?;
        Ok(Done::answering(response.unwrap_or_default()))
    }

    fn put_profile(&mut self, writer: &Writer<'_>, instance: &InstanceId, arn: &str) -> Result<Done, Refusal> {
        let Some((_, name)) = arn.split_once(":instance-profile/") else {
            return Err(Refusal::invalid("InvalidParameterValue", format!("Invalid IAM Instance Profile ARN {arn}")));
        };
        let set = Change::Set { what: "instance-profile".to_owned(), to: arn.to_owned() };
        self.note(writer.place, &writer.by, instance, set);
        let link = ProfileLink { arn: Arc::from(arn), ..self.profile_link(writer.place, name) };
        let response = answer(&link, instance, "associating");
        self.change(writer.place, instance, |server| {
            server.profile = Some(link);
            if let Some(node) = &mut server.node {
                node.lost_at = None;
            }
        })?;
        Ok(Done::answering(response))
    }

    fn holder_of(&self, writer: &Writer<'_>, association: &str) -> Result<Arc<Server>, Refusal> {
        let servers = self.site(writer.place)?.servers.values().filter_map(|slot| slot.current().as_ref());
        let holds =
            |server: &&Arc<Server>| server.profile.as_ref().is_some_and(|link| *link.association == *association);
        let found = servers.filter(|server| server.state(self.now()) != "terminated").find(holds);
        found.cloned().ok_or_else(|| Refusal::missing("InvalidAssociationID.NotFound", association))
    }
}

fn answer(link: &ProfileLink, instance: &InstanceId, state: &str) -> Value {
    let name = link.arn.rsplit('/').next().unwrap_or_default();
    json!({"iamInstanceProfileAssociation": {
        "associationId": &*link.association,
        "iamInstanceProfile": {"arn": &*link.arn, "id": iam_id("AIPA", name)},
        "instanceId": instance,
        "state": state,
    }})
}
