//! From an operation of the plan to a record that can begin: everything is read again, and what does not hold any more
//! is refused.

use jiff::{SignedDuration, Timestamp};

use super::capture::notes;
use super::refuse::Refusal;
use super::{
    BeforeImage, Begin, CaptureRequest, CloudProbe, Method, OperationRecord, Requested, Settings, capture, image_in,
    in_quarantine, launch_request, lay_out, next_generation, refusals_in_quarantine, take_away_what_outlives,
};
use crate::collect::CloudRead;
use crate::types::{Golden, GoldenStatus, Instance, Operation, OperationId, OperationKind, Place, Track};

/// How long reads may lag behind the last operation on an instance: what it changed could be taken for what was there
/// before. EC2 is eventually consistent ("Eventual consistency in the Amazon EC2 API"); it names no bound.
const SETTLES: SignedDuration = SignedDuration::from_secs(120);

/// What an operation is prepared from.
#[derive(Debug)]
pub struct Prepare<'a> {
    /// Id of the new operation.
    pub id: OperationId,
    /// What the plan says.
    pub operation: &'a Operation,
    /// What is done now: a replacement on the compromise track is a quarantine first.
    pub kind: OperationKind,
    /// Why.
    pub requested: Requested,
    /// How.
    pub settings: Settings,
    /// What a replacement is launched from, or what the group of a member in quarantine launches.
    pub golden: Option<&'a Golden>,
    /// The instance as the last scan saw it.
    pub seen: Option<&'a Instance>,
    /// Operations on this instance and on those that it descends from, oldest first.
    pub past: &'a [OperationRecord],
    /// Now.
    pub now: Timestamp,
}

/// Reads everything again and lays the operation out.
///
/// # Errors
/// Everything that stands against it.
pub async fn prepare(
    probe: &dyn CloudProbe,
    cloud: &dyn CloudRead,
    what: Prepare<'_>,
) -> Result<OperationRecord, Refusal> {
    let Prepare { id, operation, kind, requested, settings, golden, seen, past, now } = what;
    let place = Place { account: operation.account.clone(), region: operation.region.clone() };
    if let Some(golden) = golden.filter(|golden| golden.status == GoldenStatus::Revoked) {
        return Err(Refusal::lasting(format!("{} is revoked", golden.reference())));
    }
    let image = golden.and_then(|golden| image_in(golden, &place)).cloned();
    let targets = seen.map(target_groups).unwrap_or_default();
    let request = CaptureRequest {
        place: &place,
        instance: &operation.instance,
        kind,
        settings: &settings,
        track: operation.track,
        target_groups: &targets,
        asg: seen.and_then(|seen| seen.asg.as_ref()).map(|membership| membership.group.as_str()),
        golden_image: image.as_ref(),
    };
    let contained = kind == OperationKind::Replace && operation.track == Track::Compromise;
    let quarantine = in_quarantine(past, &operation.instance).filter(|_| contained);
    let before = match quarantine {
        Some(quarantine) => before_quarantine(quarantine, &request)?,
        None => {
            settled(past, operation, now)?;
            if seen.is_none() {
                return Err(Refusal::passing("no scan has seen the instance"));
            }
            capture(probe, cloud, &request).await?
        }
    };
    let told = notes(&before, &request);
    let launched_from = golden.filter(|_| kind == OperationKind::Replace);
    let begin = Begin {
        id,
        kind,
        place: place.clone(),
        instance: operation.instance.clone(),
        fleet: operation.fleet.clone(),
        golden: launched_from.map(Golden::reference),
        image,
        track: operation.track,
        severity: operation.severity,
        requested,
        settings,
        before,
        generation: next_generation(past, &operation.instance),
        now,
    };
    let launches = begin.settings.method == Method::Launch && begin.before.group.is_none();
    let request = match launched_from.filter(|_| launches) {
        Some(golden) => Some(launch_request(&begin.before, golden, &place, &begin.id, &begin.launch_token())?),
        None => None,
    };
    let mut record = lay_out(begin, request).map_err(Refusal::lasting)?;
    record.facts.notes.extend(told);
    if let Some(quarantine) = quarantine {
        take_away_what_outlives(&mut record, quarantine);
    }
    Ok(record)
}

/// The replacement takes the place of what was there before the quarantine.
fn before_quarantine(quarantine: &OperationRecord, request: &CaptureRequest<'_>) -> Result<BeforeImage, Refusal> {
    match Refusal::join(refusals_in_quarantine(&quarantine.before, request)) {
        Some(refusal) => Err(refusal),
        None => Ok(quarantine.before.clone()),
    }
}

/// Refuses while the last operation on the instance is so young that reads may still show what it undid.
fn settled(past: &[OperationRecord], operation: &Operation, now: Timestamp) -> Result<(), Refusal> {
    let about = |record: &&OperationRecord| {
        record.instance == operation.instance || record.facts.replacement.as_ref() == Some(&operation.instance)
    };
    let ended =
        past.iter().filter(about).filter(|record| !record.was_withdrawn()).filter_map(|record| record.ended_at).max();
    match ended.and_then(|ended| ended.checked_add(SETTLES).ok()).filter(|until| *until > now) {
        None => Ok(()),
        Some(until) => Err(Refusal::passing(format!(
            "an operation on it ended a moment ago, and what AWS shows may lag behind: again after {until}"
        ))),
    }
}

/// Target groups in which the scan saw the instance, each once.
fn target_groups(seen: &Instance) -> Vec<String> {
    let mut groups: Vec<String> = seen.targets.iter().map(|target| target.target_group.clone()).collect();
    groups.sort();
    groups.dedup();
    groups
}
