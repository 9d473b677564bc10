//! Policy bundles: never back.

use super::sample::at;
use crate::store::{Store, StoreError, TakenBundle};

fn bundle(sequence: u64, digest: &str) -> TakenBundle {
    let (revision, digest) = (format!("r{sequence}"), digest.to_owned());
    TakenBundle { revision, sequence, digest, signed_by: None }
}

pub(super) fn an_older_bundle_is_not_taken_again(store: &impl Store) {
    assert_eq!(store.taken_bundle().expect("readable"), None);
    store.take_bundle(&bundle(5, "a"), "erin@ops", at(1)).expect("the first");
    store.take_bundle(&bundle(5, "a"), "erin@ops", at(2)).expect("the same again");
    for refused in [bundle(4, "b"), bundle(5, "b")] {
        let answer = store.take_bundle(&refused, "erin@ops", at(3));
        assert!(matches!(answer, Err(StoreError::Conflict(_))), "{refused:?}");
    }
    store.take_bundle(&bundle(6, "b"), "frank@ops", at(4)).expect("a newer one");
    assert_eq!(store.taken_bundle().expect("readable"), Some(bundle(6, "b")));
    let told: Vec<String> =
        store.entries().expect("readable").iter().map(|entry| format!("{} {}", entry.action, entry.object)).collect();
    assert_eq!(told, ["policy.bundle a", "policy.bundle b"], "each once");
}
