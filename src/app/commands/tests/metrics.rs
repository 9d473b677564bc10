//! `scan --metrics`: what a scraper reads must be in the format to the letter.

mod strict;

use std::os::unix::fs::PermissionsExt as _;

use strict::{Exposition, read};

use super::world::World;
use crate::app::demo::receiver::Receiver;
use crate::store::Counters as _;
use crate::types::ApiOutcome;

fn scanned(world: &World) -> (i32, Exposition) {
    let file = world.path("cattleguard.prom");
    let exit = world.run(&["scan", "--metrics", file.to_str().expect("UTF-8")]);
    let text = std::fs::read_to_string(&file).expect("written");
    (exit, read(&text).unwrap_or_else(|wrong| panic!("{wrong}\n{text}")))
}

#[test]
fn counters_go_on_over_scans_that_are_processes_of_their_own() {
    let receiver = Receiver::start().expect("a receiver");
    let world = World::new(
        "[[notify]]\nname = \"ops\"\nkind = \"slack\"\nurl = { file = \"ops.url\" }\nallow_private = true\n\n",
    );
    world.secret("ops.url", &format!("http://{}/services/T0/B0/x", receiver.address));
    world.record(&[]);
    let alice = crate::testing::SimActor::person("Alice \"Quote\" \\ Example");
    world.fleet.cloud.start_session(&alice, &world.fleet.instances()[0]).expect("a session");
    world.fleet.clock.advance(std::time::Duration::from_secs(900));
    let (exit, first) = scanned(&world);
    let listed = "cattleguard_aws_api_calls_total{service=\"ec2\",operation=\"DescribeInstances\",\
                  account=\"000000000000\",region=\"eu-west-1\",outcome=\"ok\"}";
    let listed = strict::series(listed);
    let once = first.value(&listed).expect("counted");
    assert!(once >= 1.0, "{once}");
    let delivered = strict::series("cattleguard_notices_total{destination=\"ops\",outcome=\"delivered\"}");
    assert!(first.value(&delivered).expect("counted") >= 1.0, "the file is written after what it tells");
    assert_eq!(first.value(&strict::series(&format!("cattleguard_scans_total{{exit_code=\"{exit}\"}}"))), Some(1.0));
    assert!(first.value(&strict::series("cattleguard_last_scan_timestamp_seconds")).is_some());
    let (_, second) = scanned(&world);
    assert!(second.value(&listed).expect("counted") > once, "a new process adds to what was there");
    let mode = std::fs::metadata(world.path("cattleguard.prom")).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o644, "the collector is another user");
}

#[test]
fn what_a_command_asks_of_aws_beside_scans_is_counted_too() {
    let world = World::new("");
    world.run(&["doctor"]);
    assert!(!world.path("state.db").exists(), "whoever only looks makes no state");
    world.record(&[]);
    world.run(&["scan"]);
    let asked = |api: &str| {
        let counters = world.store().counters().expect("readable");
        let of = |counter: &&crate::store::Counter| counter.labels.get("operation").is_some_and(|name| name == api);
        counters.iter().filter(of).map(|counter| counter.value).sum::<u64>()
    };
    for (args, api) in [
        (&["doctor"][..], "DescribeInstances"),
        (&["golden", "record", "web", "--ami", "IMAGE", "--reference-instance", "REFERENCE"], "LookupEvents"),
    ] {
        let before = asked(api);
        let image = world.fleet.images.values().next().expect("an image").to_string();
        let reference = world.fleet.reference.to_string();
        let filled = |word: &&'static str| match *word {
            "IMAGE" => image.clone(),
            "REFERENCE" => reference.clone(),
            word => word.to_owned(),
        };
        let words: Vec<String> = args.iter().map(filled).collect();
        world.run(&words.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(asked(api) > before, "{args:?}");
    }
}

#[test]
fn a_scan_says_how_often_it_was_throttled() {
    let world = World::new("");
    world.record(&[]);
    let summary = |world: &World| world.json(&["scan"]).1["summary"].clone();
    let calm = summary(&world);
    assert_eq!((&calm["api_throttled"], &calm["api_retries"]), (&0.into(), &0.into()), "{calm}");
    let place = crate::types::Place::new("000000000000", "eu-west-1");
    for (outcome, again) in [(ApiOutcome::Throttled, false), (ApiOutcome::Throttled, true), (ApiOutcome::Ok, true)] {
        world.fleet.cloud.meter().count(&place, "ec2:DescribeInstances", outcome, again);
    }
    let slow = summary(&world);
    assert_eq!((&slow["api_throttled"], &slow["api_retries"]), (&2.into(), &2.into()), "{slow}");
    assert_eq!(summary(&world)["api_throttled"], 0, "each scan tells of its own");
}

#[test]
fn a_file_that_cannot_be_written_is_said_after_the_scan_was_kept() {
    let world = World::new("");
    world.record(&[]);
    assert_eq!(world.run(&["scan", "--metrics", "/nowhere/cattleguard.prom"]), 69);
    assert_eq!(world.run(&["findings", "list"]), 0, "the scan is there");
}

#[test]
fn the_reader_finds_what_is_wrong() {
    let good = "# HELP a_total x\n# TYPE a_total counter\na_total{b=\"c\\\"\\\\\\nd\"} 1\n";
    assert!(read(good).is_ok(), "{:?}", read(good).err());
    for bad in [
        "# TYPE a_total counter\n# HELP a_total x\na_total 1\n",
        "# HELP a x\n# TYPE a counter\na 1\n",
        "# HELP a x\n# TYPE a gauge\na 1\na 2\n",
        "# HELP a x\n# TYPE a gauge\nb 1\n",
        "# HELP a x\n# TYPE a gauge\na{b=\"c\"d=\"e\"} 1\n",
        "# HELP a x\n# TYPE a gauge\na{b=\"c\\q\"} 1\n",
        "# HELP a x\n# TYPE a gauge\na{2b=\"c\"} 1\n",
        "# HELP a x\n# TYPE a gauge\na{b=\"c\"} one\n",
        "# HELP a x\n# TYPE a gauge\na 1",
        "# HELP a x\n# TYPE a gauge\na 1\n# HELP a x\n# TYPE a gauge\n",
    ] {
        assert!(read(bad).is_err(), "{bad}");
    }
}
