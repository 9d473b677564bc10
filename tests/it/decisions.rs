//! Decision records: kept by a scan, listed, shown, exported, masked, repeated.

use serde_json::Value;

use crate::harness::{FAILED, FINDINGS, OK, Setup, TestApp, carol, small};
use crate::processes::sim;

const OWN: &str =
    "[policy]\nbuiltin = false\npaths = [\"own\"]\nmask = [\"/input/instance/tags\", \"/policies/*/hits/*/msg\"]";

const POLICY: &str = "package cattleguard.test.own\n\nviolation contains hit if {\n\tsome finding in input.drift.findings\n\t\
                      finding.code == \"event-interactive-session\"\n\thit := {\"id\": \"OWN-1\", \"msg\": \"somebody was in\", \
                      \"severity\": \"high\", \"action\": \"replace\", \"controls\": [\"soc2-2017:CC8.1\"]}\n}\n";

fn app() -> TestApp {
    let app = Setup::new(small()).more(OWN).start_unrecorded();
    std::fs::create_dir(app.path("own")).unwrap();
    app.write("own/policy.rego", POLICY);
    app.record("1");
    app.cloud().start_session(&carol(), &app.server(0)).unwrap();
    app.settle();
    app
}

fn exported(app: &TestApp, more: &[&str]) -> Vec<Value> {
    let output = sim(app, &[&["decisions", "export"], more].concat());
    assert_eq!(output.code, OK, "{}", output.stderr);
    output.stdout.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

#[test]
fn a_decision_is_exported_with_what_it_was_made_from_and_without_what_is_masked() {
    let app = app();
    app.scan();
    app.minutes(10);
    app.scan();
    let lines = exported(&app, &["--with-input"]);
    let [record, summary] = lines.as_slice() else { panic!("{lines:#?}") };
    assert_eq!((&summary["type"], &summary["decisions"]), (&"summary".into(), &1.into()));
    assert_eq!(record["schema"], "cattleguard.dev/decision/v1");
    assert_eq!(record["instance"], app.server(0).as_str());
    assert_eq!((&record["asked"], &record["action"]), (&"replace".into(), &"alert".into()));
    assert!(record["capped_by"].as_str().unwrap().contains("mode"), "{record:#}");
    assert_eq!((&record["rules"], &record["controls"]), (&["OWN-1"].into(), &["soc2-2017:CC8.1"].into()));
    assert_ne!(record["scan_id"], record["last_scan_id"], "the second scan decided the same");
    assert!(record["bundle"]["digest"].as_str().unwrap().starts_with("blake3:"));
    assert!(record["duration_ns"].as_u64().unwrap() > 0);
    let input = &record["input"];
    assert_eq!(input["schema"], "cattleguard.dev/input/v1");
    assert!(input["instance"]["tags"].is_null() && record["policies"][0]["hits"][0]["msg"].is_null(), "{record:#}");
    assert_eq!(record["erased"].as_array().unwrap().len(), 2);
    assert!(exported(&app, &[])[0]["input"].is_null());
    assert_eq!(exported(&app, &["--instance", app.server(1).as_str()]).len(), 1, "the summary alone");
    assert_eq!(exported(&app, &["--errors"]).len(), 1);
}

#[test]
fn a_decision_is_repeated_by_the_present_policies() {
    let app = app();
    app.scan();
    let id = exported(&app, &[])[0]["decision_id"].as_str().unwrap().to_owned();
    let listed = sim(&app, &["decisions", "list"]);
    assert!(listed.stdout.contains(&id) && listed.stdout.contains("somebody was in"), "{}", listed.stdout);
    let shown = sim(&app, &["decisions", "show", &id]);
    assert_eq!(serde_json::from_str::<Value>(&shown.stdout).unwrap()["decision_id"], id.as_str());
    let same = sim(&app, &["decisions", "replay", &id]);
    assert_eq!(same.code, OK, "{}{}", same.stdout, same.stderr);
    assert!(same.stdout.contains("the same, replace asked for, by the same policies"), "{}", same.stdout);
    app.write("own/policy.rego", &POLICY.replace("\"replace\"", "\"alert\"").replace("OWN-1", "OWN-2"));
    let other = sim(&app, &["decisions", "replay", &id]);
    assert_eq!(other.code, FINDINGS, "{}", other.stderr);
    assert!(other.stdout.contains("replace -> alert, by other policies"), "{}", other.stdout);
    let none = sim(&app, &["decisions", "show", "d-0000000000000000"]);
    assert_eq!(none.code, FAILED);
    assert!(none.stderr.contains("decisions list"), "{}", none.stderr);
}
