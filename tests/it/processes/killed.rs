//! SIGKILL at any point loses no committed finding and no alert.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use cattleguard::store::{Leases as _, OutboxState, SqliteStore};

use super::{command, demo_world, eventually, sim, start, terminate};
use crate::harness::{Answer, OK, PARTIAL, Receiver, Setup, TestApp, small};

const ROUNDS: u32 = 30;

/// A killed scan leaves its lease behind until it expires. The simulated time of a new process begins where the
/// last one's did, so the test lets it expire.
fn expire_lease(app: &TestApp) {
    let store = SqliteStore::open(&app.path("state.db")).expect("the state opens after a kill");
    let later = app.fleet.clock.now() + jiff::SignedDuration::from_hours(1);
    let lease = store.acquire("scan", "the test", later, 1).expect("an expired lease can be taken");
    store.release(&lease).expect("released");
}

/// What a state says was found, without the times and ids of scans.
fn findings(app: &TestApp) -> Vec<(String, String, String)> {
    let (code, listed) = app.json(&["findings", "list"]);
    assert_eq!(code, OK);
    let of = |finding: &serde_json::Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let list = listed["findings"].as_array().expect("a list");
    list.iter().map(|f| (of(f, "id"), of(f, "status"), f["attribution"].to_string())).collect()
}

/// What the alerts that were accepted are about.
fn told(receiver: &Receiver) -> BTreeSet<String> {
    let hooks = receiver.hooks();
    hooks.iter().map(|hook| hook.body()["data"]["group"].to_string()).collect()
}

#[test]
fn a_scan_killed_at_any_moment_leaves_a_state_that_the_next_one_completes() {
    let (calm, stormy) = (Receiver::start(), Receiver::start());
    let undisturbed = demo_world(Setup::new(small()).webhook_to(&calm));
    let begun = Instant::now();
    assert_eq!(sim(&undisturbed, &["-q", "scan"]).code, PARTIAL);
    let takes = begun.elapsed();

    let app = demo_world(Setup::new(small()).webhook_to(&stormy));
    let mut killed = 0;
    for round in 0..ROUNDS {
        // From the very start to past the usual end, in an order that is not the natural one.
        let share = f64::from(round * 7 % ROUNDS) / f64::from(ROUNDS) * 1.1;
        let mut child = start(&app, &["-q", "scan"]);
        std::thread::sleep(takes.mul_f64(share).min(Duration::from_secs(2)));
        child.kill().expect("killed");
        killed += u32::from(child.wait().expect("an end").code().is_none());
        expire_lease(&app);
    }
    assert!(killed >= ROUNDS / 2, "only {killed} of {ROUNDS} were killed before they ended");
    assert_eq!(sim(&app, &["-q", "scan"]).code, PARTIAL);

    assert_eq!(findings(&app), findings(&undisturbed));
    assert_eq!(app.run(&["audit", "verify"]), OK);
    assert_eq!(app.outbox(OutboxState::Pending).len(), undisturbed.outbox(OutboxState::Pending).len());
    assert_eq!(told(&stormy), told(&calm), "every alert arrived, and no other");
}

#[test]
fn alerts_of_a_scan_that_was_killed_before_it_delivered_are_delivered_by_the_next() {
    let receiver = Receiver::start();
    let app = demo_world(Setup::new(small()).webhook_to(&receiver));
    receiver.always(Some(Answer::Hang));
    let mut child = start(&app, &["-q", "scan"]);
    eventually("the first delivery", || !receiver.arrived().is_empty());
    child.kill().expect("killed");
    child.wait().expect("an end");
    let (first, waiting) = (receiver.arrived()[0].clone(), app.outbox(OutboxState::Pending));
    assert!(waiting.len() > 1, "committed with the findings: {}", waiting.len());
    assert!(!findings(&app).is_empty());

    receiver.always(None);
    expire_lease(&app);
    assert_eq!(sim(&app, &["-q", "scan"]).code, PARTIAL);
    let delivered: Vec<_> = receiver.hooks().iter().map(|hook| hook.header("webhook-id").to_owned()).collect();
    for row in &waiting {
        assert!(delivered.contains(&row.draft.key), "{} was lost", row.draft.group);
    }
    let same = delivered.iter().filter(|id| *id == first.header("webhook-id")).count();
    assert_eq!(same, 1, "the one that had arrived comes again under its own id");
    assert_eq!(delivered.len(), delivered.iter().collect::<BTreeSet<_>>().len(), "nothing is told twice");
}

#[test]
fn sigterm_ends_a_scan_cleanly_and_keeps_what_is_not_delivered() {
    let receiver = Receiver::start();
    let app = demo_world(Setup::new(small()).webhook_to(&receiver));
    receiver.always(Some(Answer::Hang));
    let mut child = start(&app, &["scan"]);
    eventually("the first delivery", || !receiver.arrived().is_empty());
    terminate(child.id());
    assert_eq!(child.wait().expect("an end").code(), Some(143));
    assert!(!app.outbox(OutboxState::Pending).is_empty());
    receiver.always(None);
    assert_eq!(sim(&app, &["scan"]).code, PARTIAL, "no lease is left behind");
}

#[test]
fn a_daemon_scans_at_once_and_ends_on_sigterm() {
    let receiver = Receiver::start();
    let app = demo_world(Setup::new(small()).webhook_to(&receiver));
    let mut child = start(&app, &["daemon"]);
    eventually("a committed scan", || app.run(&["plan"]) != crate::harness::FAILED);
    terminate(child.id());
    assert_eq!(child.wait().expect("an end").code(), Some(143));
    assert!(!findings(&app).is_empty());
    app.may_leave_alerts();
}

#[test]
fn a_state_in_a_folder_that_cannot_be_written_is_said_and_nothing_is_half_done() {
    let app = demo_world(Setup::new(small()));
    app.reconfigure(|text| text.replace("sqlite:state.db", "sqlite:/proc/nothing/state.db"));
    let output = command(&app, &["scan"]).output().expect("the program starts");
    let code = output.status.code().expect("a code");
    assert!([2, 69, 77].contains(&code), "{code}: {}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stderr).contains("/proc/nothing"), "it says where");
    assert_eq!(output.stdout, b"");
}

/// A limit on the size of files stands in for a disk that is full: writes fail in the middle of a commit.
#[test]
fn a_disk_that_is_full_loses_nothing_and_says_so() {
    let (calm, full) = (Receiver::start(), Receiver::start());
    let undisturbed = demo_world(Setup::new(small()).webhook_to(&calm));
    assert_eq!(sim(&undisturbed, &["-q", "scan"]).code, PARTIAL);

    let app = demo_world(Setup::new(small()).webhook_to(&full));
    for kib in ["8", "64", "160"] {
        let program = env!("CARGO_BIN_EXE_cattleguard-sim");
        let limited = format!("trap '' XFSZ; ulimit -f {kib}; exec \"$0\" \"$@\"");
        let output = std::process::Command::new("bash")
            .args(["-c", &limited, program, "-C"])
            .arg(app.path("cattleguard.toml"))
            .arg("scan")
            .output()
            .expect("bash");
        let code = output.status.code().expect("it ends by itself");
        assert!([2, 69].contains(&code), "{kib} KiB: {code} {}", String::from_utf8_lossy(&output.stderr));
        assert!(!output.stderr.is_empty());
        assert_eq!(output.stdout, b"", "{kib} KiB: no result is shown that was not kept");
    }
    assert_eq!(full.arrived().len(), 0, "no alert without its finding");
    expire_lease(&app);
    assert_eq!(sim(&app, &["-q", "scan"]).code, PARTIAL);
    assert_eq!(findings(&app), findings(&undisturbed));
    assert_eq!(told(&full), told(&calm));
}
