//! How far the audit log was anchored.

use super::sample::at;
use crate::store::Store;
use crate::store::anchors::Anchored;

pub(super) fn where_anchoring_stands_is_kept(store: &impl Store) {
    assert_eq!(store.anchored().expect("readable"), Anchored::default());
    let never = Anchored { head: None, fault: Some("denied".to_owned()) };
    store.keep_anchored(&never).expect("kept");
    assert_eq!(store.anchored().expect("readable"), never);
    let done = Anchored { head: Some((3, "ab".to_owned(), at(9))), fault: None };
    store.keep_anchored(&done).expect("kept");
    assert_eq!(store.anchored().expect("readable"), done);
}
