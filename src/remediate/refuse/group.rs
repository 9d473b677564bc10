//! Members of Auto Scaling groups: the group launches their substitutes, from its own configuration.

use super::{Case, Refusal};
use crate::remediate::GroupDetail;
use crate::types::ImageId;

/// The group, when it will launch a substitute.
fn launching<'a>(case: &'a Case<'_>) -> Option<&'a GroupDetail> {
    if case.in_place() { None } else { case.before.group.as_ref() }
}

/// The group exists, and does not get a root volume replaced behind its back.
pub(super) fn known(case: &Case<'_>) -> Option<Refusal> {
    let name = case.read.group.as_deref()?;
    if case.in_place() {
        return Some(Refusal::lasting(format!(
            "belongs to the Auto Scaling group {name}: its members are replaced with `replace = \"launch\"`"
        )));
    }
    case.before.group.is_none().then(|| {
        Refusal::passing(format!(
            "its Auto Scaling group {name} was not found: the next scan will show where it belongs"
        ))
    })
}

/// It is an ordinary member, in service.
pub(super) fn member(case: &Case<'_>) -> Option<Refusal> {
    let group = launching(case)?;
    let name = &group.name;
    let Some(state) = group.members.get(case.request.instance) else {
        return Some(Refusal::passing(format!("is no longer a member of the Auto Scaling group {name}: scan again")));
    };
    match state.as_str() {
        "InService" => None,
        "Standby" => Some(Refusal::lasting(format!(
            "is in standby in the Auto Scaling group {name}, which has its substitute already: take it out of standby first"
        ))),
        warm if warm.starts_with("Warmed") => Some(Refusal::lasting(format!(
            "is in the warm pool of the Auto Scaling group {name}: terminate it, the pool is filled again from the template"
        ))),
        state => Some(Refusal::passing(format!("is {state} in the Auto Scaling group {name}"))),
    }
}

/// The group would launch the golden and nothing else, today and while the operation runs.
pub(super) fn golden(case: &Case<'_>) -> Option<Refusal> {
    let Some(group) = launching(case) else { return no_golden(case) };
    // A member that is contained leaves its group without a substitute then.
    if case.before.no_substitute {
        return None;
    }
    not_golden(group, case.request.golden_image).map(Refusal::lasting)
}

/// Why what a group launches is not the golden for sure.
pub(super) fn not_golden(group: &GroupDetail, golden: Option<&ImageId>) -> Option<String> {
    let name = &group.name;
    let Some(image) = golden else {
        return Some(format!(
            "the replacement would not be golden: no golden is recorded here that the Auto Scaling group {name} could be \
             compared with"
        ));
    };
    if group.images.len() != 1 || !group.images.contains(image) {
        let launched: Vec<&str> = group.images.iter().map(ImageId::as_str).collect();
        let launched =
            if launched.is_empty() { "an image that cannot be told".to_owned() } else { launched.join(", ") };
        return Some(format!(
            "the replacement would not be golden: the Auto Scaling group {name} launches {launched}, the golden is {image}; \
             point its launch template at {image}"
        ));
    }
    (!group.pinned).then(|| {
        format!(
            "the replacement would not be golden for sure: the Auto Scaling group {name} follows $Latest or $Default; \
             name the launch template's version by its number"
        )
    })
}

/// Without a substitute the group wants one less, and it never wants less than its minimum.
pub(super) fn minimum(case: &Case<'_>) -> Option<Refusal> {
    let group = launching(case).filter(|_| case.before.no_substitute)?;
    let why = not_golden(group, case.request.golden_image).unwrap_or_default();
    (group.desired <= group.min_size).then(|| {
        Refusal::lasting(format!(
            "can only be contained without a substitute, and the Auto Scaling group {} is at its minimum of {}: lower that by \
             one, or let the group launch the golden ({why})",
            group.name, group.min_size
        ))
    })
}

/// Its group has launched a substitute when it went into standby.
pub(super) fn substituted(case: &Case<'_>) -> Option<Refusal> {
    let group = case.before.group.as_ref()?;
    if case.before.no_substitute {
        return Some(Refusal::lasting(format!(
            "is in quarantine, and its Auto Scaling group {} wants one less until it is released: raise its desired capacity \
             once its launch template names the golden",
            group.name
        )));
    }
    Some(Refusal::lasting(format!(
        "is in quarantine, and its Auto Scaling group {} has launched its substitute already",
        group.name
    )))
}

/// There is an image to launch.
pub(super) fn no_golden(case: &Case<'_>) -> Option<Refusal> {
    let replaces = case.launches() || case.in_place();
    (replaces && case.request.golden_image.is_none())
        .then(|| Refusal::lasting(format!("no golden image is recorded for {}: record one there", case.request.place)))
}

/// There is room for one more, now and when the instance comes back.
pub(super) fn room(case: &Case<'_>) -> Option<Refusal> {
    let group = launching(case).filter(|_| !case.before.no_substitute)?;
    (group.desired >= group.max_size).then(|| {
        Refusal::lasting(format!(
            "the Auto Scaling group {} has no room for a substitute (desired {}, maximum {}): raise its maximum by one",
            group.name, group.desired, group.max_size
        ))
    })
}

/// Two controllers replacing the same members would do it twice.
pub(super) fn refreshing(case: &Case<'_>) -> Option<Refusal> {
    let group = launching(case).filter(|group| group.refreshing)?;
    Some(Refusal::passing(format!("an instance refresh of the Auto Scaling group {} is running", group.name)))
}
