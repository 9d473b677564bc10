use std::time::Instant;

use super::{folder, open};
use crate::store::contract::sample::{at, decision, input, lease, place, result, scan};
use crate::store::traits::{InstanceResult, Link, ScanCommit, Scans};
use crate::types::{Observed, Verdict};

const INSTANCES: u32 = 10_000;

/// A fleet as the `number`-th scan sees it: heartbeats and input digests move on, nothing else.
fn fleet(number: i64) -> Vec<InstanceResult> {
    let one = |index: u32| {
        let mut result = result(&format!("i-{index:017x}"), Verdict::Clean);
        result.decision = Some(decision(result.instance.id.as_str(), &format!("input-{number}-{index}")));
        if let Observed::Seen(Some(node)) = &mut result.instance.node {
            node.last_ping = Some(at(number * 100));
        }
        result
    };
    (0..INSTANCES).map(one).collect()
}

fn whole_scan(number: i64) -> ScanCommit {
    let instances = fleet(number);
    let link = |result: &InstanceResult, kind: &str| Link {
        place: place(),
        key: format!("{kind}-{}", result.instance.id),
        instance: result.instance.id.clone(),
        seen_at: at(number * 100),
    };
    let links = instances.iter().flat_map(|result| ["eni", "vol"].map(|kind| link(result, kind))).collect();
    let inputs = instances.iter().map(|result| input(result.instance.id.as_str(), &format!("d-{number}"))).collect();
    ScanCommit { instances, links, inputs, ..scan(&format!("s{number}"), number * 100) }
}

/// The cost of a scan of a large fleet in which nothing happened: no body is written again. The times are
/// printed, not judged: `cargo nextest run --no-capture bulk`.
#[test]
fn an_unchanged_fleet_is_not_written_again() {
    let (_folder, path) = folder();
    let store = open(&path);
    let lease = lease(&store);
    store
        .lock()
        .execute_batch(
            "CREATE TEMP TABLE written (body INTEGER);
         CREATE TEMP TRIGGER body_added AFTER INSERT ON instance_body BEGIN INSERT INTO written VALUES (1); END;
         CREATE TEMP TRIGGER body_changed AFTER UPDATE ON instance_body BEGIN INSERT INTO written VALUES (1); END;",
        )
        .expect("counters");
    let mut written = Vec::new();
    for number in 0..3 {
        let mut commit = whole_scan(number);
        if number == 2 {
            commit.instances[17].verdict = Verdict::Drifted;
        }
        let start = Instant::now();
        store.commit_scan(&lease, &commit).expect("commits");
        println!("commit {number} of {INSTANCES} instances: {:?}", start.elapsed());
        let count: u32 = store.lock().query_row("SELECT count(*) FROM written", [], |row| row.get(0)).expect("a count");
        written.push(count);
    }
    assert_eq!(written, [INSTANCES, INSTANCES, INSTANCES + 1]);
    let start = Instant::now();
    assert_eq!(store.instance_results().expect("readable").len(), INSTANCES as usize);
    println!("reading {INSTANCES} results: {:?}", start.elapsed());
    let inputs = store.inputs_since(at(0)).expect("readable");
    assert_eq!(inputs.len(), INSTANCES as usize + 1, "one for each instance, and one more for the one that changed");
    let bytes = std::fs::metadata(&path).expect("the file").len();
    println!("file: {} bytes an instance", bytes / u64::from(INSTANCES));
}
