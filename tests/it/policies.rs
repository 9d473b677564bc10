//! Own policies: that do not parse, that fail when they run, and that work.

use cattleguard::types::InstanceId;

use crate::harness::{CONFIG, FINDINGS, PARTIAL, Receiver, Setup, TestApp, carol, small};
use crate::processes::sim;

const OWN: &str = "[policy]\npaths = [\"own\"]";

fn with_policy(setup: Setup, text: &str) -> TestApp {
    let app = setup.more(OWN).start_unrecorded();
    std::fs::create_dir(app.path("own")).unwrap();
    app.write("own/policy.rego", text);
    app.record("1");
    app
}

fn drifted(app: &TestApp) -> InstanceId {
    let id = app.server(0);
    app.cloud().start_session(&carol(), &id).unwrap();
    app.settle();
    id
}

#[test]
fn a_policy_that_does_not_parse_is_a_configuration_error_with_its_line() {
    let app =
        with_policy(Setup::new(small()), "package cattleguard.test.broken\n\ndeny contains msg if {\n\tmsg := \n}\n");
    assert_eq!(app.run(&["scan"]), CONFIG);
    let output = sim(&app, &["scan"]);
    assert_eq!(output.code, CONFIG);
    assert!(output.stderr.contains("policy.rego:"), "{}", output.stderr);
    let line = ["policy.rego:4", "policy.rego:5"].iter().any(|place| output.stderr.contains(place));
    assert!(line, "it names the line: {}", output.stderr);
    assert_eq!(output.stdout, "");
}

/// Two values for one complete rule: valid to parse, a conflict when it is evaluated.
const CONFLICT: &str = "package cattleguard.test.conflict\n\nvalue := \"a\" if input.instance.id\n\n\
                        value := \"b\" if input.instance.id\n\nviolation contains value\n";

#[test]
fn a_policy_that_fails_when_it_runs_alerts_and_never_acts() {
    let receiver = Receiver::start();
    let enforcing = "enforcement = \"replace\"\nbudget = { count = 5, percent = 50 }\n\
                     [[fleet.windows]]\nfrom = \"00:00\"\nto = \"23:59\"";
    let setup = Setup::new(small()).mode("replace").fleet(enforcing).webhook_to(&receiver);
    let app = with_policy(setup, CONFLICT);
    let id = drifted(&app);
    app.scan();
    app.minutes(10);
    let scan = app.scan();
    assert_eq!(scan.code, PARTIAL, "what could not be decided is not complete");
    let decision = &scan.instance(&id)["decision"];
    assert_eq!((&decision["status"], &decision["action"]), (&"error".into(), &"alert".into()), "{decision:#}");
    assert!(scan.operations().is_empty(), "{:#}", scan.doc["plan"]);
    let clean = &scan.instance(&app.server(1))["decision"];
    assert_eq!(clean["status"], "error", "never read as a pass");
    let alerts: Vec<String> = receiver.hooks().iter().map(|hook| hook.body()["data"]["title"].to_string()).collect();
    assert!(alerts.iter().any(|title| title.contains("cattleguard.test.conflict")), "{alerts:#?}");

    app.write("own/policy.rego", "package cattleguard.test.conflict\n\nviolation contains \"never\" if false\n");
    app.minutes(10);
    let healed = app.scan();
    assert_eq!((healed.code, &healed.instance(&id)["decision"]["status"]), (FINDINGS, &"ok".into()));
}

#[test]
fn an_own_policy_is_heard_beside_the_shipped_ones() {
    let policy = r#"package cattleguard.test.owner

violation contains hit if {
	not input.instance.tags.owner
	input.fleet.name == "web"
	hit := {"id": "OWN-1", "msg": "nobody owns it", "severity": "high", "action": "quarantine"}
}
"#;
    let app = with_policy(Setup::new(small()), policy);
    let scan = app.scan();
    let decision = &scan.instance(&app.server(0))["decision"];
    assert_eq!((&decision["asked"], &decision["severity"]), (&"quarantine".into(), &"high".into()), "{decision:#}");
    assert!(decision["reasons"].to_string().contains("nobody owns it"));
    assert!(decision["controls"].as_array().unwrap().is_empty());
    assert_eq!(scan.gate(&app.server(0), "opt-in")["answer"], "refuse");
}

#[test]
fn a_policy_folder_without_policies_is_a_configuration_error() {
    let app = Setup::new(small()).more(OWN).start_unrecorded();
    assert_eq!(app.run(&["scan"]), CONFIG, "the folder is missing");
    std::fs::create_dir(app.path("own")).unwrap();
    assert_eq!(app.run(&["scan"]), CONFIG, "the folder is empty");
}

#[test]
fn sanctioned_principals_are_told_and_not_replaced() {
    let setup = Setup::new(small()).mode("replace").fleet(
        "enforcement = \"replace\"\nsanctioned_principals = [\"arn:aws:sts::000000000000:assumed-role/ops-admin/*\"]",
    );
    let app = setup.start();
    let id = drifted(&app);
    let scan = app.scan();
    let decision = &scan.instance(&id)["decision"];
    assert_eq!(decision["asked"], "alert", "{decision:#}");
    assert_eq!(scan.doc["plan"]["held"], serde_json::json!([]));
}

#[test]
fn replay_tells_what_other_policies_would_have_asked_for_on_what_was_seen() {
    let app = Setup::new(small()).more("[policy]\nbuiltin = false\npaths = [\"own\"]").start_unrecorded();
    std::fs::create_dir(app.path("own")).unwrap();
    app.write("own/policy.rego", "package cattleguard.test.own\n\nwarn contains \"never\" if false\n");
    app.record("1");
    let id = drifted(&app);
    app.scan();
    let stronger = "package cattleguard.test.own\n\nviolation contains hit if {\n\tsome finding in input.drift.findings\n\t\
                    finding.code == \"event-interactive-session\"\n\thit := {\"id\": \"OWN-1\", \"msg\": \"gone\", \"severity\": \
                    \"critical\", \"action\": \"replace\", \"track\": \"compromise\"}\n}\n";
    std::fs::create_dir(app.path("new")).unwrap();
    app.write("new/policy.rego", stronger);
    let bundle = app.path("new");
    let output = sim(&app, &["policy", "replay", "--bundle", bundle.to_str().unwrap(), "-o", "json"]);
    assert_eq!(output.code, FINDINGS, "{}", output.stderr);
    let document: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!((&document["stronger"], &document["failed"]), (&1.into(), &0.into()), "{document:#}");
    let change = &document["changes"][0];
    assert_eq!((&change["instance"], &change["after"]["track"]), (&id.to_string().into(), &"compromise".into()));
    assert_eq!(change["after"]["rules"].as_array().unwrap().last().unwrap(), "cattleguard.test.own OWN-1");

    let same = sim(&app, &["policy", "replay", "--bundle", app.path("own").to_str().unwrap()]);
    assert_eq!(same.code, 0, "{}", same.stderr);
    assert!(same.stdout.contains("0 would differ"), "{}", same.stdout);

    app.write("new/policy.rego", CONFLICT);
    let fails = sim(&app, &["policy", "replay", "--bundle", bundle.to_str().unwrap()]);
    assert_eq!(fails.code, PARTIAL, "{}", fails.stdout);
    assert!(fails.stdout.contains("! cattleguard.test.conflict cannot be evaluated"), "{}", fails.stdout);
}
