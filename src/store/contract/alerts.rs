//! Silences and threads.

use serde_json::json;

use super::sample::at;
use crate::store::{Store, StoreError, Thread};
use crate::types::{Silence, SilenceId};

fn silence(id: &str, created: i64, until: i64) -> Silence {
    Silence {
        id: id.into(),
        fleet: Some("web".into()),
        code: None,
        account: None,
        instance: None,
        actor: None,
        reason: "planned work".to_owned(),
        by: "erin@ops".to_owned(),
        created_at: at(created),
        until: at(until),
    }
}

pub(super) fn a_silence_has_a_scope_and_an_end(store: &impl Store) {
    assert!(matches!(store.add_silence(&silence("s-1", 10, 10)), Err(StoreError::Conflict(_))));
    let unscoped = Silence { fleet: None, ..silence("s-1", 0, 10) };
    assert!(matches!(store.add_silence(&unscoped), Err(StoreError::Conflict(_))));
    assert_eq!(store.silences().expect("readable"), []);
    store.add_silence(&silence("s-1", 0, 10)).expect("valid");
    assert!(matches!(store.add_silence(&silence("s-1", 0, 10)), Err(StoreError::Conflict(_))), "one id once");
    assert_eq!(store.silences().expect("readable"), [silence("s-1", 0, 10)]);
}

pub(super) fn revoking_a_silence_ends_it_now(store: &impl Store) {
    let id = SilenceId::new("s-1");
    store.add_silence(&silence("s-1", 0, 100)).expect("valid");
    store.revoke_silence(&id, "frank@ops", at(50)).expect("active");
    assert_eq!(store.silences().expect("readable")[0].until, at(50));
    assert!(matches!(store.revoke_silence(&id, "frank@ops", at(60)), Err(StoreError::Conflict(_))));
    let missing = store.revoke_silence(&SilenceId::new("s-2"), "frank@ops", at(60));
    assert!(matches!(missing, Err(StoreError::NotFound(_))));
    let told: Vec<String> =
        store.entries().expect("readable").iter().map(|entry| format!("{} {}", entry.action, entry.actor)).collect();
    assert_eq!(told, ["silence.add erin@ops", "silence.revoke frank@ops"]);
}

pub(super) fn a_thread_is_kept_until_it_is_replaced(store: &impl Store) {
    let thread = |group: &str, ts: &str, open, changed| Thread {
        destination: "ops".to_owned(),
        group: group.to_owned(),
        channel: "C1".to_owned(),
        ts: ts.to_owned(),
        open,
        changed_at: at(changed),
        body: json!({"state": "new"}),
    };
    assert_eq!(store.thread("ops", "a").expect("readable"), None);
    store.save_thread(&thread("a", "1.1", true, 1)).expect("kept");
    store.save_thread(&thread("b", "1.2", true, 2)).expect("kept");
    store.save_thread(&thread("c", "1.3", false, 3)).expect("kept");
    assert_eq!(store.thread("ops", "c").expect("readable"), Some(thread("c", "1.3", false, 3)));
    assert_eq!(store.thread("other", "a").expect("readable"), None);
    let open = |limit| {
        let found = store.open_threads("ops", limit).expect("readable");
        found.into_iter().map(|thread| thread.group).collect::<Vec<_>>()
    };
    assert_eq!(open(10), ["b", "a"], "the one changed last first");
    assert_eq!(open(1), ["b"]);
    store.save_thread(&thread("a", "2.1", true, 9)).expect("replaced");
    assert_eq!(open(10), ["a", "b"]);
    assert_eq!(store.thread("ops", "a").expect("readable").map(|thread| thread.ts).as_deref(), Some("2.1"));
}
