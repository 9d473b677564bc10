//! Two at once: the second says who holds the lease.

use cattleguard::store::{Leases as _, SqliteStore};

use super::{demo_world, eventually, sim, start};
use crate::harness::{Answer, OK, PARTIAL, Receiver, Setup, UNAVAILABLE, small};

#[test]
fn the_second_scan_names_the_holder_and_changes_nothing() {
    let app = demo_world(Setup::new(small()));
    let store = SqliteStore::open(&app.path("state.db")).expect("the state");
    let lease = store.acquire("scan", "build-7 pid 4711 (daemon)", app.fleet.clock.now(), 120).expect("the lease");
    let refused = sim(&app, &["scan"]);
    assert_eq!(refused.code, UNAVAILABLE);
    assert!(refused.stderr.contains("build-7 pid 4711 (daemon)"), "{}", refused.stderr);
    assert_eq!(refused.stdout, "");
    assert_eq!(app.run(&["scan"]), UNAVAILABLE, "in process as well");
    assert_eq!(app.run(&["golden", "list"]), OK, "reading goes on");
    store.release(&lease).expect("released");
    assert_eq!(sim(&app, &["scan"]).code, PARTIAL);
}

#[test]
fn two_real_scans_at_once_leave_one_result_each_and_an_intact_state() {
    let app = demo_world(Setup::new(small()));
    let mut codes = Vec::new();
    for _ in 0..2 {
        let mut both = [start(&app, &["-q", "scan"]), start(&app, &["-q", "scan"])];
        codes.extend(both.iter_mut().map(|child| child.wait().expect("an end").code().expect("a code")));
    }
    assert!(codes.iter().all(|code| [PARTIAL, UNAVAILABLE].contains(code)), "{codes:?}");
    assert!(codes.contains(&PARTIAL), "{codes:?}");
    assert_eq!(app.run(&["audit", "verify"]), OK);
    assert_eq!(sim(&app, &["scan"]).code, PARTIAL);
}

#[test]
fn a_scan_that_only_delivers_holds_up_nobody() {
    let receiver = Receiver::start();
    let app = demo_world(Setup::new(small()).webhook_to(&receiver));
    receiver.always(Some(Answer::Hang));
    let mut slow = start(&app, &["-q", "scan"]);
    eventually("a delivery", || !receiver.arrived().is_empty());
    receiver.always(None);
    assert_eq!(sim(&app, &["scan"]).code, PARTIAL, "the lease is free while alerts are delivered");
    slow.kill().expect("killed");
    slow.wait().expect("an end");
    app.may_leave_alerts();
}
