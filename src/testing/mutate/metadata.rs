//! Metadata options: a younger API, so its records are wrapped and in Pascal case.

use std::sync::Arc;

use serde_json::json;

use crate::testing::actor::SimActor;
use crate::testing::cloud::FakeCloud;
use crate::testing::error::SimError;
use crate::testing::trail::Call;
use crate::types::{InstanceId, MetadataOptions};

impl FakeCloud {
    /// `ec2:ModifyInstanceMetadataOptions`. `None` fields of `wanted` stay as they are.
    ///
    /// # Errors
    /// When the server does not exist or is being terminated.
    pub fn modify_metadata_options(
        &self,
        actor: &SimActor,
        instance: &InstanceId,
        wanted: &MetadataOptions,
    ) -> Result<(), SimError> {
        self.at(instance, |state, place| {
            let server = state.live(place, instance, "ModifyInstanceMetadataOptions")?;
            let now = merged(&server.metadata, wanted);
            let asked = [
                ("HttpTokens", wanted.http_tokens.as_ref().map(|value| json!(value))),
                ("HttpEndpoint", wanted.http_endpoint.as_ref().map(|value| json!(value))),
                ("HttpPutResponseHopLimit", wanted.http_put_response_hop_limit.map(|value| json!(value))),
                ("InstanceMetadataTags", wanted.instance_metadata_tags.as_ref().map(|value| json!(value))),
            ];
            let mut request = json!({"InstanceId": instance});
            if let Some(object) = request.as_object_mut() {
                object.extend(asked.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
            }
            let answer = json!({
                "instanceId": instance,
                "instanceMetadataOptions": {
                    "state": "pending",
                    "httpTokens": now.http_tokens,
                    "httpEndpoint": now.http_endpoint,
                    "httpPutResponseHopLimit": now.http_put_response_hop_limit,
                    "instanceMetadataTags": now.instance_metadata_tags,
                },
            });
            state.change(place, instance, |server| server.metadata = Arc::new(now))?;
            let call = Call::ec2_wrapped("ModifyInstanceMetadataOptions", request, answer);
            state.record(place, actor, call).map(|_| ())
        })
    }
}

fn merged(old: &MetadataOptions, wanted: &MetadataOptions) -> MetadataOptions {
    MetadataOptions {
        http_tokens: wanted.http_tokens.clone().or_else(|| old.http_tokens.clone()),
        http_endpoint: wanted.http_endpoint.clone().or_else(|| old.http_endpoint.clone()),
        http_put_response_hop_limit: wanted.http_put_response_hop_limit.or(old.http_put_response_hop_limit),
        instance_metadata_tags: wanted.instance_metadata_tags.clone().or_else(|| old.instance_metadata_tags.clone()),
    }
}
