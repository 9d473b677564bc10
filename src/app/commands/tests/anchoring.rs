//! The audit log's head in a bucket with object lock: put by scans, compared by `audit verify --anchors`.

use jiff::SignedDuration;

use super::world::World;
use crate::app::demo::receiver::Receiver;
use crate::collect::ObjectName;
use crate::report::anchor::LockMode;
use crate::store::{Anchors as _, Waivers as _};

const BUCKET: &str = "example-audit";
const ANCHOR: &str = "[audit.anchor]\nbucket = \"example-audit\"\nretain = \"30d\"\nmode = \"compliance\"\n\n";

fn anchored() -> World {
    let world = World::new(ANCHOR);
    // Before there is a bucket, so that the tests know every anchor.
    world.record(&[]);
    world.fleet.cloud.create_vault(BUCKET);
    world
}

fn objects(world: &World) -> Vec<ObjectName> {
    world.fleet.cloud.objects(BUCKET)
}

#[test]
fn each_scan_puts_the_head_that_it_left_under_lock() {
    let world = anchored();
    world.run(&["scan"]);
    let (_, told) = world.json(&["audit", "verify", "--anchors"]);
    assert_eq!((&told["anchors"]["compared"], &told["anchors"]["newest"]), (&1.into(), &told["head"]), "{told}");
    let first = objects(&world);
    assert_eq!(first.len(), 1);
    assert!(first[0].key.starts_with("cattleguard/20"), "{}", first[0].key);
    let (mode, until) = world.fleet.cloud.lock_of(&first[0]).expect("locked");
    assert_eq!(mode, LockMode::Compliance);
    assert!(until.duration_since(world.fleet.clock.now()) > SignedDuration::from_hours(24 * 29));
    world.run(&["scan"]);
    assert_eq!(objects(&world).len(), 2, "none was replaced");
    assert_eq!(world.json(&["audit", "verify", "--anchors"]).1["anchors"]["compared"], 2);
}

#[test]
fn a_state_that_was_replaced_as_a_whole_is_found() {
    let world = anchored();
    world.run(&["scan"]);
    let state = world.path("state.db");
    std::fs::copy(&state, world.path("old.db")).expect("copied");
    assert_eq!(world.run(&["pause", "--reason", "secret deed"]), 0);
    world.run(&["scan"]);
    assert_eq!(world.run(&["audit", "verify", "--anchors"]), 0);
    // The deed is made undone: the state of before, which is sound in itself.
    for part in ["state.db-wal", "state.db-shm"] {
        let _ = std::fs::remove_file(world.path(part));
    }
    std::fs::copy(world.path("old.db"), &state).expect("copied");
    assert_eq!(world.run(&["audit", "verify"]), 0, "alone it shows nothing");
    let (exit, told) = world.json(&["audit", "verify", "--anchors"]);
    assert_eq!(exit, 2, "{told}");
    assert!(told["problem"].as_str().expect("a problem").contains("does not reach it"), "{told}");
    // It goes on and grows past the anchor: then the entry is another one.
    for _ in 0..6 {
        world.run(&["pause", "--reason", "later"]);
        world.run(&["resume"]);
    }
    let (exit, told) = world.json(&["audit", "verify", "--anchors"]);
    assert_eq!(exit, 2, "{told}");
    assert!(told["problem"].as_str().expect("a problem").contains("written anew"), "{told}");
}

#[test]
fn a_hidden_anchor_still_counts_and_a_missing_one_is_missed() {
    let world = anchored();
    world.run(&["scan"]);
    world.fleet.cloud.hide_object(&objects(&world)[0]);
    let (exit, told) = world.json(&["audit", "verify", "--anchors"]);
    assert_eq!((exit, &told["anchors"]["hidden"], &told["anchors"]["compared"]), (0, &1.into(), &1.into()), "{told}");
    world.fleet.cloud.remove_vault(BUCKET);
    let (exit, told) = world.json(&["audit", "verify", "--anchors"]);
    assert_eq!(exit, 2, "{told}");
    assert!(told["problem"].as_str().expect("a problem").contains("the anchor is gone"), "{told}");
}

#[test]
fn a_bucket_that_cannot_be_used_is_told_once_and_tried_again() {
    let receiver = Receiver::start().expect("a receiver");
    let notify = "[[notify]]\nname = \"ops\"\nkind = \"slack\"\nurl = { file = \"ops.url\" }\nallow_private = true\n\n";
    let world = World::new(&(ANCHOR.to_owned() + notify));
    world.secret("ops.url", &format!("http://{}/services/T0/B0/x", receiver.address));
    world.record(&[]);
    let exit = world.run(&["scan"]);
    assert_eq!(world.run(&["scan"]), exit, "what a scan says does not depend on it");
    let alerts = || receiver.arrived().iter().filter(|request| request.body.contains("cannot be anchored")).count();
    assert_eq!(alerts(), 1, "told once");
    let anchored = world.store().anchored().expect("readable");
    assert_eq!(anchored.head, None);
    assert!(anchored.fault.expect("kept").contains("Object Lock"));
    let (exit, told) = world.json(&["doctor"]);
    assert_eq!(exit, 78, "{told}");
    assert!(told.to_string().contains("its objects cannot be locked"), "{told}");
    world.fleet.cloud.create_vault(BUCKET);
    world.run(&["scan"]);
    assert_eq!(world.store().anchored().expect("readable").fault, None);
    assert_eq!(world.run(&["audit", "verify", "--anchors"]), 0);
    assert_eq!(alerts(), 1);
    world.run(&["scan"]);
    let ends = receiver.arrived().iter().filter(|request| request.body.contains("is anchored again")).count();
    assert_eq!(ends, 1, "and so is its end");
}

#[test]
fn without_a_bucket_there_is_nothing_to_compare_with() {
    let world = World::new("");
    world.record(&[]);
    assert_eq!(world.run(&["audit", "verify", "--anchors"]), 64);
    assert_eq!(world.run(&["audit", "verify"]), 0);
}

#[test]
fn commands_that_enforce_anchor_what_they_did() {
    let world = World::new(&format!("mode = \"quarantine\"\n\n{ANCHOR}"));
    let path = world.path("cattleguard.toml");
    let text = std::fs::read_to_string(&path).expect("a configuration");
    let fleet = "enforcement = \"quarantine\"\nbudget = { count = 1, percent = 50 }\n\n[[fleet.windows]]\nfrom = \"00:00\"\n\
                 to = \"23:59\"\nzone = \"UTC\"\ndays = []\n";
    std::fs::write(&path, text.replace("\n[state]", &format!("{fleet}\n[state]"))).expect("written");
    world.fleet.cloud.create_vault(BUCKET);
    world.record(&[]);
    let id = world.fleet.instances()[0].clone();
    world.fleet.cloud.start_session(&crate::testing::SimActor::person("Carol"), &id).expect("a session");
    world.fleet.clock.advance(std::time::Duration::from_secs(1_200));
    world.fleet.cloud.run_inventory_all().expect("an inventory run");
    assert_eq!(world.run(&["scan"]), 1, "a second look confirms it");
    assert_eq!(world.run(&["quarantine", id.as_str()]), 0);
    let (_, told) = world.json(&["audit", "verify", "--anchors"]);
    assert_eq!(told["anchors"]["newest"], told["head"], "the head after the operation: {told}");
    assert!(told["entries"].as_u64().is_some_and(|entries| entries > 8), "its steps are in it: {told}");
}

#[test]
fn what_a_person_decides_is_anchored_without_a_scan() {
    let world = anchored();
    assert_eq!(world.run(&["golden", "list"]), 0);
    assert_eq!(objects(&world).len(), 0, "looking decides nothing");
    let waive = "exceptions add --fleet web --code software-package-changed --reason hotfix --ticket OPS-17 \
                 --approver dora --expires 7d";
    let waive: Vec<&str> = waive.split_whitespace().collect();
    for (count, args) in [&["pause", "--reason", "drill"][..], &["resume"], &waive].iter().enumerate() {
        assert_eq!(world.run(args), 0, "{args:?}");
        assert_eq!(objects(&world).len(), count + 1, "{args:?}");
    }
    let (exit, told) = world.json(&["audit", "verify", "--anchors"]);
    assert_eq!((exit, &told["anchors"]["newest"]), (0, &told["head"]), "{told}");
}

#[test]
fn a_bucket_that_is_gone_keeps_nobody_from_deciding() {
    let world = anchored();
    world.fleet.cloud.remove_vault(BUCKET);
    assert_eq!(world.run(&["pause", "--reason", "drill"]), 0);
    assert_eq!(world.store().pauses().expect("readable").len(), 1);
    assert_eq!(world.store().anchored().expect("readable").fault, None, "the next scan tells of it");
    world.fleet.cloud.create_vault(BUCKET);
    world.run(&["scan"]);
    assert_eq!(objects(&world).len(), 1, "and does it");
}
