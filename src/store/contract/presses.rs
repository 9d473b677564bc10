//! Presses of buttons.

use serde_json::json;

use super::sample::at;
use crate::store::{Pressed, Store};

fn pressed(key: &str, second: i64, outcome: &str) -> Pressed {
    Pressed {
        key: key.to_owned(),
        at: at(second),
        by: "erin@ops by Slack U1".to_owned(),
        object: "f-1".to_owned(),
        details: json!({"act": "acknowledge"}),
        outcome: outcome.to_owned(),
    }
}

pub(super) fn a_press_is_kept_once_with_its_audit_entry(store: &impl Store) {
    assert_eq!(store.press("prs_1").expect("readable"), None);
    store.save_press(&pressed("prs_1", 1, "done")).expect("kept");
    store.save_press(&pressed("prs_1", 2, "done again")).expect("no error");
    assert_eq!(store.press("prs_1").expect("readable").as_deref(), Some("done"));
    assert_eq!(store.press("prs_2").expect("readable"), None);
    let entries = store.entries().expect("readable");
    let told: Vec<_> = entries.iter().map(|entry| (entry.action.as_str(), entry.actor.as_str(), entry.at)).collect();
    assert_eq!(told, [("slack.press", "erin@ops by Slack U1", at(1))]);
}

pub(super) fn old_presses_go(store: &impl Store) {
    store.save_press(&pressed("prs_1", 1, "old")).expect("kept");
    store.save_press(&pressed("prs_2", 100, "new")).expect("kept");
    store.prune(at(50)).expect("pruned");
    assert_eq!(store.press("prs_1").expect("readable"), None);
    assert_eq!(store.press("prs_2").expect("readable").as_deref(), Some("new"));
}
