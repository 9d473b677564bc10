//! The past, for reports.

use super::sample::{at, lease, scan};
use crate::store::Store;
use crate::types::Verdict;

pub(super) fn scans_are_counted_over_a_period(store: &impl Store) {
    let lease = lease(store);
    for (id, second) in [("s1", 0), ("s2", 100), ("s3", 200)] {
        store.commit_scan(&lease, &scan(id, second)).expect("commits");
    }
    let points = store.scan_points(at(0), at(100)).expect("readable");
    assert_eq!(points.len(), 2, "the third is later");
    assert!(points.windows(2).all(|pair| pair[0].started_at < pair[1].started_at));
    let last = store.last_scan().expect("readable").expect("a scan");
    let mut met = Vec::new();
    store
        .each_scan(at(0), at(1000), &mut |scan| {
            met.push(scan);
            met.len() < 2
        })
        .expect("readable");
    assert_eq!(met.len(), 2, "the visitor had enough");
    assert_eq!(met[0], last, "the newest comes first");
    let lived = store.population(at(0), at(100)).expect("readable");
    let results = store.instance_results().expect("readable");
    assert_eq!(lived.len(), results.len());
    for (one, result) in lived.iter().zip(&results) {
        assert_eq!(one.last.as_ref(), Some(result));
        assert_eq!((one.first_seen, one.last_seen), (points[0].started_at, points[1].started_at));
        let counts = [one.clean, one.drifted, one.unjudged];
        let expected = match result.verdict {
            Verdict::Clean => [2, 0, 0],
            Verdict::Drifted => [0, 2, 0],
            Verdict::Unjudged => [0, 0, 2],
        };
        assert_eq!(counts, expected);
    }
    assert_eq!(store.population(at(5000), at(6000)).expect("readable"), []);
}
