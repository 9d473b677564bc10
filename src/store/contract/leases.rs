//! Mutual exclusion.

use super::sample::at;
use crate::store::{Store, StoreError};

pub(super) fn second_holder_is_told_who_holds_it(store: &impl Store) {
    store.acquire("scan", "host-a pid 7 scan", at(0), 60).expect("a free lease");
    let refused = store.acquire("scan", "host-b pid 9 scan", at(30), 60).expect_err("held");
    let StoreError::LeaseHeld { name, holder, until } = &refused else {
        panic!("expected a held lease, got {refused}");
    };
    assert_eq!((name.as_str(), holder.as_str(), *until), ("scan", "host-a pid 7 scan", at(60)));
    assert!(refused.to_string().contains("host-a pid 7 scan"));
}

pub(super) fn expired_lease_is_taken_with_a_newer_epoch(store: &impl Store) {
    let first = store.acquire("scan", "a", at(0), 60).expect("a free lease");
    let second = store.acquire("scan", "b", at(60), 60).expect("expired exactly now");
    assert!(second.epoch > first.epoch);
    assert!(matches!(store.renew(&first, at(61), 60), Err(StoreError::LeaseLost { .. })));
    assert!(matches!(store.release(&first), Err(StoreError::LeaseLost { .. })));
    store.renew(&second, at(61), 60).expect("the loser's attempts change nothing");
}

pub(super) fn renewing_extends(store: &impl Store) {
    let lease = store.acquire("scan", "a", at(0), 60).expect("a free lease");
    store.renew(&lease, at(50), 60).expect("ours");
    assert!(matches!(store.acquire("scan", "b", at(100), 60), Err(StoreError::LeaseHeld { .. })));
    store.acquire("scan", "b", at(110), 60).expect("expired");
}

pub(super) fn released_lease_is_free_and_epochs_never_fall(store: &impl Store) {
    let first = store.acquire("scan", "a", at(0), 60).expect("a free lease");
    store.release(&first).expect("ours");
    assert!(matches!(store.renew(&first, at(1), 60), Err(StoreError::LeaseLost { .. })));
    let second = store.acquire("scan", "a", at(1), 60).expect("free again");
    assert!(second.epoch > first.epoch, "the released epoch must not become valid again");
}

pub(super) fn leases_are_independent(store: &impl Store) {
    store.acquire("scan", "a", at(0), 60).expect("a free lease");
    store.acquire("deliver", "b", at(0), 60).expect("another lease");
}
