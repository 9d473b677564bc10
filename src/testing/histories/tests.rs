//! A short run, and a judge that can be wrong in no direction.

use super::{Options, run};

#[test]
fn two_hundred_histories_keep_every_promise() {
    let summary = run(Options { from: 1, seeds: 200, jobs: 1 }, &|_| {});
    assert_eq!(summary.failure, None);
    assert_eq!(summary.histories, 200);
    assert_eq!(summary.tally.missing(200), Vec::<String>::new(), "{}", summary.tally);
}
