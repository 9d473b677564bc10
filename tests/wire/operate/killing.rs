//! Runs the binary until it dies, and looks into what it left.

use std::time::{Duration, Instant};

use cattleguard::remediate::{Journal as _, OperationRecord, StepState};
use cattleguard::store::{Leases as _, SqliteStore};
use jiff::{SignedDuration, Timestamp};

use super::site::Site;

/// Longest time that one step takes here.
const PATIENCE: Duration = Duration::from_secs(60);

/// Its state.
pub(super) fn store(site: &Site) -> SqliteStore {
    SqliteStore::open(&site.desk.path("state.db")).unwrap()
}

/// A killed process leaves its lease behind, for two minutes at most: the test lets it expire.
fn expire_lease(site: &Site) {
    let (store, later) = (store(site), Timestamp::now() + SignedDuration::from_hours(1));
    for name in ["enforce", "scan"] {
        let lease = store.acquire(name, "the test", later, 1).unwrap();
        store.release(&lease).unwrap();
    }
}

/// The only operation that there is, once there is one.
pub(super) fn operation(site: &Site) -> Option<OperationRecord> {
    let mut all = store(site).operations_since(Timestamp::MIN).unwrap();
    assert!(all.len() <= 1, "{all:#?}");
    all.pop()
}

/// How many steps of it are done.
pub(super) fn steps_done(site: &Site) -> usize {
    let done = |record: OperationRecord| record.steps.iter().filter(|step| step.state == StepState::Done).count();
    operation(site).map_or(0, done)
}

/// Runs the command until it dies at this point.
pub(super) fn die_at(site: &Site, args: &[&str], point: &str) {
    let output = site.desk.run_with(args, ("CATTLEGUARD_FAILPOINT", point));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), None, "{point} was not come by: {told}");
    expire_lease(site);
}

/// Starts the command and kills it some time after so many steps are done. `false`: it ended by itself.
pub(super) fn kill_after(site: &Site, args: &[&str], steps: usize, later: Duration) -> bool {
    let mut child = site.desk.start(args);
    let begun = Instant::now();
    while steps_done(site) < steps && child.try_wait().unwrap().is_none() {
        assert!(begun.elapsed() < PATIENCE, "{steps} steps: {:#?}", operation(site));
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(later);
    child.kill().unwrap();
    let killed = child.wait().unwrap().code().is_none();
    expire_lease(site);
    killed
}
