use super::world::*;
use crate::plan::{OperationState, PastOperation};
use crate::types::{Action, AsgMembership, Exception, Gate, GateAnswer, OperationKind};

pub(super) type Edit = fn(&mut World);

/// Each row changes the world in one way; the gate must answer like this, and every reason must say something.
pub(super) fn table(gate: Gate, rows: &[(&str, Edit, GateAnswer)]) {
    assert_eq!(World::new().answer(gate), GateAnswer::Allow, "{gate} allows in a world where nothing is wrong");
    for (name, edit, expected) in rows {
        let mut world = World::new();
        edit(&mut world);
        let report = world.gate(gate);
        assert_eq!(report.answer, *expected, "{gate}: {name}: {}", report.reason);
        assert!(report.reason.len() > 10, "{gate}: {name}");
    }
}

pub(super) fn contain(world: &mut World) {
    let decision = world.decision();
    decision.asked = Action::Quarantine;
    decision.action = Action::Quarantine;
    decision.policies[0].hits[0].action = Action::Quarantine;
}

pub(super) fn exception(hours: i64) -> Exception {
    Exception {
        id: "x-1".into(),
        fleet: Some("web".into()),
        account: None,
        instance: None,
        code: Some("software-*".to_owned()),
        fingerprint: None,
        subject: None,
        path: None,
        reason: "migration".to_owned(),
        ticket: "T-1".to_owned(),
        approver: "ben".to_owned(),
        created_at: ago(48),
        expires_at: ago(-hours),
    }
}

pub(super) fn past(number: usize, state: OperationState) -> PastOperation {
    PastOperation {
        kind: OperationKind::Replace,
        instance: instance(number).id,
        replacement: None,
        fleet: "web".into(),
        place: instance(number).place(),
        zone: instance(number).zone,
        golden: Some(golden().reference()),
        begun_at: jiff::Timestamp::UNIX_EPOCH,
        state,
    }
}

pub(super) fn in_group(world: &mut World, in_service: i32, min_size: i32) {
    world.first().instance.asg = Some(AsgMembership {
        group: "web".to_owned(),
        lifecycle_state: Some("InService".to_owned()),
        health: Some("Healthy".to_owned()),
        min_size: Some(min_size),
        desired: Some(in_service),
        max_size: None,
        in_service: Some(in_service),
    });
}
