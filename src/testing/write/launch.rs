//! Launching one server, with client tokens as EC2 has them: they hold within a zone.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::power::no_capacity;
use super::refusal::Refusal;
use super::{Done, Writer};
use crate::remediate::{LaunchRequest, Output, WriteFailure};
use crate::testing::attributes::Attributes;
use crate::testing::ground::Token;
use crate::testing::launch::{LaunchSpec, LaunchVolume};
use crate::testing::state::State;
use crate::types::InstanceId;

/// The longest client token.
const TOKEN_LENGTH: usize = 64;

impl State {
    pub(super) fn write_launch(&mut self, writer: &Writer<'_>, request: &LaunchRequest) -> Result<Done, Refusal> {
        if request.token.is_empty() || request.token.len() > TOKEN_LENGTH || !request.token.is_ascii() {
            return Err(Refusal::invalid("InvalidParameterValue", "client token"));
        }
        let key = (request.token.clone(), request.zone.clone());
        let text = fingerprint(request, writer.user_data);
        let site = self.site(writer.place)?;
        if let Some(known) = site.ground.tokens.get(&key).cloned() {
            return self.launched_already(writer, request, &known, &text);
        }
        if site.ground.exhausted.contains(&(request.instance_type.clone(), request.zone.clone())) {
            return Err(no_capacity(&request.instance_type, &request.zone));
        }
        let image = site.images.get(&request.image);
        if image.is_none_or(|known| known.image.state != "available") {
            return Err(Refusal::missing("InvalidAMIID.NotFound", &request.image));
        }
        if let Some(group) =
            request.security_groups.iter().find(|group| !site.ground.security_groups.contains_key(*group))
        {
            return Err(Refusal::missing("InvalidGroup.NotFound", group));
        }
        if request.tags.keys().any(|tag| tag.starts_with("aws:")) {
            return Err(Refusal::invalid("InvalidParameterValue", "tag keys starting with 'aws:' are reserved"));
        }
        let (now, spec) = (self.now(), spec_of(request, writer.user_data));
        let attributes = Attributes {
            token: Some(Arc::from(request.token.as_str())),
            placement: request.placement.clone(),
            ..Attributes::default()
        };
        let id = self.launch_with(writer.place, &spec, now, attributes)?;
        self.note_launch(writer.place, &writer.by, &id, Some(&request.token), None);
        let token = Token { request: text, instance: id.clone() };
        self.site_mut(writer.place)?.ground.tokens.insert(key, token);
        self.launch_answer(writer, &spec, &id, &request.token)
    }

    fn launched_already(
        &mut self,
        writer: &Writer<'_>,
        request: &LaunchRequest,
        known: &Token,
        text: &str,
    ) -> Result<Done, Refusal> {
        if known.request != text {
            let message = "the client token was used with other parameters";
            return Err(Refusal::new(WriteFailure::TokenMismatch, "IdempotentParameterMismatch", message));
        }
        let gone = |state: &str| matches!(state, "shutting-down" | "terminated");
        if self.server(writer.place, &known.instance).is_ok_and(|server| gone(server.state(self.now()))) {
            let message = format!("{} was launched with this token and is terminated", known.instance);
            return Err(Refusal::new(WriteFailure::TokenSpent, "IdempotentInstanceTerminated", message));
        }
        let spec = spec_of(request, writer.user_data);
        self.launch_answer(writer, &spec, &known.instance, &request.token)
    }

    fn launch_answer(
        &mut self,
        writer: &Writer<'_>,
        spec: &LaunchSpec,
        id: &InstanceId,
        token: &str,
    ) -> Result<Done, Refusal> {
        let request_id = self.record_launch(writer.place, &writer.actor, id, spec, Some(token))?;
        Ok(Done { request_id: Some(request_id), ..Done::silently().giving(Output::Instance(id.clone())) })
    }
}

/// The whole request, so that any other parameter is noticed. User data counts by its content.
fn fingerprint(request: &LaunchRequest, user_data: Option<&[u8]>) -> String {
    let data = blake3::hash(user_data.unwrap_or_default());
    format!("{} {data}", serde_json::to_string(request).unwrap_or_default())
}

pub(super) fn spec_of(request: &LaunchRequest, user_data: Option<&[u8]>) -> LaunchSpec {
    let plain = LaunchSpec::of_image(&request.image, &request.zone);
    let root = plain.volumes.first().map(|volume| volume.device.clone());
    let mut volumes: BTreeMap<String, LaunchVolume> =
        plain.volumes.iter().map(|volume| (volume.device.to_string(), volume.clone())).collect();
    for wanted in &request.volumes {
        let known = volumes.get(&wanted.device);
        let volume = LaunchVolume {
            device: Arc::from(wanted.device.as_str()),
            size_gib: wanted.size_gib.or(known.map(|known| known.size_gib)).unwrap_or(8),
            volume_type: Arc::from(wanted.volume_type.as_deref().unwrap_or("gp3")),
            encrypted: wanted.encrypted.or(known.map(|known| known.encrypted)).unwrap_or(true),
        };
        volumes.insert(wanted.device.clone(), volume);
    }
    let mut volumes: Vec<LaunchVolume> = volumes.into_values().collect();
    volumes.sort_by_key(|volume| Some(&volume.device) != root.as_ref());
    LaunchSpec {
        instance_type: Arc::from(request.instance_type.as_str()),
        subnet: Arc::from(request.subnet.as_str()),
        key_name: request.key_name.as_deref().map(Arc::from),
        profile: request.profile.as_deref().map(Arc::from),
        security_groups: request.security_groups.iter().cloned().collect(),
        metadata: Arc::new(request.metadata.clone()),
        user_data: user_data.map(Arc::from),
        volumes,
        tags: Arc::new(request.tags.clone()),
        ..plain
    }
}
