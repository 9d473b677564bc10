//! Decision records: one for as long as the same is decided, and one for its end.

use super::sample::{at, input, lease, result, scan};
use crate::store::{InstanceResult, Lease, ScanCommit, Store};
use crate::types::{
    Action, Circumstances, DecisionRecord, DecisionStatus, InstanceId, PolicyOutcome, PolicyResult, RuleHit, Severity,
    Track, Verdict,
};

fn hit() -> RuleHit {
    RuleHit {
        kind: "violation".to_owned(),
        id: "A-1".to_owned(),
        msg: "changed".to_owned(),
        severity: Severity::High,
        action: Action::Replace,
        track: Track::Hygiene,
        controls: vec![],
        finding_ids: vec![],
        grace_s: 0,
        details: serde_json::Value::Null,
    }
}

fn of(id: &str, hits: Vec<RuleHit>, input_digest: &str) -> InstanceResult {
    let outcome = if hits.is_empty() { PolicyOutcome::Pass } else { PolicyOutcome::Violation };
    let mut result = result(id, Verdict::Drifted);
    if let Some(decision) = &mut result.decision {
        decision.policies = vec![PolicyResult { policy: "cattleguard.host.a".to_owned(), outcome, hits, error: None }];
        decision.input_digest = input_digest.to_owned();
    }
    result
}

fn commit(store: &impl Store, lease: &Lease, name: &str, start: i64, results: Vec<InstanceResult>) {
    let circumstances = |result: &InstanceResult| Circumstances {
        instance: result.instance.id.clone(),
        bundle_revision: None,
        exceptions: vec!["ex-1".into()],
        duration_ns: 7 + start.unsigned_abs(),
    };
    let inputs = results
        .iter()
        .filter_map(|result| Some(input(result.instance.id.as_str(), &result.decision.as_ref()?.input_digest)))
        .collect();
    let circumstances = results.iter().map(circumstances).collect();
    let whole = ScanCommit { instances: results, circumstances, inputs, ..scan(name, start) };
    store.commit_scan(lease, &whole).expect("committed");
}

fn records(store: &impl Store, since: i64) -> Vec<DecisionRecord> {
    let mut found = Vec::new();
    store.each_decision_since(at(since), &mut |record| found.push(record)).expect("readable");
    found
}

pub(crate) fn a_decision_is_one_record_while_it_stays_the_same(store: &impl Store) {
    let lease = lease(store);
    commit(store, &lease, "s1", 0, vec![of("i-1", vec![hit()], "d-1"), of("i-2", vec![], "d-2")]);
    commit(store, &lease, "s2", 100, vec![of("i-1", vec![hit()], "d-3"), of("i-2", vec![], "d-4")]);
    let found = records(store, 0);
    let [record] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!(record.id, DecisionRecord::id_of(&"s1".into(), &InstanceId::from("i-1")));
    assert_eq!((record.scan.as_str(), record.last_scan.as_str()), ("s1", "s2"));
    assert_eq!((record.decided_at, record.last_decided_at), (at(0), at(100)));
    assert_eq!(record.decision, of("i-1", vec![hit()], "d-3").decision.expect("a decision"));
    assert_eq!(record.circumstances.duration_ns, 7, "of the first");
    assert_eq!(store.decision(&record.id).expect("readable"), Some(record.clone()));
    // What it was made from is there to be replayed.
    let kept = store.input_of(&"i-1".into(), "d-3").expect("readable").expect("an input");
    assert_eq!(kept["scan"], "d-3");
    assert_eq!(store.input_of(&"i-1".into(), "d-1").expect("readable"), None);
}

pub(crate) fn another_decision_and_the_end_of_one_are_records_of_their_own(store: &impl Store) {
    let lease = lease(store);
    let failed = |input: &str| {
        let mut result = of("i-1", vec![], input);
        result.decision.as_mut().expect("a decision").status = DecisionStatus::Error;
        result
    };
    commit(store, &lease, "s1", 0, vec![of("i-1", vec![hit()], "d-1")]);
    commit(store, &lease, "s2", 100, vec![failed("d-2")]);
    commit(store, &lease, "s3", 200, vec![of("i-1", vec![], "d-3")]);
    commit(store, &lease, "s4", 300, vec![of("i-1", vec![], "d-4")]);
    commit(store, &lease, "s5", 400, vec![of("i-1", vec![hit()], "d-5")]);
    let scans: Vec<_> = records(store, 0).into_iter().map(|record| record.scan.to_string()).collect();
    assert_eq!(scans, ["s1", "s2", "s3", "s5"], "a pass after a pass is no news");
    let late: Vec<_> = records(store, 150).into_iter().map(|record| record.scan.to_string()).collect();
    assert_eq!(late, ["s3", "s5"]);
    store.prune(at(250)).expect("pruned");
    let left: Vec<_> = records(store, 0).into_iter().map(|record| record.scan.to_string()).collect();
    assert_eq!(left, ["s5"]);
}
