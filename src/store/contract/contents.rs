//! Content hashes between scans.

use super::sample::{at, place, scan};
use crate::store::{CleanContent, ContentMarks, ContentReport, ScanCommit, Store};
use crate::types::GoldenRef;

fn report(instance: &str, hash: &str, reported: i64) -> ContentReport {
    ContentReport {
        place: place(),
        instance: instance.into(),
        kind: "AWS:Application".into(),
        hash: hash.to_owned(),
        agent: "amazon-ssm-agent/3.3".to_owned(),
        schema_version: "1.1".to_owned(),
        captured_at: at(reported - 1),
        reported_at: at(reported),
    }
}

fn clean(hash: &str, seen: i64) -> CleanContent {
    CleanContent {
        golden: GoldenRef::new("web", "1"),
        instance_type: "m7i.large".to_owned(),
        agent: "amazon-ssm-agent/3.3".to_owned(),
        kind: "AWS:Application".into(),
        hash: hash.to_owned(),
        seen_at: at(seen),
    }
}

fn commit(store: &impl Store, number: i64, contents: ContentMarks) {
    let lease = store.acquire("scan", "a", at(number * 100), 60).expect("free or expired");
    store.commit_scan(&lease, &ScanCommit { contents, ..scan(&format!("s{number}"), number * 100) }).expect("commits");
}

pub(super) fn the_newest_report_of_a_type_stays(store: &impl Store) {
    let first = vec![report("i-1", "old", 10), report("i-2", "other", 10)];
    commit(store, 1, ContentMarks { reports: first, clean: Vec::new() });
    // Read again: the trail delivers late and twice.
    let late = vec![report("i-1", "new", 20), report("i-2", "older", 5)];
    commit(store, 2, ContentMarks { reports: late, clean: Vec::new() });
    let expected = [report("i-1", "new", 20), report("i-2", "other", 10)];
    assert_eq!(store.content_reports().expect("readable"), expected);
}

pub(super) fn hashes_of_clean_instances_go_when_nobody_reports_them(store: &impl Store) {
    commit(
        store,
        1,
        ContentMarks { clean: vec![clean("a", 10), clean("b", 10)], reports: vec![report("i-1", "a", 10)] },
    );
    commit(store, 2, ContentMarks { clean: vec![clean("b", 300)], reports: Vec::new() });
    assert_eq!(store.clean_contents().expect("readable"), [clean("a", 10), clean("b", 300)]);
    store.prune(at(200)).expect("prunes");
    assert_eq!(store.clean_contents().expect("readable"), [clean("b", 300)]);
    assert_eq!(store.content_reports().expect("readable"), []);
}
