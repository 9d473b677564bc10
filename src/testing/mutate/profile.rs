//! Instance profiles: wrapped records, some of which name the instance in the response only.

use serde_json::{Value, json};

use crate::testing::account_log::{By, Change};
use crate::testing::actor::SimActor;
use crate::testing::cloud::FakeCloud;
use crate::testing::error::SimError;
use crate::testing::ids::iam_id;
use crate::testing::server::ProfileLink;
use crate::testing::trail::Call;
use crate::types::InstanceId;

impl FakeCloud {
    /// `ec2:AssociateIamInstanceProfile`; returns the association id.
    ///
    /// # Errors
    /// When the server has a profile already, or is being terminated.
    pub fn associate_instance_profile(
        &self,
        actor: &SimActor,
        instance: &InstanceId,
        profile: &str,
    ) -> Result<String, SimError> {
        self.at(instance, |state, place| {
            const NAME: &str = "AssociateIamInstanceProfile";
            let server = state.live(place, instance, NAME)?;
            if server.profile.is_some() {
                let held = "already associated".to_owned();
                return Err(SimError::IncorrectState { id: instance.to_string(), state: held, action: NAME });
            }
            let link = state.profile_link(place, profile);
            let request = json!({"IamInstanceProfile": {"Name": profile}, "InstanceId": instance});
            let call = Call::ec2_wrapped(NAME, request, answer(&link, instance, profile, "associating"));
            let association = link.association.to_string();
            state.note(place, &By::of(actor), instance, profile_set(profile));
            state.change(place, instance, |server| server.profile = Some(link))?;
            state.record(place, actor, call)?;
            Ok(association)
        })
    }

    /// `ec2:ReplaceIamInstanceProfileAssociation`; returns the new association id. The request names the old
    /// association, only the response names the instance.
    ///
    /// # Errors
    /// When the server has no profile, or is being terminated.
    pub fn replace_instance_profile(
        &self,
        actor: &SimActor,
        instance: &InstanceId,
        profile: &str,
    ) -> Result<String, SimError> {
        self.at(instance, |state, place| {
            const NAME: &str = "ReplaceIamInstanceProfileAssociation";
            let server = state.live(place, instance, NAME)?;
            let old = server.profile.clone().ok_or_else(|| SimError::missing("the profile association"))?;
            let link = state.profile_link(place, profile);
            let request = json!({"AssociationId": &*old.association, "IamInstanceProfile": {"Name": profile}});
            let call = Call::ec2_wrapped(NAME, request, answer(&link, instance, profile, "associating"));
            let association = link.association.to_string();
            state.note(place, &By::of(actor), instance, profile_set(profile));
            state.change(place, instance, |server| server.profile = Some(link))?;
            state.record(place, actor, call)?;
            Ok(association)
        })
    }

    /// `ec2:DisassociateIamInstanceProfile`: the role is gone, and with it the agent's connection.
    ///
    /// # Errors
    /// When the server has no profile, or is being terminated.
    pub fn disassociate_instance_profile(&self, actor: &SimActor, instance: &InstanceId) -> Result<(), SimError> {
        self.at(instance, |state, place| {
            const NAME: &str = "DisassociateIamInstanceProfile";
            let server = state.live(place, instance, NAME)?;
            let link = server.profile.clone().ok_or_else(|| SimError::missing("the profile association"))?;
            let profile = server.profile_name().unwrap_or_default().to_owned();
            let request = json!({"AssociationId": &*link.association});
            let call = Call::ec2_wrapped(NAME, request, answer(&link, instance, &profile, "disassociating"));
            let now = state.now();
            state.note(place, &By::of(actor), instance, profile_set(""));
            state.change(place, instance, |server| {
                server.profile = None;
                if let Some(node) = &mut server.node {
                    node.lost_at.get_or_insert(now);
                }
            })?;
            state.record(place, actor, call).map(|_| ())
        })
    }
}

fn profile_set(profile: &str) -> Change {
    Change::Set { what: "instance-profile".to_owned(), to: profile.to_owned() }
}

fn answer(link: &ProfileLink, instance: &InstanceId, profile: &str, state: &str) -> Value {
    json!({"iamInstanceProfileAssociation": {
        "associationId": &*link.association,
        "iamInstanceProfile": {"arn": &*link.arn, "id": iam_id("AIPA", profile)},
        "instanceId": instance,
        "state": state,
    }})
}
