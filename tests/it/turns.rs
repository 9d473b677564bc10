//! What was allowed when the plan was made, and is not any more when an operation's turn comes.

use cattleguard::plan::AlarmState;
use cattleguard::remediate::{CallContext, CloudProbe as _, CloudWrite as _, GroupDetail, Journal as _, WriteCall};
use cattleguard::testing::FleetBuilder;
use cattleguard::types::InstanceId;
use jiff::SignedDuration;
use serde_json::Value;

use crate::harness::{HELD, OK, Setup, TestApp, carol, small};

const FLEET: &str = "enforcement = \"replace\"\nbudget = { count = 4, percent = 50, cooldown = \"1s\" }\nbake = \"1m\"\n\
                     mass_drift = { at_least = 10, percent = 100 }\none_zone_at_a_time = false";
const OPEN: &str = "[[fleet.windows]]\nfrom = \"00:00\"\nto = \"23:59\"\nzone = \"UTC\"\ndays = []";

/// Eight servers of their own, replaced one after another.
fn one_by_one(more: &str) -> Setup {
    let enforcement = format!("[enforcement]\nconcurrency = 1\n{more}");
    Setup::new(FleetBuilder::new("web").standalone(8).packages(10))
        .mode("replace")
        .fleet(FLEET)
        .fleet(OPEN)
        .more(&enforcement)
}

/// Somebody opens a session on each, and a scan has seen it.
fn drifted(app: &TestApp, count: usize) {
    app.drift(&(0..count).map(|index| app.server(index)).collect::<Vec<_>>());
}

/// What became of each operation.
fn outcomes(done: &Value) -> Vec<&str> {
    done["operations"].as_array().unwrap().iter().map(|one| one["outcome"].as_str().unwrap()).collect()
}

#[test]
fn nothing_is_begun_after_the_window_has_shut() {
    let app = one_by_one("").start();
    drifted(&app, 3);
    let shut = app.fleet.clock.now() + SignedDuration::from_mins(3);
    app.reconfigure(|text| text.replace("23:59", &shut.strftime("%H:%M").to_string()));
    let (code, done) = app.json(&["enforce"]);
    assert_eq!((code, outcomes(&done)), (HELD, vec!["ended", "held", "held"]), "{done:#}");
    assert!(done["operations"][1]["reason"].as_str().unwrap().contains("has shut"), "{done:#}");
    let store = app.store();
    let begun = store.operations_since(jiff::Timestamp::MIN).unwrap();
    assert_eq!(begun.len(), 1, "and nothing of the others is in the journal");
}

#[test]
fn nothing_is_begun_after_its_approval_has_expired() {
    let app = one_by_one("approval_ttl = \"3m\"").start();
    app.reconfigure(|text| text.replace("bake = \"1m\"", "bake = \"1m\"\napproval = true"));
    drifted(&app, 2);
    let hash = app.scan().doc["plan"]["hash"].as_str().unwrap().to_owned();
    assert_eq!(app.run(&["approve", &hash]), OK);
    let (code, done) = app.json(&["enforce"]);
    assert_eq!((code, outcomes(&done)), (HELD, vec!["ended", "held"]), "{done:#}");
    assert!(done["operations"][1]["reason"].as_str().unwrap().contains("expired"), "{done:#}");
}

/// The plan was written, then approved, then carried out from the file: what people do.
#[test]
fn a_plan_in_a_file_is_carried_out_once_it_is_approved() {
    let app = one_by_one("").start();
    app.reconfigure(|text| text.replace("bake = \"1m\"", "bake = \"1m\"\napproval = true"));
    drifted(&app, 1);
    app.scan();
    let file = app.path("plan.json").to_str().unwrap().to_owned();
    assert_eq!(app.run(&["-o", &format!("json={file}"), "plan"]), HELD);
    let (code, done) = app.json(&["enforce", "--plan", &file]);
    assert_eq!((code, outcomes(&done).len()), (HELD, 0), "{done:#}");
    assert!(done["refused"][0].as_str().unwrap().contains("still waits for a person"), "{done:#}");
    let plan: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(app.run(&["approve", plan["hash"].as_str().unwrap()]), OK);
    let (code, done) = app.json(&["enforce", "--plan", &file]);
    assert_eq!((code, outcomes(&done)), (OK, vec!["ended"]), "{done:#}");
}

#[test]
fn what_was_approved_in_a_file_is_not_what_the_plan_has_become() {
    let app = one_by_one("").start();
    app.reconfigure(|text| text.replace("bake = \"1m\"", "bake = \"1m\"\napproval = true"));
    drifted(&app, 1);
    app.scan();
    let file = app.path("plan.json").to_str().unwrap().to_owned();
    app.run(&["-o", &format!("json={file}"), "plan"]);
    let plan: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(app.run(&["approve", plan["hash"].as_str().unwrap()]), OK);
    app.cloud().create_tags(&carol(), &app.server(0), &[("owner", "carol")]).unwrap();
    let (code, done) = app.json(&["enforce", "--plan", &file]);
    assert_eq!((code, outcomes(&done).len()), (HELD, 0), "{done:#}");
    assert!(done["refused"][0].as_str().unwrap().contains("look at it, and approve that"), "{done:#}");
}

fn group(app: &TestApp) -> GroupDetail {
    let place = app.place();
    let name = app.fleet.groups[&place][0].name.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(app.cloud().group(&place, &name)).unwrap().unwrap()
}

fn scale(app: &TestApp, member: &InstanceId, desired: i32) {
    let place = app.place();
    let operation = "somebody".into();
    let context =
        CallContext { place: &place, operation: &operation, instance: member, replacement: None, user_data: None };
    let call = WriteCall::SetDesiredCapacity { group: app.fleet.groups[&place][0].name.clone(), desired };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(app.cloud().call(&context, &call)).unwrap();
    app.minutes(20);
    app.settle();
}

/// A group that has been scaled out since must not be cut back to what it was when one of its members was contained.
#[test]
fn a_member_comes_back_into_a_group_that_has_been_scaled_since() {
    for (scaled, after) in [(10, 10), (4, 4), (2, 3)] {
        let app = Setup::new(small()).mode("replace").fleet(FLEET).fleet(OPEN).start();
        let place = app.place();
        let name = app.fleet.groups[&place][0].name.clone();
        app.cloud().set_group_limits(&place, &name, 1, 20).unwrap();
        let id = app.member(0);
        app.settle();
        app.scan();
        assert_eq!(app.run(&["quarantine", id.as_str(), "--override", "drill"]), OK);
        app.settle();
        assert_eq!(group(&app).desired, 4);
        if scaled != 4 {
            scale(&app, &id, scaled);
        }
        let (code, done) = app.json(&["release", id.as_str()]);
        assert_eq!((code, &done["operations"][0]["status"]), (OK, &"done".into()), "{done:#}");
        app.minutes(20);
        let group = group(&app);
        assert_eq!(group.desired, after, "it was scaled to {scaled}");
        assert_eq!(group.members.get(&id).map(String::as_str), Some("InService"), "{:?}", group.members);
        app.may_leave_alerts();
    }
}

/// The new root volume holds nothing of what was done before; what is done to it afterwards counts.
#[test]
fn a_new_root_volume_ends_what_was_done_to_the_old_one() {
    let app = one_by_one("").start();
    app.reconfigure(|text| text.replace("bake = \"1m\"", "bake = \"1m\"\nreplace = \"root-volume\""));
    let id = app.server(0);
    drifted(&app, 1);
    let (code, done) = app.json(&["enforce"]);
    assert_eq!((code, &done["operations"][0]["status"]), (OK, &"done".into()), "{done:#}");
    app.minutes(30);
    app.settle();
    let scan = app.scan();
    assert_eq!((scan.code, &scan.instance(&id)["verdict"]), (OK, &"clean".into()), "{:#}", scan.instance(&id));
    app.cloud().push_ssh_key(&carol(), &id, "root").unwrap();
    app.settle();
    let scan = app.scan();
    assert_eq!(scan.instance(&id)["verdict"], "drifted");
    assert_eq!(scan.instance(&id)["findings"].as_array().unwrap().len(), 1, "{:#}", scan.doc["findings"]);
    app.may_leave_alerts();
}

/// An alarm lives in one account-region. Where it could not be asked for, it may fire.
#[test]
fn an_alarm_that_is_quiet_in_one_region_says_nothing_about_one_that_could_not_be_read() {
    let fleet = FleetBuilder::new("web").place("000000000000", "eu-central-1").place("000000000000", "eu-west-1");
    let app = Setup::new(fleet.standalone(4).packages(10)).mode("replace").fleet(FLEET).fleet(OPEN).start();
    app.reconfigure(|text| text.replace("bake = \"1m\"", "bake = \"1m\"\nalarms = [\"5xx\"]"));
    let (here, there) = (app.cloud().places()[0].clone(), app.cloud().places()[1].clone());
    app.cloud().set_alarm(&there, "5xx", Some(AlarmState::Ok)).unwrap();
    drifted(&app, 1);
    app.cloud().permit(&here, "cloudwatch:DescribeAlarms", false).unwrap();
    let (code, done) = app.json(&["enforce"]);
    assert_eq!((code, outcomes(&done).len()), (HELD, 0), "{done:#}");
    app.minutes(1);
    app.cloud().permit(&here, "cloudwatch:DescribeAlarms", true).unwrap();
    app.cloud().set_alarm(&here, "5xx", Some(AlarmState::Unknown)).unwrap();
    let (code, done) = app.json(&["enforce"]);
    assert_eq!((code, outcomes(&done).len()), (HELD, 0), "without data nobody can tell: {done:#}");
    app.minutes(1);
    app.cloud().set_alarm(&here, "5xx", None).unwrap();
    let (code, done) = app.json(&["enforce"]);
    let first = &done["operations"][0];
    assert_eq!((code, &first["status"]), (OK, &"retaining".into()), "it lives in the other region alone: {done:#}");
}

/// A legal hold on one kept server neither needs a person now nor takes the budget of its fleet.
#[test]
fn a_tag_keeps_a_server_beyond_its_time_and_nothing_else_waits_for_it() {
    let app = one_by_one("").start();
    app.reconfigure(|text| text.replace("count = 4", "count = 1"));
    drifted(&app, 1);
    assert_eq!(app.run(&["enforce"]), OK);
    let id = app.server(0);
    app.cloud().create_tags(&carol(), &id, &[("cattleguard:hold", "legal")]).unwrap();
    app.minutes(8 * 24 * 60);
    app.settle();
    let (code, done) = app.json(&["enforce"]);
    let first = &done["operations"][0];
    assert_eq!((code, &first["status"]), (OK, &"retaining".into()), "{done:#}");
    assert!(first["note"].as_str().unwrap().contains("cattleguard:hold"), "{done:#}");
    let (code, listed) = app.text("table", &["operations", "list"]);
    let words = listed.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(code == OK && words.contains("kept beyond its time"), "{listed}");
    app.cloud().start_session(&carol(), &app.server(1)).unwrap();
    app.settle();
    app.scan();
    app.minutes(60);
    app.settle();
    let (code, done) = app.json(&["enforce"]);
    assert_eq!((code, &done["operations"][0]["instance"]), (OK, &app.server(1).as_str().into()), "{done:#}");
    app.cloud().delete_tags(&carol(), &id, &["cattleguard:hold"]).unwrap();
    app.minutes(5);
    let (_, done) = app.json(&["enforce"]);
    assert_eq!(done["operations"][0]["status"], "done", "{done:#}");
    app.may_leave_alerts();
}

/// An incident responder contains any server, whatever is configured about it.
#[test]
fn a_server_of_no_fleet_is_contained_by_a_persons_word_and_released() {
    let app = one_by_one("").start();
    let (place, id) = (app.place(), app.fleet.reference.clone());
    app.settle();
    app.scan();
    let before = app.cloud().form(&place, &id);
    assert_eq!(app.run(&["quarantine", id.as_str()]), HELD, "not without it");
    assert_eq!(app.cloud().form(&place, &id), before);
    let (code, done) = app.json(&["quarantine", id.as_str(), "--override", "incident 4711"]);
    assert_eq!((code, &done["operations"][0]["status"]), (OK, &"done".into()), "{done:#}");
    assert_ne!(app.cloud().form(&place, &id), before, "contained");
    app.minutes(5);
    assert_eq!(app.run(&["quarantine", id.as_str(), "--override", "again"]), HELD, "it is already");
    let (code, done) = app.json(&["release", id.as_str()]);
    assert_eq!((code, &done["operations"][0]["status"]), (OK, &"done".into()), "{done:#}");
    assert_eq!(app.cloud().form(&place, &id), before, "as it was");
    app.may_leave_alerts();
}

/// What is wanted by hand is in no plan that could be approved.
#[test]
fn a_wish_by_hand_does_not_ask_for_an_approval_that_nobody_can_give() {
    let app = one_by_one("").start();
    app.reconfigure(|text| text.replace("bake = \"1m\"", "bake = \"1m\"\napproval = true"));
    drifted(&app, 1);
    let (code, plan) = app.json(&["quarantine", app.server(0).as_str(), "--dry-run"]);
    let gates = plan["held"][0]["gates"].as_array().unwrap();
    let gate = gates.iter().find(|gate| gate["gate"] == "approval").unwrap();
    let reason = gate["reason"].as_str().unwrap();
    assert!(code == HELD && reason.contains("--override") && !reason.contains("cattleguard approve"), "{gate:#}");
    assert_eq!(app.run(&["quarantine", app.server(0).as_str(), "--override", "incident 4711"]), OK);
    app.may_leave_alerts();
}

/// What the kill switch keeps from beginning does not begin by itself when the switch is let go.
#[test]
fn a_release_that_the_kill_switch_holds_is_not_remembered() {
    let app = one_by_one("kill_switch = { file = \"stop\" }").start();
    let id = app.server(0);
    app.settle();
    app.scan();
    assert_eq!(app.run(&["quarantine", id.as_str(), "--override", "drill"]), OK);
    app.write("stop", "incident 7");
    assert_eq!(app.run(&["release", id.as_str()]), HELD);
    std::fs::remove_file(app.path("stop")).unwrap();
    let log = app.cloud().log_length();
    app.run(&["enforce"]);
    assert_eq!(app.cloud().log_length(), log, "it stays contained until somebody asks again");
    app.minutes(3);
    assert_eq!(app.run(&["release", id.as_str()]), OK);
    app.may_leave_alerts();
}
