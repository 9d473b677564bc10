//! The simulated account as the enforcer changes it: [`CloudWrite`] over the state. Every call leaves its
//! CloudTrail record, refused ones too, with the request id that the caller is told.

mod acl;
mod address;
mod attributes;
mod balance;
mod launch;
mod members;
mod nics;
mod policies;
mod power;
mod profile;
mod refusal;
mod requests;
mod roots;
mod scaling;
mod snapshots;
mod tags;
mod volumes;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::FakeCloud;
use super::account_log::{By, ENFORCER};
use super::actor::SimActor;
use super::diary::{Action, Called};
use super::state::State;
use crate::collect::ReadError;
use crate::remediate::{Answered, CallContext, CloudWrite, Output, WriteCall, WriteError, WriteFailure};
use crate::types::{ApiOutcome, Place};
use refusal::Refusal;

/// What calls, where, and on whose behalf.
pub(super) struct Writer<'a> {
    place: &'a Place,
    actor: SimActor,
    by: By,
    user_data: Option<&'a [u8]>,
}

/// A call that was carried out.
struct Done {
    output: Output,
    response: Value,
    /// When it has left its record already.
    request_id: Option<String>,
}

impl Done {
    fn silently() -> Self {
        Self { output: Output::Nothing, response: Value::Null, request_id: None }
    }

    fn answering(response: Value) -> Self {
        Self { response, ..Self::silently() }
    }

    /// As the old EC2 APIs say that all went well.
    fn plainly() -> Self {
        Self::answering(json!({"_return": true}))
    }

    fn giving(self, output: Output) -> Self {
        Self { output, ..self }
    }
}

#[async_trait]
impl CloudWrite for FakeCloud {
    async fn call(&self, context: &CallContext<'_>, call: &WriteCall) -> Result<Answered, WriteError> {
        self.lock().write(context, call)
    }

    async fn rehearse(&self, context: &CallContext<'_>, call: &WriteCall) -> Result<(), WriteError> {
        let mut state = self.lock();
        let answer = match state.forbidden(context.place, call) {
            Some(refusal) => Err(refusal.of(call, context.place)),
            None => Ok(()),
        };
        state.called(context.place, call.api(), outcome(&answer));
        answer
    }

    async fn principal(&self, place: &Place) -> Result<String, ReadError> {
        self.lock().count(super::api::CALLER, place)?;
        Ok(format!("arn:aws:iam::{}:role/{ENFORCER}", place.account))
    }
}

/// What came of a call, for the counts.
fn outcome<T>(answer: &Result<T, WriteError>) -> ApiOutcome {
    match answer.as_ref().map_err(|error| error.failure) {
        Ok(_) => ApiOutcome::Ok,
        Err(WriteFailure::Throttled) => ApiOutcome::Throttled,
        Err(WriteFailure::Timeout) => ApiOutcome::Unanswered,
        Err(_) => ApiOutcome::Error,
    }
}

impl State {
    pub(super) fn write(&mut self, context: &CallContext<'_>, call: &WriteCall) -> Result<Answered, WriteError> {
        let answer = self.written(context, call);
        self.called(context.place, call.api(), outcome(&answer));
        answer
    }

    fn written(&mut self, context: &CallContext<'_>, call: &WriteCall) -> Result<Answered, WriteError> {
        let place = context.place;
        if let Some(diary) = &self.diary {
            diary.write(&Action::Called(Box::new(Called::new(self.now(), context, call))));
        }
        if !self.sites.contains_key(place) {
            let refusal = Refusal::new(WriteFailure::Credentials, "AccessDenied", "no such simulated account-region");
            return Err(refusal.of(call, place));
        }
        self.meet(context);
        let actor = SimActor::role(ENFORCER, context.operation.as_str()).with_user_agent("cattleguard/0.1");
        let writer = Writer { place, by: By::of(&actor), actor, user_data: context.user_data };
        let outcome = match self.forbidden(place, call) {
            Some(refusal) => Err(refusal),
            None => self.carry_out(&writer, call),
        };
        match outcome {
            Ok(Done { output, request_id: Some(request_id), .. }) => {
                Ok(Answered { request_id: Some(request_id), output })
            }
            Ok(Done { output, response, .. }) => {
                let record = requests::record(call, Some(response));
                let request_id = self.record_request(place, &writer.actor, record).ok();
                Ok(Answered { request_id, output })
            }
            Err(refusal) => {
                let record = requests::record(call, None).failed(refusal.code, &refusal.message);
                // A call that cannot be recorded was refused all the same.
                drop(self.record(place, &writer.actor, record));
                Err(refusal.of(call, place))
            }
        }
    }

    fn forbidden(&self, place: &Place, call: &WriteCall) -> Option<Refusal> {
        let denied = self.sites.get(place).is_some_and(|site| site.ground.denied.contains(call.api()));
        denied.then(|| {
            Refusal::new(WriteFailure::Denied, "Client.UnauthorizedOperation", "You are not authorized to perform this")
        })
    }

    fn carry_out(&mut self, writer: &Writer<'_>, call: &WriteCall) -> Result<Done, Refusal> {
        use WriteCall as Call;
        match call {
            Call::CreateTags { resources, tags } => self.write_tags(writer, resources, tags),
            Call::DeleteTags { resources, keys } => self.remove_tags(writer, resources, keys),
            Call::SetTerminationProtection { instance, on } => self.write_protection(writer, instance, *on),
            Call::SetSourceDestCheck { instance, on } => self.write_check(writer, instance, *on),
            Call::SetShutdownBehavior { instance, behavior } => self.write_behavior(writer, instance, behavior),
            Call::SetVolumesDeletion { instance, devices } => self.write_volume_ends(writer, instance, devices),
            Call::SetInterfaceDeletion { interface, attachment, delete } => {
                self.write_interface_end(writer, interface, attachment, *delete)
            }
            Call::CreateSnapshots { instance, tags } => self.write_snapshots(writer, instance, tags),
            Call::SetInterfaceGroups { interface, groups } => self.write_groups(writer, interface, groups),
            Call::SetTracking { interface, tracking } => self.write_tracking(writer, interface, *tracking),
            Call::AssociateAddress { allocation, interface, private_ip, take } => {
                self.write_address(writer, allocation, interface, private_ip.as_deref(), *take)
            }
            Call::DisassociateAddress { association } => self.remove_address(writer, association),
            Call::DenyInAcl { acl, rule, egress, cidr } => self.write_acl(writer, acl, *rule, *egress, cidr),
            Call::RemoveFromAcl { acl, rule, egress, .. } => self.remove_acl(writer, acl, *rule, *egress),
            Call::AssignPrivateIps { interface, addresses, take } => {
                self.write_addresses(writer, interface, addresses, *take)
            }
            Call::DetachInterface { attachment, interface } => self.detach_nic(writer, attachment, interface),
            Call::AttachInterface { interface, instance, device_index } => {
                self.attach_nic(writer, interface, instance, *device_index)
            }
            Call::DetachVolume { volume, instance } => self.write_detach(writer, volume, instance),
            Call::AttachVolume { volume, instance, device } => self.write_attach(writer, volume, instance, device),
            Call::ReplaceProfile { association, profile_arn, .. } => {
                self.write_profile_swap(writer, association, profile_arn)
            }
            Call::AssociateProfile { instance, profile_arn } => self.write_profile(writer, instance, profile_arn),
            Call::DisassociateProfile { association, .. } => self.remove_profile(writer, association),
            Call::SetMetadataOptions { instance, options } => self.write_metadata(writer, instance, options),
            Call::Stop { instance } => self.write_stop(writer, instance),
            Call::Start { instance } => self.write_start(writer, instance),
            Call::Terminate { instance } => self.write_terminate(writer, instance),
            Call::Launch(request) => self.write_launch(writer, request),
            Call::ReplaceRootVolume { instance, image, volume, token } => {
                self.write_root(writer, instance, image.as_ref(), volume.as_ref(), token)
            }
            Call::RegisterTarget { group, target, port, zone } => {
                self.write_target(writer, group, target, *port, zone.as_deref())
            }
            Call::DeregisterTarget { group, target, port } => self.remove_target(writer, group, target, *port),
            Call::LaunchInGroup { group, subnet, token } => self.write_member(writer, group, subnet, token),
            Call::EnterStandby { group, instance, decrement } => {
                self.write_standby(writer, group, instance, *decrement)
            }
            Call::ExitStandby { group, instance } => self.remove_standby(writer, group, instance),
            Call::SetScaleInProtection { group, instance, on } => self.write_scale_in(writer, group, instance, *on),
            Call::SetDesiredCapacity { group, desired } => self.write_desired(writer, group, *desired),
            Call::DetachFromGroup { group, instance } => self.write_leave(writer, group, instance),
            Call::AttachToGroup { group, instance } => self.write_join(writer, group, instance),
            Call::PutRolePolicy { role, policy, document } => self.write_policy(writer, role, policy, Some(document)),
            Call::DeleteRolePolicy { role, policy } => self.write_policy(writer, role, policy, None),
            Call::RefreshInventory { instance } => self.write_refresh(writer, instance),
        }
    }
}
