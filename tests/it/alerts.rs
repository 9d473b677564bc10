//! Alerts: told once, never lost, and told when it is over.

use cattleguard::collect::ReadFailure;
use cattleguard::store::OutboxState;
use cattleguard::testing::FailRule;
use secrecy::SecretString;
use serde_json::Value;

use crate::harness::{
    Answer, CONFIG, FINDINGS, OK, Receiver, Request, Setup, TestApp, UNAVAILABLE, USAGE, alice, carol, small,
};

fn started(receiver: &Receiver) -> TestApp {
    let app = Setup::new(small()).alerts_to(receiver).start();
    assert_eq!(app.scan().code, OK);
    assert_eq!(receiver.arrived().len(), 0, "a clean fleet is no news");
    app
}

fn drift(app: &TestApp) {
    app.cloud().upgrade_package(&app.server(0), "nginx", "9.9").unwrap();
    app.settle();
}

fn kinds(requests: &[Request]) -> Vec<String> {
    requests.iter().map(|request| request.body()["type"].as_str().unwrap_or("-").to_owned()).collect()
}

#[test]
fn news_goes_to_every_destination_signed_and_once() {
    let receiver = Receiver::start();
    let app = started(&receiver);
    drift(&app);
    assert_eq!(app.scan().code, FINDINGS);
    let (hooks, slacks) = (receiver.hooks(), receiver.slacks());
    assert_eq!((hooks.len(), slacks.len()), (1, 1));
    assert_eq!(kinds(&hooks), ["io.cattleguard.finding.new.v1"]);
    let hook = &hooks[0];
    let at = jiff::Timestamp::from_second(hook.header("webhook-timestamp").parse().unwrap()).unwrap();
    let secret = SecretString::from(crate::harness::SECRET.to_owned());
    let expected = cattleguard::report::sign::signature(&[secret], hook.header("webhook-id"), at, hook.raw.as_bytes());
    assert_eq!(hook.header("webhook-signature"), expected.unwrap());
    assert_eq!(hook.body()["id"], hook.header("webhook-id"));
    assert!(slacks[0].raw.contains("nginx") && slacks[0].raw.contains(app.server(0).as_str()), "{}", slacks[0].raw);
    app.minutes(10);
    app.scan();
    assert_eq!(receiver.arrived().len(), 2, "nothing changed, nothing is told");
}

#[test]
fn it_is_told_when_it_is_over() {
    let receiver = Receiver::start();
    let app = started(&receiver);
    drift(&app);
    app.scan();
    app.cloud().upgrade_package(&app.server(0), "nginx", "1.28.0").unwrap();
    app.settle();
    assert_eq!(app.scan().code, OK);
    assert_eq!(kinds(&receiver.hooks()), ["io.cattleguard.finding.new.v1", "io.cattleguard.finding.resolved.v1"]);
    assert_eq!(receiver.slacks().len(), 2);
    app.minutes(60);
    app.scan();
    assert_eq!(receiver.arrived().len(), 4);
}

#[test]
fn what_is_open_is_repeated_until_somebody_has_seen_it() {
    let receiver = Receiver::start();
    let app = started(&receiver);
    drift(&app);
    let scan = app.scan();
    let finding = scan.finding(&app.server(0), "software-package-changed")["id"].as_str().unwrap().to_owned();
    app.minutes(5 * 60);
    app.scan();
    assert_eq!(receiver.hooks().len(), 2, "still open after four hours");
    assert_eq!(app.run(&["findings", "ack", &finding]), OK);
    for _ in 0..3 {
        app.minutes(5 * 60);
        app.settle();
        app.scan();
    }
    let told = kinds(&receiver.hooks());
    assert_eq!(told.len(), 3, "told as acknowledged, and no more repeats: {told:?}");
    assert_eq!(told[2], "io.cattleguard.finding.acknowledged.v1");
    let lines = receiver.hooks()[2].body()["data"]["lines"].to_string();
    assert!(lines.contains("was acknowledged by"), "{lines}");
    app.cloud().upgrade_package(&app.server(0), "nginx", "1.28.0").unwrap();
    app.settle();
    app.scan();
    assert_eq!(receiver.hooks().len(), 4, "its end is told all the same");
}

#[test]
fn a_receiver_that_asks_for_a_pause_gets_it_and_then_the_same_alert() {
    let receiver = Receiver::start();
    let app = Setup::new(small()).webhook_to(&receiver).start();
    app.scan();
    drift(&app);
    receiver.answer([Answer::RetryAfter(600)]);
    app.scan();
    assert_eq!(app.outbox(OutboxState::Pending).len(), 1);
    app.minutes(5);
    app.scan();
    assert_eq!(receiver.arrived().len(), 1, "not before the ten minutes are over");
    app.minutes(6);
    app.scan();
    let arrived = receiver.arrived();
    assert_eq!((arrived.len(), arrived[1].accepted), (2, true));
    assert_eq!(arrived[0].header("webhook-id"), arrived[1].header("webhook-id"), "so that repetitions can be dropped");
    let data = |request: &Request| -> Value { request.body()["data"].clone() };
    assert_eq!(data(&arrived[0]), data(&arrived[1]));
}

#[test]
fn a_receiver_that_fails_for_hours_loses_nothing_and_gets_things_in_order() {
    let receiver = Receiver::start();
    let app = Setup::new(small()).webhook_to(&receiver).start();
    app.scan();
    receiver.always(Some(Answer::Status(500)));
    drift(&app);
    assert_eq!(app.scan().code, FINDINGS, "a receiver's trouble is not the scan's");
    app.cloud().start_session(&alice(), &app.server(1)).unwrap();
    app.settle();
    app.scan();
    app.minutes(120);
    app.cloud().push_ssh_key(&carol(), &app.server(2), "root").unwrap();
    app.settle();
    app.scan();
    assert_eq!(receiver.hooks().len(), 0);
    let waiting = app.outbox(OutboxState::Pending).len();
    assert!(waiting >= 3, "{waiting}");
    receiver.always(None);
    receiver.clear();
    app.minutes(70);
    app.scan();
    let codes: Vec<_> = receiver.hooks().iter().map(|hook| hook.body()["data"]["group"]["code"].clone()).collect();
    let order: Vec<_> = ["software-package-changed", "event-interactive-session", "event-ssh-key-pushed"]
        .iter()
        .map(|code| codes.iter().position(|told| told == code).unwrap_or_else(|| panic!("{code} was lost: {codes:?}")))
        .collect();
    assert!(order.is_sorted(), "{codes:?}");
}

#[test]
fn a_broken_destination_does_not_hold_up_another() {
    let (good, bad) = (Receiver::start(), Receiver::start());
    let app = Setup::new(small())
        .webhook_to(&good)
        .file("bad.url", &format!("http://{}/services/T/B/x", bad.address))
        .more("[[notify]]\nname = \"chat\"\nkind = \"slack\"\nurl = { file = \"bad.url\" }\nallow_private = true")
        .start();
    app.scan();
    bad.always(Some(Answer::Status(503)));
    drift(&app);
    app.scan();
    assert_eq!((good.hooks().len(), bad.slacks().len()), (1, 0));
    bad.always(None);
    app.minutes(90);
    app.scan();
    assert_eq!((good.hooks().len(), bad.slacks().len()), (1, 1));
}

#[test]
fn loopback_is_refused_unless_it_is_allowed() {
    let receiver = Receiver::start();
    let app = Setup::new(small()).webhook_to(&receiver).start_unrecorded();
    app.reconfigure(|text| text.replace("allow_private = true", "allow_private = false"));
    app.record("1");
    drift(&app);
    assert_eq!(app.scan().code, FINDINGS);
    assert_eq!(receiver.arrived().len(), 0);
    app.may_leave_alerts();
}

#[test]
fn a_destination_hears_only_of_what_is_severe_enough_for_it() {
    let receiver = Receiver::start();
    let app = Setup::new(small()).webhook_to(&receiver).start_unrecorded();
    app.reconfigure(|text| format!("{text}min_severity = \"critical\"\n"));
    app.record("1");
    app.cloud().create_tags(&carol(), &app.server(0), &[("note", "x")]).unwrap();
    app.cloud().send_serial_console_key(&carol(), &app.server(1)).unwrap();
    app.settle();
    app.scan();
    let codes: Vec<_> = receiver.hooks().iter().map(|hook| hook.body()["data"]["group"]["code"].clone()).collect();
    assert_eq!(codes, ["event-serial-console"]);
}

#[test]
fn a_test_message_says_what_the_receiver_answered() {
    let receiver = Receiver::start();
    let app = Setup::new(small()).alerts_to(&receiver).start();
    let (code, report) = app.json(&["notify", "test"]);
    assert_eq!((code, &report["ok"]), (OK, &true.into()));
    assert_eq!((receiver.hooks().len(), receiver.slacks().len()), (1, 1));
    receiver.always(Some(Answer::Status(404)));
    let (code, report) = app.json(&["notify", "test", "siem"]);
    assert_eq!((code, &report["destinations"][0]["delivered"]), (UNAVAILABLE, &false.into()));
    assert!(report.to_string().contains("404"), "{report:#}");
    assert_eq!(app.run(&["notify", "test", "nope"]), USAGE);
    assert_eq!(app.outbox(OutboxState::Dead).len(), 0, "a test is no alert that was given up");
    receiver.always(None);
    receiver.clear();
    app.minutes(120);
    app.settle();
    app.scan();
    assert_eq!(receiver.hooks().len(), 0, "a test that failed is not repeated at night");
}

#[test]
fn blindness_is_told_and_so_is_its_end() {
    let receiver = Receiver::start();
    let app = Setup::new(small()).webhook_to(&receiver).failing().start();
    app.scan();
    app.faults.add_rule(FailRule::fail(ReadFailure::Denied).api("ec2:DescribeInstances"));
    app.minutes(10);
    app.scan();
    let lost = receiver.hooks();
    assert_eq!(lost.len(), 1, "{:?}", kinds(&lost));
    assert!(lost[0].raw.contains("ec2:DescribeInstances"), "{}", lost[0].raw);
    app.minutes(10);
    app.scan();
    assert_eq!(receiver.hooks().len(), 1, "once");
    app.faults.heal();
    app.minutes(10);
    assert_eq!(app.scan().code, OK);
    assert_eq!(receiver.hooks().len(), 2, "{:?}", kinds(&receiver.hooks()));
}

#[test]
fn blindness_does_not_end_or_repeat_the_alerts_of_what_is_not_seen() {
    let receiver = Receiver::start();
    let app = Setup::new(small()).webhook_to(&receiver).failing().start();
    app.scan();
    drift(&app);
    app.scan();
    assert_eq!(receiver.hooks().len(), 1);
    for api in ["ssm:GetInventory", "ec2:DescribeInstances"] {
        app.faults.add_rule(FailRule::fail(ReadFailure::Timeout).api(api));
        app.minutes(10);
        app.scan();
        app.faults.heal();
        app.minutes(10);
        app.scan();
    }
    let drift: Vec<_> =
        receiver.hooks().into_iter().filter(|hook| hook.raw.contains("software-package-changed")).collect();
    assert_eq!(drift.len(), 1, "{:#?}", drift.iter().map(|hook| hook.body()).collect::<Vec<_>>());
}

#[test]
fn destinations_in_aws_get_findings_and_events_and_their_end() {
    let app = Setup::new(small())
        .more(
            "[[notify]]\nname = \"hub\"\nkind = \"security-hub\"\n\n[[notify]]\nname = \"topic\"\nkind = \"sns\"\n\
             topic = \"arn:aws:sns:eu-west-1:000000000000:alerts\"",
        )
        .start();
    app.scan();
    drift(&app);
    app.scan();
    let published = app.cloud().published();
    assert_eq!(published.messages.len(), 1);
    assert_eq!(published.messages[0].attributes["code"], "software-package-changed");
    let states = |imports: &[Vec<cattleguard::report::render::hub::HubFinding>]| -> Vec<(String, bool)> {
        imports.iter().flatten().map(|finding| (finding.generator.clone(), finding.archived)).collect()
    };
    let code = "cattleguard/software-package-changed".to_owned();
    assert_eq!(states(&published.imports), [(code.clone(), false)]);
    app.minutes(10);
    app.scan();
    assert_eq!(app.cloud().published().imports.len(), 1, "nothing changed, nothing is imported");
    app.cloud().upgrade_package(&app.server(0), "nginx", "1.28.0").unwrap();
    app.settle();
    app.scan();
    let published = app.cloud().published();
    assert_eq!(states(&published.imports), [(code.clone(), false), (code, true)]);
    assert_eq!(published.messages.len(), 2);
    let (exit, told) = app.json(&["notify", "test"]);
    assert_eq!((exit, &told["destinations"][0]["delivered"]), (OK, &Value::Null), "{told}");
}

#[test]
fn an_event_is_told_where_the_state_it_made_is_not_and_routes_say_the_same() {
    let receiver = Receiver::start();
    let app = Setup::new(small()).webhook_to(&receiver).start_unrecorded();
    app.reconfigure(|text| format!("{text}codes = [\"event-user-*\"]\n"));
    app.record("1");
    app.cloud().modify_user_data(&carol(), &app.server(0), b"#!/bin/sh\nfalse\n").unwrap();
    app.settle();
    let scan = app.scan();
    let id = |code: &str| scan.finding(&app.server(0), code)["id"].as_str().unwrap().to_owned();
    let (event, state) = (id("event-user-data-changed"), id("config-user-data"));
    let codes: Vec<_> = receiver.hooks().iter().map(|hook| hook.body()["data"]["group"]["code"].clone()).collect();
    assert_eq!(codes, ["event-user-data-changed"]);
    let route = || {
        let (code, answer) = app.json(&["notify", "routes", &event]);
        assert_eq!(code, OK);
        (answer["destinations"][0]["told"] == true, answer["destinations"][0]["why"].as_str().unwrap().to_owned())
    };
    let by_itself = (true, "no route names it, and its own filter lets it through".to_owned());
    assert_eq!(route(), by_itself);
    app.reconfigure(|text| text.replace("codes = [\"event-user-*\"]\n", ""));
    let (told, why) = route();
    assert!(told && why.starts_with(&format!("told with {state} (config-user-data)")), "{why}");
    let silence = ["silences", "add", "--fleet", "web", "--code", "config-*", "--reason", "planned", "--until", "2h"];
    assert_eq!(app.run(&silence), OK);
    assert_eq!(route(), by_itself);
}

#[test]
fn a_destination_whose_secret_cannot_be_read_holds_up_nothing_and_loses_nothing() {
    let receiver = Receiver::start();
    let app = Setup::new(small())
        .more("[[notify]]\nname = \"chat\"\nkind = \"slack\"\nurl = { file = \"chat.url\" }\nallow_private = true")
        .webhook_to(&receiver)
        .start();
    assert_eq!(app.scan().code, OK);
    drift(&app);
    assert_eq!(app.scan().code, FINDINGS, "what is found is found");
    assert_eq!(receiver.hooks().len(), 1);
    let waiting = app.outbox(OutboxState::Pending);
    let error = waiting[0].last_error.clone().unwrap_or_default();
    assert!(waiting.len() == 1 && error.contains("notify `chat`: `url`"), "{error}");
    assert_eq!(app.run(&["config", "check", "--secrets"]), CONFIG);
    app.write("chat.url", "no url");
    assert_eq!(app.run(&["config", "check", "--secrets"]), CONFIG);
    app.minutes(60);
    app.scan();
    assert_eq!(app.outbox(OutboxState::Pending).len(), 1, "somebody may mend that too");
    app.write("chat.url", &format!("http://{}/services/T/B/x", receiver.address));
    assert_eq!(app.run(&["config", "check", "--secrets"]), OK);
    app.minutes(120);
    app.scan();
    assert_eq!(receiver.slacks().len(), 1, "nothing is lost");
}
