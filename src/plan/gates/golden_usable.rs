//! There is a golden to launch from: promoted, with an image in this place that EC2 can launch.

use crate::plan::PlanInput;
use crate::types::{
    Enforcement, Fleet, Golden, GoldenStatus, Image, ImageId, Instance, OperationKind, architecture_of, boots_on,
};

use super::{Answer, Candidate, Context};

/// The promoted golden of a fleet's line. Replacing always goes to the promoted version.
pub(in crate::plan) fn promoted<'a>(input: &PlanInput<'a>, fleet: &Fleet) -> Option<&'a Golden> {
    // The store keeps at most one promoted; should there be two, the order of the input must not decide.
    input
        .goldens
        .iter()
        .filter(|golden| golden.line == fleet.golden && golden.status == GoldenStatus::Promoted)
        .max_by_key(|golden| (golden.promoted_at, golden.version.clone()))
}

/// The image of a golden in the instance's place; one for exactly this account goes before a shared one.
fn image_for<'a>(golden: &'a Golden, instance: &Instance) -> Option<&'a ImageId> {
    let here = golden.images.iter().filter(|image| {
        image.region == instance.region && image.account.as_ref().is_none_or(|account| *account == instance.account)
    });
    here.max_by_key(|image| (image.account.is_some(), &image.image)).map(|image| &image.image)
}

pub(super) fn ask(candidate: &Candidate<'_>, context: &Context<'_, '_>) -> Answer {
    if candidate.kind != OperationKind::Replace {
        return Answer::allow("containing needs no golden");
    }
    let Some(fleet) = candidate.fleet else {
        return Answer::refuse("without a fleet there is no golden to launch from");
    };
    let Some(golden) = promoted(context.input, fleet) else {
        return Answer::refuse(format!(
            "no version of golden line {} is promoted; `cattleguard golden promote` lifts this",
            fleet.golden
        ));
    };
    let reference = golden.reference();
    let Some(image) = image_for(golden, candidate.instance) else {
        return Answer::refuse(format!(
            "{reference} has no image in {}; copy it there and record the copy to lift this",
            candidate.instance.place()
        ));
    };
    match context.input.images.get(image) {
        Some(described) => capacity(candidate, context)
            .or_else(|| unfit(described, golden, candidate.instance))
            .unwrap_or_else(|| usable(described, context.input.now, &reference.to_string())),
        None if context.input.mode == Enforcement::Observe => Answer::allow(format!(
            "{image} of {reference} was not described by this scan; it is checked when enforcing"
        )),
        None => Answer::hold(format!("{image} of {reference} was not described; a scan that can read it lifts this")),
    }
}

/// The answer while launches of this type in this zone wait after they failed for want of capacity.
fn capacity(candidate: &Candidate<'_>, context: &Context<'_, '_>) -> Option<Answer> {
    let instance = candidate.instance;
    let backoff = context.input.history.capacity.iter().filter(|backoff| {
        backoff.place == instance.place()
            && backoff.instance_type == instance.instance_type
            && backoff.zone == instance.zone
            && context.input.now < backoff.until
    });
    let until = backoff.map(|backoff| backoff.until).max()?;
    let (kind, zone) = (&instance.instance_type, &instance.zone);
    let reason = format!("EC2 had no capacity for {kind} in {zone}; the next attempt may be made then");
    Some(Answer::hold_until(until, reason))
}

/// The answer where EC2 would refuse to launch the image on the type of the replacement, because its processors are others.
/// Members of groups are launched by their group, on the types that it says.
fn unfit(image: &Image, golden: &Golden, instance: &Instance) -> Option<Answer> {
    let wants = image.architecture.as_deref().filter(|_| instance.asg.is_none())?;
    let (kind, has) = match &golden.contract.instance_types {
        Some(allowed) if !allowed.contains(&instance.instance_type) => {
            // Which of several would be launched is not said, and refused later for that.
            let only = allowed.first().filter(|_| allowed.len() == 1)?;
            (only, architecture_of(only)?)
        }
        _ => {
            let own = instance.architecture.as_deref();
            (&instance.instance_type, own.or_else(|| architecture_of(&instance.instance_type))?)
        }
    };
    (!boots_on(wants, has)).then(|| {
        Answer::refuse(format!(
            "{} of {} is an image for {wants}, and {kind} has {has} processors, so that it cannot be launched there; a golden \
             line for {has}, or another instance type, lifts this",
            image.id,
            golden.reference()
        ))
    })
}

fn usable(image: &Image, now: jiff::Timestamp, reference: &str) -> Answer {
    if image.state != "available" {
        return Answer::refuse(format!(
            "{} of {reference} is {}; an available image lifts this",
            image.id, image.state
        ));
    }
    if image.deprecated_at.is_some_and(|at| at <= now) {
        return Answer::refuse(format!("{} of {reference} is deprecated in EC2; a newer golden lifts this", image.id));
    }
    Answer::allow(format!("{} of {reference} can be launched", image.id))
}
