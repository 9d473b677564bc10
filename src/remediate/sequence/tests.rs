//! What the order of steps must guarantee.

use std::collections::BTreeSet;

use super::*;
use crate::remediate::{Does, LaunchRequest, REPLACEMENT, samples};
use crate::types::OperationId;

fn steps(how: &ReplaceIn) -> Vec<Step> {
    let (before, settings, operation) = (samples::before(), Settings::default(), OperationId::new("op-1"));
    let instance = before.detail.instance.id.clone();
    let laid = Laid {
        operation: &operation,
        instance: &instance,
        track: Track::Hygiene,
        settings: &settings,
        before: &before,
        begun_at: samples::time(8),
    };
    replace(&laid, how)
}

fn in_group() -> ReplaceIn {
    ReplaceIn::Group { group: "web-1".to_owned(), subnet: "subnet-1".to_owned(), token: "t".to_owned() }
}

fn by_launch(source_dest_check: Option<bool>) -> ReplaceIn {
    let before = samples::before();
    let instance = &before.detail.instance;
    ReplaceIn::Launch(Box::new(LaunchRequest {
        image: instance.image.clone(),
        instance_type: instance.instance_type.clone(),
        subnet: "subnet-1".to_owned(),
        zone: instance.zone.clone(),
        security_groups: BTreeSet::new(),
        profile: None,
        key_name: None,
        metadata: instance.metadata_options.clone(),
        user_data: None,
        volumes: Vec::new(),
        source_dest_check,
        placement: before.detail.placement.clone(),
        tags: BTreeMap::from([(OPERATION_TAG.to_owned(), "op-1".to_owned())]),
        token: "t".to_owned(),
    }))
}

/// Whether a call marks the replacement as the operation's.
fn marks(call: &WriteCall) -> bool {
    match call {
        WriteCall::CreateTags { resources, tags } => {
            resources.iter().eq([REPLACEMENT]) && tags.get(OPERATION_TAG).is_some_and(|operation| operation == "op-1")
        }
        WriteCall::Launch(request) => request.tags.contains_key(OPERATION_TAG),
        _ => false,
    }
}

/// What the enforcing role may do to instances that carry the mark only.
fn needs_mark(call: &WriteCall) -> bool {
    let on_it = matches!(
        call,
        WriteCall::RefreshInventory { instance }
            | WriteCall::Terminate { instance }
            | WriteCall::SetSourceDestCheck { instance, .. }
            | WriteCall::AttachVolume { instance, .. }
            | WriteCall::AttachInterface { instance, .. }
            if instance.as_str() == REPLACEMENT
    );
    on_it && !marks(call)
}

#[test]
fn a_replacement_carries_the_mark_before_a_call_that_demands_it() {
    for how in [in_group(), by_launch(Some(false))] {
        let (mut marked, mut demanding) = (false, 0);
        for step in steps(&how) {
            // Undone right after this step, when nothing else was made yet.
            let mut undoing = marked || matches!(&step.does, Does::Call(call @ WriteCall::Launch(_)) if marks(call));
            for call in &step.undo {
                assert!(undoing || !needs_mark(call), "undoing {}: {call:?}", step.name);
                undoing |= marks(call);
            }
            let Does::Call(call) = &step.does else { continue };
            assert!(marked || !needs_mark(call), "{}: {call:?}", step.name);
            marked |= marks(call);
            demanding += usize::from(needs_mark(call));
        }
        assert!(demanding > 0, "{how:?}");
    }
}

#[test]
fn the_source_destination_check_is_switched_off_before_the_replacement_is_proven() {
    let named = |how: &ReplaceIn| -> Vec<String> { steps(how).into_iter().map(|step| step.name).collect() };
    let names = named(&by_launch(Some(false)));
    let at = |name: &str| names.iter().position(|found| found == name);
    assert!(at("launch") < at("set-source-dest-check") && at("set-source-dest-check") < at("attested"), "{names:?}");
    assert!(!named(&by_launch(None)).iter().any(|name| name == "set-source-dest-check"));
}
