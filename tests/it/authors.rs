//! Who did it: every kind of caller by name, and what belongs to one session or command told together.

use cattleguard::testing::{CommandTarget, SimActor};
use cattleguard::types::AccountId;
use serde_json::{Value, json};

use crate::harness::{FINDINGS, OK, Setup, TestApp, alice, array, carol, small, text};

fn timeline(app: &TestApp, index: usize) -> Vec<String> {
    let (code, document) = app.json(&["timeline", app.server(index).as_str()]);
    assert_eq!(code, OK, "{document:#}");
    let told = |entry: &&Value| matches!(text(entry, "kind"), "event" | "launch");
    array(&document, "entries").iter().filter(told).map(|entry| text(entry, "text").to_owned()).collect()
}

#[test]
fn a_session_is_told_with_its_end_also_when_a_later_scan_reads_that() {
    let app = Setup::new(small()).start();
    let session = app.cloud().start_session(&alice(), &app.server(0)).unwrap();
    app.settle();
    assert_eq!(app.scan().code, FINDINGS);
    let before = timeline(&app, 0);
    assert!(
        before.iter().any(|line| line.contains("opened an SSM session") && line.contains("no end is recorded")),
        "{before:#?}"
    );

    app.cloud().resume_session(&alice(), &app.place(), &session).unwrap();
    app.minutes(10);
    app.cloud().terminate_session(&carol(), &app.place(), &session).unwrap();
    app.settle();
    let scan = app.scan();
    let finding = scan.finding(&app.server(0), "event-interactive-session");
    assert_eq!(finding["actual"]["events"], 2, "the end of a session is no finding: {finding:#}");
    let told = timeline(&app, 0);
    assert!(told[0].contains("started its current run"), "{told:#?}");
    let start = told.iter().find(|line| line.contains("opened an SSM session")).unwrap();
    assert!(start.contains("by carol after "), "{start}");
    let end = told.iter().find(|line| line.contains("ended the SSM session")).unwrap();
    assert!(end.starts_with("carol ") && end.contains("which alice@example.com began"), "{end}");
}

#[test]
fn a_command_to_a_tag_is_known_when_it_is_cancelled() {
    let app = Setup::new(small()).start();
    let tag = CommandTarget::Tag("app".to_owned(), "web".to_owned());
    let command = app.cloud().send_command(&carol(), &app.place(), "AWS-RunShellScript", &tag).unwrap();
    app.minutes(1);
    app.cloud().cancel_command(&alice(), &app.place(), &command).unwrap();
    app.settle();
    assert_eq!(app.scan().code, FINDINGS);
    for index in 0..2 {
        let told = timeline(&app, index);
        assert!(
            told.iter().any(|line| line.contains("CancelCommand") && line.contains("which carol began")),
            "{told:#?}"
        );
    }
}

#[test]
fn each_kind_of_caller_is_named() {
    let app = Setup::new(small()).start();
    let (server, other) = (app.server(0), app.server(1));
    let foreign = SimActor::role("partner", "eve").of_account(&AccountId::new("000000000009"));
    let quiet =
        SimActor::iam_user("bob").from_ip("10.20.0.9").through_endpoint("vpce-0a1b", &AccountId::new("000000000009"));
    for actor in [
        alice().by_way_of("cloudformation.amazonaws.com"),
        SimActor::instance("web-server", &server),
        SimActor::instance("web-server", &other),
        SimActor::root(),
        foreign,
        quiet,
        SimActor::saml("ops-admin", "lena@example.com"),
        SimActor::service("ssm.amazonaws.com"),
    ] {
        app.cloud().source_dest_check(&actor, &server, false).unwrap();
        app.minutes(1);
    }
    app.settle();
    let scan = app.scan();
    let told = timeline(&app, 0);
    let lines: Vec<&String> = told.iter().filter(|line| line.contains("source/destination")).collect();
    for (line, beginning, inside) in [
        (0, "alice@example.com ", "by way of cloudformation.amazonaws.com"),
        (1, &*format!("the server itself (web-server/{server}) "), ""),
        (2, &*format!("another server (web-server/{other}) "), ""),
        (3, "root of 000000000000 ", "with MFA"),
        (4, "eve ", ""),
        (5, "bob ", "from 10.20.0.9 through vpce-0a1b of 000000000009"),
        (6, "lena@example.com ", ""),
        (7, "ssm.amazonaws.com ", ""),
    ] {
        assert!(lines[line].starts_with(beginning) && lines[line].contains(inside), "{}", lines[line]);
    }
    let drift = scan.finding(&server, "config-source-dest-check");
    let names: Vec<&str> =
        drift["attribution"].as_array().unwrap().iter().map(|by| by["display"].as_str().unwrap()).collect();
    assert_eq!(names[..2], ["ssm.amazonaws.com", "lena@example.com"], "the last change comes first");
}

#[test]
fn a_drift_without_a_call_says_that_nobody_explains_it() {
    let app = Setup::new(small()).start();
    let server = app.server(0);
    // A refused attempt and a call on another server explain nothing.
    app.cloud().failed_call(&alice(), &server, "ssm", "SendCommand", "AccessDenied").unwrap();
    app.cloud().start_session(&carol(), &app.server(1)).unwrap();
    app.cloud().install_package(&server, "nmap", "7.95").unwrap();
    app.settle();
    let scan = app.scan();
    let finding = scan.finding(&server, "software-package-added");
    assert_eq!(finding["attribution"], json!([]));
    let attempt = scan.finding(&server, "event-remote-command");
    assert_eq!((&attempt["severity"], &attempt["actual"]["succeeded"]), (&json!("medium"), &json!(false)));
    let (_, text) = app.text("table", &["explain", server.as_str()]);
    assert!(text.contains("nobody in the trail explains it"), "{text}");
}

#[test]
fn a_shared_role_that_was_changed_before_a_launch_is_not_held_against_it() {
    let app = Setup::new(small()).start();
    assert_eq!(app.scan().code, OK);
    let place = app.place();
    let request = json!({"roleName": "web-server", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"});
    app.cloud().other_call(&carol(), &place, "iam", "AttachRolePolicy", request, json!(null)).unwrap();
    app.minutes(30);
    let group = app.fleet.groups[&place][0].name.clone();
    let young = app.cloud().asg_launch(&place, &group).unwrap();
    app.minutes(30);
    app.settle();
    let scan = app.scan();
    assert!(scan.codes(&app.member(0)).contains("event-identity-changed"));
    assert!(!scan.codes(&young).contains("event-identity-changed"), "{:?}", scan.codes(&young));
}
