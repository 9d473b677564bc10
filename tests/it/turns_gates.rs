//! Every gate that is asked again when an operation's turn comes: what one of them would find is brought about while the
//! operation before it takes its time.

use cattleguard::plan::AlarmState;
use cattleguard::remediate::Journal as _;
use cattleguard::testing::{FakeCloud, FleetBuilder};
use cattleguard::types::InstanceId;
use serde_json::Value;

use crate::harness::{OK, Setup, TestApp, carol};

const FLEET: &str = "enforcement = \"replace\"\nbudget = { count = 4, percent = 50, cooldown = \"1s\" }\nbake = \"1m\"\n\
                     alarms = [\"5xx\"]\nmass_drift = { at_least = 10, percent = 100 }\none_zone_at_a_time = false";
const OPEN: &str = "[[fleet.windows]]\nfrom = \"00:00\"\nto = \"23:59\"\nzone = \"UTC\"\ndays = []";

fn start() -> TestApp {
    let app = Setup::new(FleetBuilder::new("web").standalone(8).packages(10))
        .mode("replace")
        .fleet(FLEET)
        .fleet(OPEN)
        .more("[enforcement]\nconcurrency = 1\nkill_switch = { file = \"stop\", parameter = \"/cg/run\" }")
        .start();
    app.cloud().set_alarm(&app.place(), "5xx", Some(AlarmState::Ok)).unwrap();
    app.cloud().set_parameter(&app.place(), "/cg/run", Some("run")).unwrap();
    app
}

/// Two have drifted; the second one's turn comes minutes after the first one's.
fn two_drifted(app: &TestApp) -> InstanceId {
    let mut ids = [app.server(0), app.server(1)];
    let scan = app.drift(&ids);
    ids.sort();
    assert_eq!(scan.verdict(&ids[1]), "drifted");
    ids[1].clone()
}

/// What happens meanwhile, given a way to run commands and the server whose turn comes later.
type Happens = fn(&FakeCloud, &dyn Fn(&[&str]) -> i32, &InstanceId, &std::path::Path);

const EXCEPTION: [&str; 10] =
    ["exceptions", "add", "--reason", "known", "--ticket", "T-1", "--approver", "erin", "--expires", "1d"];

#[test]
fn what_was_allowed_when_the_plan_was_made_is_asked_again() {
    let cases: [(&str, Happens, &str); 11] = [
        ("the kill switch's file", |_, _, _, stop| std::fs::write(stop, "incident 7").unwrap(), "incident 7"),
        (
            "the kill switch's parameter",
            |cloud, _, _, _| cloud.set_parameter(&cloud.places()[0], "/cg/run", Some("stop")).unwrap(),
            "says `stop`",
        ),
        (
            "a pause of the fleet",
            |_, run, _, _| assert_eq!(run(&["pause", "--fleet", "web", "--reason", "look"]), OK),
            "fleet web is paused: look",
        ),
        (
            "another golden",
            |_, run, _, _| assert_eq!(run(&["golden", "promote", "web@2"]), OK),
            "web@1 is deprecated now",
        ),
        (
            "an exception",
            |_, run, id, _| assert_eq!(run(&[&EXCEPTION[..], &["--instance", id.as_str()]].concat()), OK),
            "an exception covers it",
        ),
        (
            "an alarm",
            |cloud, _, _, _| cloud.set_alarm(&cloud.places()[0], "5xx", Some(AlarmState::Firing)).unwrap(),
            "the alarm 5xx fires",
        ),
        (
            "an alarm without data",
            |cloud, _, _, _| cloud.set_alarm(&cloud.places()[0], "5xx", Some(AlarmState::Unknown)).unwrap(),
            "is not known",
        ),
        (
            "another image",
            |cloud, _, id, _| {
                let scene = cloud.scene(&cloud.places()[0]);
                let other = scene.values().find(|server| server.image != scene[id].image).unwrap();
                cloud.replace_root_volume(&carol(), id, &other.image).map(drop).unwrap();
            },
            "any more: the next scan plans anew",
        ),
        (
            "another fleet",
            |cloud, _, id, _| cloud.create_tags(&carol(), id, &[("app", "other")]).unwrap(),
            "is no member of fleet web any more",
        ),
        (
            "another owner",
            |cloud, _, id, _| cloud.create_tags(&carol(), id, &[("karpenter.sh/nodepool", "x")]).unwrap(),
            "karpenter owns it now",
        ),
        ("its end", |cloud, _, id, _| cloud.terminate(&carol(), id).unwrap(), "nothing is left to do"),
    ];
    // All of them are tried, so that one look shows every gate that is not asked.
    let mut wrong = Vec::new();
    for (name, happens, said) in cases {
        let app = start();
        let next = FleetBuilder::new("web").version("2").packages(10).clock(&app.fleet.clock);
        app.record_fleet(&next.build_in(app.cloud()).unwrap(), "2");
        let later = two_drifted(&app);
        let (run, stop, id) = (app.another(), app.path("stop"), later.clone());
        app.meanwhile(move |cloud| {
            // The first one is past its launch by now: what is asked on its way is another matter.
            happens(cloud, &run, &id, &stop);
            true
        });
        let (code, done) = app.json(&["enforce"]);
        assert!(app.has_happened(), "{name}");
        let second = done["operations"].as_array().unwrap().iter().find(|one| one["instance"] == later.as_str());
        let second = second.unwrap_or(&Value::Null);
        let refused =
            second["outcome"] != "ended" && second["reason"].as_str().is_some_and(|reason| reason.contains(said));
        // And nothing of it is in the journal.
        let begun = app.store().operations_of(&later).unwrap().len();
        if !refused || code == OK || begun > 0 {
            wrong.push(format!("{name}: exit {code}, begun {begun}: {second:#}"));
        }
        app.may_leave_alerts();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
