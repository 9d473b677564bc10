//! Exceptions and pauses.

use super::sample::at;
use crate::store::{Store, StoreError};
use crate::types::{Exception, ExceptionId, FleetName};

fn exception(id: &str, created: i64, expires: i64) -> Exception {
    Exception {
        id: id.into(),
        fleet: Some("web".into()),
        account: None,
        instance: None,
        code: None,
        fingerprint: None,
        subject: None,
        path: None,
        reason: "vendor hotfix".to_owned(),
        ticket: "OPS-7".to_owned(),
        approver: "frank@ops".to_owned(),
        created_at: at(created),
        expires_at: at(expires),
    }
}

pub(super) fn expiry_is_mandatory(store: &impl Store) {
    for expires in [10, 9] {
        let refused = store.add_exception(&exception("x-1", 10, expires), "erin@ops");
        assert!(matches!(refused, Err(StoreError::Conflict(_))));
    }
    assert_eq!(store.exceptions().expect("readable"), []);
    let valid = exception("x-1", 10, 11);
    store.add_exception(&valid, "erin@ops").expect("valid");
    assert!(matches!(store.add_exception(&valid, "erin@ops"), Err(StoreError::Conflict(_))), "one id once");
    assert_eq!(store.exceptions().expect("readable"), [valid]);
}

pub(super) fn an_exception_needs_a_scope(store: &impl Store) {
    let refused = store.add_exception(&Exception { fleet: None, ..exception("x-1", 0, 10) }, "erin@ops");
    assert!(matches!(refused, Err(StoreError::Conflict(_))));
    assert_eq!(store.entries().expect("readable"), []);
}

pub(super) fn revoking_ends_it_now(store: &impl Store) {
    let id = ExceptionId::new("x-1");
    store.add_exception(&exception("x-1", 0, 100), "erin@ops").expect("valid");
    store.revoke_exception(&id, "frank@ops", at(50)).expect("active");
    let kept = store.exceptions().expect("readable");
    assert!(kept[0].is_active(at(49)) && !kept[0].is_active(at(50)), "it was in force until then");
    assert!(matches!(store.revoke_exception(&id, "frank@ops", at(60)), Err(StoreError::Conflict(_))));
    let missing = store.revoke_exception(&ExceptionId::new("x-2"), "frank@ops", at(60));
    assert!(matches!(missing, Err(StoreError::NotFound(_))));
    let told: Vec<String> =
        store.entries().expect("readable").iter().map(|entry| format!("{} {}", entry.action, entry.actor)).collect();
    assert_eq!(told, ["exception.add erin@ops", "exception.revoke frank@ops"]);
}

pub(super) fn pauses_hold_until_resumed(store: &impl Store) {
    let web = FleetName::new("web");
    store.pause(Some(&web), "migration", "erin@ops", at(0)).expect("pauses");
    store.pause(None, "incident", "erin@ops", at(1)).expect("pauses");
    store.pause(Some(&web), "still migrating", "erin@ops", at(2)).expect("a newer reason");
    let both = [(None, "incident".to_owned()), (Some(web.clone()), "still migrating".to_owned())];
    assert_eq!(store.pauses().expect("readable"), both);
    store.resume(None, "frank@ops", at(3)).expect("paused");
    assert_eq!(store.pauses().expect("readable"), both[1..], "resuming everything leaves the fleet's own pause");
    assert!(matches!(store.resume(None, "frank@ops", at(4)), Err(StoreError::NotFound(_))));
    let told: Vec<String> =
        store.entries().expect("readable").iter().map(|entry| format!("{} {}", entry.action, entry.object)).collect();
    let expected = ["enforcement.pause web", "enforcement.pause everything", "enforcement.pause web"];
    assert_eq!(told[..3], expected);
    assert_eq!(told[3..], ["enforcement.resume everything"]);
}

pub(super) fn a_pause_by_another_keeps_the_reason_that_is_there(store: &impl Store) {
    let web = FleetName::new("web");
    let differs = "a replacement from web@1 differs from its golden";
    store.pause(Some(&web), "migration", "erin@ops", at(0)).expect("pauses");
    for second in [1, 2] {
        store.pause(Some(&web), differs, "cattleguard", at(second)).expect("pauses");
    }
    let both = format!("migration; {differs}");
    assert_eq!(store.pauses().expect("readable"), [(Some(web.clone()), both.clone())]);
    store.resume(Some(&web), "frank@ops", at(3)).expect("paused");
    assert_eq!(store.pauses().expect("readable"), []);
    let entries = store.entries().expect("readable");
    let actors: Vec<&str> = entries.iter().map(|entry| entry.actor.as_str()).collect();
    assert_eq!(actors, ["erin@ops", "cattleguard", "cattleguard", "frank@ops"]);
    assert_eq!(entries[3].details["lifted"], both, "the log says what was let go of");
}
