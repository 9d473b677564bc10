//! Commands that read what scans stored.

use cattleguard::collect::trail::event_codes;
use cattleguard::detect::codes;

use crate::harness::{FAILED, FINDINGS, HELD, OK, Setup, alice, array, carol, small};

#[test]
fn every_code_has_a_page() {
    let app = Setup::new(small()).start_unrecorded();
    let events = event_codes();
    let all: Vec<&str> =
        codes::PAGES.iter().map(|page| page.code).chain(events.iter().map(|page| page.code.as_str())).collect();
    assert!(all.len() > 60);
    for code in all {
        let (exit, page) = app.json(&["explain", code]);
        assert_eq!(exit, OK, "{code}");
        assert_eq!(page["code"], code);
        for key in ["title", "meaning", "advice"] {
            assert!(page[key].as_str().is_some_and(|text| text.len() > 8), "{code}: {page:#}");
        }
        let (exit, text) = app.text("table", &["explain", code]);
        assert_eq!(exit, OK, "{code}");
        assert!(text.starts_with(code), "{code}: {text}");
    }
    assert_eq!(app.run(&["explain", "event-nonsense"]), FAILED);
    let (exit, listed) = app.json(&["explain", "codes"]);
    let named: Vec<&str> = array(&listed, "codes").iter().filter_map(|one| one["code"].as_str()).collect();
    assert_eq!(exit, OK);
    for code in codes::PAGES.iter().map(|page| page.code).chain(events.iter().map(|page| page.code.as_str())) {
        assert_eq!(named.iter().filter(|one| **one == code).count(), 1, "{code}");
    }
}

#[test]
fn every_code_that_a_scan_finds_has_a_page() {
    let app = Setup::new(small()).start();
    app.cloud().start_session(&alice(), &app.server(0)).unwrap();
    app.cloud().unmanage(&app.server(1)).unwrap();
    app.cloud().stop_logging(&carol(), &app.place(), "t").unwrap();
    app.settle();
    let scan = app.scan();
    assert!(scan.list("findings").len() >= 3);
    for finding in scan.list("findings") {
        assert_eq!(app.text("table", &["explain", finding["code"].as_str().unwrap()]).0, OK);
    }
}

#[test]
fn an_instance_is_explained_with_its_actor_policy_and_every_gate() {
    let app = Setup::new(small()).start();
    let id = app.server(0);
    app.cloud().start_session(&alice(), &id).unwrap();
    app.cloud().upgrade_package(&id, "nginx", "9.9").unwrap();
    app.settle();
    assert_eq!(app.scan().code, FINDINGS);
    let (code, text) = app.text("table", &["explain", id.as_str()]);
    assert_eq!(code, OK);
    for part in ["alice@example.com", "StartSession", "198.51.100.7", "nginx", "web@1", "opt-in", "permissions"] {
        assert!(text.contains(part), "{part} is missing:\n{text}");
    }
    let (code, timeline) = app.json(&["timeline", id.as_str()]);
    assert_eq!(code, OK);
    assert!(timeline.to_string().contains("StartSession"));
    let (code, pets) = app.json(&["pets"]);
    assert_eq!((code, pets["pets"].as_array().map(Vec::len)), (OK, Some(1)), "{pets:#}");
    assert_eq!(app.text("table", &["plan"]).0, HELD);
    assert_eq!(app.run(&["timeline", "i-0000000000000dead"]), FAILED);
    assert_eq!(app.run(&["explain", "i-0000000000000dead"]), FAILED);
}

#[test]
fn findings_are_filtered() {
    let app = Setup::new(small()).start();
    app.cloud().start_session(&alice(), &app.server(0)).unwrap();
    app.cloud().create_tags(&carol(), &app.server(1), &[("a", "b")]).unwrap();
    app.settle();
    app.scan();
    let count = |args: &[&str]| {
        let (code, listed) = app.json(&[&["findings", "list"], args].concat());
        assert_eq!(code, OK);
        listed["findings"].as_array().unwrap().len()
    };
    assert_eq!(count(&[]), 2);
    assert_eq!(count(&["--severity", "high"]), 1);
    assert_eq!(count(&["--code", "event-*"]), 2);
    assert_eq!(count(&["--code", "event-tags-changed"]), 1);
    assert_eq!(count(&["--instance", app.server(0).as_str()]), 1);
    assert_eq!(count(&["--fleet", "db"]), 0);
}

#[test]
fn a_scan_of_one_region_does_not_forget_the_others() {
    let fleet = small().place("000000000000", "eu-west-1").place("000000000000", "eu-central-1");
    let app = Setup::new(fleet).start();
    let places = app.cloud().places();
    let ids: Vec<_> = places.iter().map(|place| app.fleet.standalone[place][0].clone()).collect();
    for id in &ids {
        app.cloud().start_session(&alice(), id).unwrap();
    }
    app.settle();
    app.scan();
    app.minutes(10);
    let part = app.scan_with(&["--region", places[0].region.as_str()]);
    assert_eq!(part.summary("resolved"), 0);
    let (_, listed) = app.json(&["findings", "list"]);
    assert_eq!(listed["findings"].as_array().unwrap().len(), 2);
    app.minutes(10);
    assert_eq!(app.scan().summary("new"), 0);
}
