//! From what is wanted and what is there to the record of an operation that can begin.

use jiff::{SignedDuration, Timestamp};

use super::sequence::{self, Laid, ReplaceIn};
use super::{
    BeforeImage, Facts, LaunchRequest, Method, OperationRecord, OperationStatus, Requested, Settings, Step, StepRecord,
    client_token,
};
use crate::types::{FleetName, GoldenRef, ImageId, InstanceId, OperationId, OperationKind, Place, Severity, Track};

/// What is wanted.
#[derive(Clone, Debug)]
pub struct Begin {
    /// Id of the new operation.
    pub id: OperationId,
    /// Quarantine or replace.
    pub kind: OperationKind,
    /// Where.
    pub place: Place,
    /// On which instance.
    pub instance: InstanceId,
    /// Its fleet.
    pub fleet: FleetName,
    /// What to launch from.
    pub golden: Option<GoldenRef>,
    /// The golden's image in this place.
    pub image: Option<ImageId>,
    /// Track.
    pub track: Track,
    /// Severity.
    pub severity: Severity,
    /// Why.
    pub requested: Requested,
    /// How.
    pub settings: Settings,
    /// What is there.
    pub before: BeforeImage,
    /// How many replacements led to this instance, this one included.
    pub generation: u32,
    /// Now.
    pub now: Timestamp,
}

impl Begin {
    fn laid(&self) -> Laid<'_> {
        Laid {
            operation: &self.id,
            instance: &self.instance,
            track: self.track,
            settings: &self.settings,
            before: &self.before,
            begun_at: self.now,
        }
    }

    /// The client token of its launch.
    pub fn launch_token(&self) -> String {
        let subnet = self.before.detail.instance.subnet.as_deref().unwrap_or_default();
        client_token(&self.id, "launch", 1, subnet)
    }
}

/// The record of a quarantine or a replacement. `request` is what a replacement of its own is launched with; members
/// of Auto Scaling groups are launched by their group.
///
/// # Errors
/// What is missing, in one sentence.
pub fn lay_out(begin: Begin, request: Option<LaunchRequest>) -> Result<OperationRecord, String> {
    let laid = begin.laid();
    let steps = match begin.kind {
        OperationKind::Quarantine => sequence::quarantine(&laid),
        OperationKind::Replace if begin.settings.method == Method::RootVolume => {
            let image = begin.image.as_ref().ok_or("the golden has no image here")?;
            let token = |step| client_token(&begin.id, step, 1, "");
            sequence::root_volume(&laid, image, &token("root-volume"), &token("root-volume-back"))
        }
        OperationKind::Replace => {
            if begin.track == Track::Compromise && begin.before.group.is_some() {
                return Err("its Auto Scaling group replaced it when it went into quarantine".to_owned());
            }
            let subnet = begin.before.detail.instance.subnet.clone().ok_or("the instance has no subnet")?;
            let how = match (&begin.before.group, request) {
                (Some(group), _) => ReplaceIn::Group { group: group.name.clone(), subnet, token: begin.launch_token() },
                (None, Some(request)) => ReplaceIn::Launch(Box::new(request)),
                (None, None) => return Err("there is no launch request".to_owned()),
            };
            sequence::replace(&laid, &how)
        }
        OperationKind::Release | OperationKind::Rollback => {
            return Err("a release is laid out from the operation that it undoes".to_owned());
        }
    };
    Ok(record(begin, steps, None))
}

/// The record of a release: it undoes a quarantine.
pub fn lay_out_release(
    id: OperationId,
    quarantine: &OperationRecord,
    requested: Requested,
    now: Timestamp,
) -> OperationRecord {
    let begin = Begin {
        id,
        kind: OperationKind::Release,
        place: quarantine.place.clone(),
        instance: quarantine.instance.clone(),
        fleet: quarantine.fleet.clone(),
        golden: None,
        image: None,
        track: quarantine.track,
        severity: quarantine.severity,
        requested,
        settings: quarantine.settings.clone(),
        before: quarantine.before.clone(),
        generation: quarantine.generation,
        now,
    };
    let steps = sequence::release(&begin.laid(), quarantine);
    record(begin, steps, Some(quarantine.id.clone()))
}

fn record(begin: Begin, steps: Vec<Step>, undoes: Option<OperationId>) -> OperationRecord {
    let age = SignedDuration::from_secs(i64::try_from(begin.settings.max_age_s).unwrap_or(i64::MAX));
    OperationRecord {
        id: begin.id,
        kind: begin.kind,
        place: begin.place,
        instance: begin.instance,
        fleet: begin.fleet,
        golden: begin.golden,
        track: begin.track,
        severity: begin.severity,
        requested: begin.requested,
        undoes,
        settings: begin.settings,
        before: begin.before,
        generation: begin.generation,
        created_at: begin.now,
        deadline: begin.now.checked_add(age).unwrap_or(Timestamp::MAX),
        status: OperationStatus::Running,
        note: None,
        steps: steps.into_iter().map(StepRecord::pending).collect(),
        facts: Facts::default(),
        ended_at: None,
    }
}
