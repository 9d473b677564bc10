//! Replacing a root volume in place.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::refusal::Refusal;
use super::{Done, Writer};
use crate::remediate::{Output, WriteFailure};
use crate::testing::account_log::Change;
use crate::testing::clock::after;
use crate::testing::content::Content;
use crate::testing::error::SimError;
use crate::testing::ground::RootTask;
use crate::testing::later::Due;
use crate::testing::state::State;
use crate::testing::trail::describe_time;
use crate::types::{ImageId, InstanceId, Place, VolumeId};

/// How long the server is without its root volume.
const OUTAGE: Duration = Duration::from_secs(90);

impl State {
    pub(super) fn write_root(
        &mut self,
        writer: &Writer<'_>,
        instance: &InstanceId,
        image: Option<&ImageId>,
        volume: Option<&VolumeId>,
        token: &str,
    ) -> Result<Done, Refusal> {
        let server = self.living(writer, instance)?;
        let (now, site) = (self.now(), self.site(writer.place)?);
        if let Some(known) = site.ground.roots.iter().find(|task| task.token == token) {
            let same = known.instance == *instance && known.image.as_ref() == image && known.volume.as_ref() == volume;
            return if same {
                Ok(answer(known))
            } else {
                let message = "the token was used with other parameters";
                Err(Refusal::new(WriteFailure::TokenMismatch, "IdempotentParameterMismatch", message))
            };
        }
        if server.state(now) != "running" {
            return Err(Refusal::conflict("IncorrectInstanceState", format!("{instance} does not run")));
        }
        if server.attributes.rootless {
            return Err(Refusal::conflict("IncorrectInstanceState", format!("{instance} has no root volume")));
        }
        if let Some(image) = image.filter(|image| !site.images.contains_key(*image)) {
            return Err(Refusal::missing("InvalidAMIID.NotFound", image));
        }
        if let Some(volume) = volume.filter(|volume| !site.loose_volumes.contains_key(*volume)) {
            return Err(Refusal::missing("InvalidVolume.NotFound", volume));
        }
        let failure = site.ground.roots_fail;
        self.note(writer.place, &writer.by, instance, Change::RootReplaced { image: image.cloned() });
        let task = RootTask {
            task: self.ids.resource("replacevol"),
            instance: instance.clone(),
            image: image.cloned(),
            volume: volume.cloned(),
            token: token.to_owned(),
            started_at: now,
            done_at: after(now, OUTAGE),
            failure,
        };
        let done = answer(&task);
        self.schedule(writer.place, OUTAGE, Due::Root(task.task.clone()));
        self.site_mut(writer.place)?.ground.roots.push(task);
        self.change(writer.place, instance, |server| server.attributes.outage_until = Some(after(now, OUTAGE)))?;
        Ok(done)
    }

    /// What a finished task puts in place: image, content, and the volume.
    pub(in crate::testing) fn root_source(
        &mut self,
        place: &Place,
        task: &RootTask,
    ) -> Result<(ImageId, Arc<Content>, VolumeId), SimError> {
        let site = self.site(place)?;
        if let Some(volume) = &task.volume {
            let kept = site.ground.kept_roots.get(volume).ok_or_else(|| SimError::missing(volume))?;
            return Ok((kept.image.clone(), kept.content.clone(), volume.clone()));
        }
        let image = task.image.clone().ok_or_else(|| SimError::missing("the image"))?;
        let content = site.images.get(&image).ok_or_else(|| SimError::missing(&image))?.content.clone();
        Ok((image, content, VolumeId::from(self.ids.resource("vol"))))
    }
}

fn answer(task: &RootTask) -> Done {
    Done::answering(json!({"replaceRootVolumeTask": {
        "replaceRootVolumeTaskId": task.task, "instanceId": task.instance, "taskState": "pending",
        "startTime": describe_time(task.started_at),
    }}))
    .giving(Output::Task(task.task.clone()))
}
