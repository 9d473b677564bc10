//! Buttons over the endpoint of `serve`, as Slack and as an attacker use it.

use std::net::SocketAddr;
use std::sync::Arc;

use clap::Parser as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};

use super::operations::await_approval;
use super::world::World;
use crate::app::buttons::Buttons;
use crate::app::buttons::fake::FakeSlack;
use crate::app::cli::Cli;
use crate::app::config::Config;
use crate::app::context::Context;
use crate::app::serve::{People, Site, Users, router};
use crate::remediate::Journal as _;
use crate::report::deliver::Client;
use crate::report::press::Act;
use crate::report::pump;
use crate::report::{OutboxHistory, approval_notices};
use crate::store::{Audit as _, Findings as _, Outbox as _, Scans as _, Waivers as _};
use crate::types::FindingStatus;

const ENDPOINT: &str = "interactive = \"endpoint\"\nsigning_secret = { file = \"signing\" }";
const PEOPLE: &str = "{ user = \"U0ERIN\", author = \"erin@ops\", may = [\"acknowledge\", \"approve\", \"pause\"] }, \
                      { user = \"U0ALIAS\", author = \"erin@ops\", may = [\"approve\"] }, \
                      { user = \"U0FRANK\", author = \"frank@ops\", may = [\"approve\"] }";

/// A scanned world whose messages are in a Slack, and the server that Slack posts to.
struct Desk {
    slack: FakeSlack,
    world: World,
    address: SocketAddr,
    runtime: tokio::runtime::Runtime,
}

impl Desk {
    /// `extra` goes in front of the configuration.
    fn open(extra: &str) -> Self {
        let slack = FakeSlack::start();
        let world = World::new(&(extra.to_owned() + &slack.section(ENDPOINT, PEOPLE)));
        world.secret("bot", "xoxb-1");
        world.secret("signing", "shh");
        world.record(&[]);
        let alice = crate::testing::SimActor::person("Alice Example");
        world.fleet.cloud.start_session(&alice, &world.fleet.instances()[0]).expect("a session");
        world.fleet.clock.advance(std::time::Duration::from_secs(1200));
        world.fleet.cloud.run_inventory_all().expect("an inventory run");
        world.run(&["scan"]);
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let address = runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let address = listener.local_addr().expect("its address");
            let site = site(&world);
            tokio::spawn(async move { axum::serve(listener, router(site)).await });
            address
        });
        Self { slack, world, address, runtime }
    }

    /// Asks for the approval of the last plan, as a scan does whose plan waits for one.
    fn ask(&self) {
        let (store, now) = (self.world.store(), self.world.fleet.clock.now());
        let plan = store.last_plan().expect("readable").expect("a plan");
        let destinations = configured(&self.world).0.destinations(&[]).expect("secrets");
        store
            .enqueue(&approval_notices(&plan, None, &destinations, &OutboxHistory::new(&store), now), now)
            .expect("kept");
        let client = Client::new().expect("a client");
        let sent = self.runtime.block_on(pump(&store, &destinations, client, || now, || 0.5, 5)).expect("sent");
        assert_eq!(sent.delivered, 1);
    }

    /// The message with this button.
    fn message(&self, act: Act) -> Value {
        let messages = self.slack.messages();
        let found =
            messages.into_iter().find(|message| FakeSlack::buttons(message).contains(&act.action_id().to_owned()));
        found.expect("a message with the button")
    }

    fn payload(&self, act: Act, user: &str) -> Value {
        self.slack.payload(&self.message(act), act, user)
    }

    fn now(&self) -> i64 {
        self.world.fleet.clock.now().as_second()
    }

    fn post(&self, path: &str, headers: &[(&str, String)], body: String) -> u16 {
        let mut request = reqwest::Client::new().post(format!("http://{}{path}", self.address)).body(body);
        request = request.header("content-type", "application/x-www-form-urlencoded");
        // As a proxy passes it on.
        request = request.header("host", "cattleguard.example.com");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        self.runtime.block_on(async { request.send().await.expect("an answer").status().as_u16() })
    }

    /// Posts what was signed with a secret at a time.
    fn signed(&self, secret: &str, at: i64, body: String) -> u16 {
        let signature = sign(secret, at, &body);
        self.post(
            "/slack/actions",
            &[("x-slack-request-timestamp", at.to_string()), ("x-slack-signature", signature)],
            body,
        )
    }

    /// Slack tells of a press; the status, and what whoever pressed was told.
    fn press(&self, payload: &Value) -> (u16, String) {
        let before = self.slack.called("response_url").len();
        let status = self.signed("shh", self.now(), form(&payload.to_string()));
        let told = self.slack.called("response_url");
        let text = told.get(before).and_then(|body| body["text"].as_str()).unwrap_or_default();
        (status, text.to_owned())
    }

    fn acknowledged(&self) -> usize {
        let findings = self.world.store().findings(false).expect("findings");
        findings.iter().filter(|finding| finding.status == FindingStatus::Acknowledged).count()
    }

    fn audited(&self, action: &str) -> Vec<String> {
        let entries = self.world.store().entries().expect("entries");
        entries.into_iter().filter(|entry| entry.action == action).map(|entry| entry.actor).collect()
    }
}

fn configured(world: &World) -> (Config, Context<'_>) {
    let config = world.path("cattleguard.toml");
    let line = ["x", "-q", "-C", config.to_str().expect("a path"), "serve"];
    let global = Cli::try_parse_from(line).expect("a line").global;
    let context = Context::new(&world.backend, global, Vec::new());
    (context.load(Vec::new()).expect("a configuration").config, context)
}

fn site(world: &World) -> Arc<Site> {
    let (config, context) = configured(world);
    let store = context.store(&config).expect("the state");
    let destinations = config.destinations(&[]).expect("secrets");
    let clock = context.backend.clock();
    let client = Client::new().expect("a client");
    let buttons = Buttons::new(store.clone(), &config, &destinations, client, clock.clone(), false).map(Arc::new);
    let people = People { users: Users::default(), hosts: Vec::new(), destinations, buttons };
    Arc::new(Site::new(store, config, clock, people, false))
}

fn form(payload: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new()).append_pair("payload", payload).finish()
}

fn sign(secret: &str, at: i64, body: &str) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(format!("v0:{at}:{body}").as_bytes());
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("v0={hex}")
}

#[test]
fn a_signed_press_acknowledges_and_a_replay_of_it_changes_nothing() {
    let desk = Desk::open("");
    let payload = desk.payload(Act::Acknowledge, "U0ERIN");
    let (status, told) = desk.press(&payload);
    assert_eq!(status, 200);
    assert!(told.starts_with("Acknowledged ") && told.ends_with(" as erin@ops."), "{told}");
    let done = desk.acknowledged();
    assert!(done > 0);
    let root = &desk.slack.messages()[0];
    assert!(root.to_string().contains("Acknowledged by erin@ops"), "edited at once: {root}");
    assert_eq!(FakeSlack::buttons(root), ["cattleguard.pause"]);
    assert_eq!(desk.press(&payload), (200, told), "the same answer");
    assert_eq!((desk.acknowledged(), desk.audited("finding.ack").len()), (done, done));
    assert_eq!(desk.audited("slack.press"), ["erin@ops by Slack U0ERIN"]);
    // Pressed again, as a message that somebody had open still shows the button.
    let mut again = payload;
    again["actions"][0]["action_ts"] = json!("1548426500.000000");
    let (_, told) = desk.press(&again);
    assert!(told.starts_with("Nothing was done: f-") && told.contains("is acknowledged already"), "{told}");
    assert_eq!(desk.audited("slack.press").len(), 2);
    assert_eq!(desk.audited("finding.ack").len(), done);
    // Another press does not bring back what was acknowledged.
    desk.press(&desk.payload(Act::Pause, "U0ERIN"));
    let root = &desk.slack.messages()[0];
    assert!(root.to_string().contains("*State*\\nAcknowledged\""), "{root}");
    assert_eq!(FakeSlack::buttons(root), Vec::<String>::new(), "acknowledged, and paused");
    // The next scan delivers the reply and the edit that belong to the acknowledgement.
    desk.world.run(&["scan"]);
    assert!(desk.slack.messages()[0].to_string().contains("*State*\\nAcknowledged\""));
}

#[test]
fn nothing_that_slack_did_not_sign_a_moment_ago_is_done() {
    let desk = Desk::open("");
    let body = form(&desk.payload(Act::Acknowledge, "U0ERIN").to_string());
    let now = desk.now();
    for (what, status) in [
        ("another secret", desk.signed("shhh", now, body.clone())),
        ("long ago", desk.signed("shh", now - 301, body.clone())),
        ("from the future", desk.signed("shh", now + 301, body.clone())),
        ("no headers", desk.post("/slack/actions", &[], body.clone())),
    ] {
        assert_eq!(status, 401, "{what}");
    }
    let signature = sign("shh", now, &body);
    let headers = [("x-slack-request-timestamp", now.to_string()), ("x-slack-signature", signature)];
    assert_eq!(desk.post("/slack/actions", &headers, body.replace("U0ERIN", "U0FRANK")), 401, "another body");
    assert_eq!(desk.post("/slack/actions", &headers, format!("{body}{}", "x".repeat(300_000))), 413);
    for garbage in ["", "payload=", "payload=%7B", "payload=1&payload=2", "token=x", "payload=%FF%FE"] {
        assert_eq!(desk.signed("shh", now, garbage.to_owned()), 400, "{garbage}");
    }
    assert_eq!(desk.signed("shh", now, form(r#"{"type":"view_submission"}"#)), 200, "not ours, and not wrong");
    assert_eq!((desk.acknowledged(), desk.audited("slack.press").len()), (0, 0));
    // The address leads nowhere else: pages stay behind their guard, under the name of the proxy or not.
    for path in ["/", "/plan", "/login", "/slack", "/slack/actions/../pause"] {
        assert!([404, 421].contains(&desk.post(path, &headers, body.clone())), "{path}");
    }
    assert_eq!(desk.post("/slack/actions", &headers, body), 200, "the right one, to prove the rest");
    assert!(desk.acknowledged() > 0);
}

#[test]
fn without_an_endpoint_in_the_configuration_there_is_none() {
    let world = World::new("");
    world.record(&[]);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let status = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let site = site(&world);
        site.listens_on(address);
        tokio::spawn(async move { axum::serve(listener, router(site)).await });
        let answer = reqwest::Client::new().post(format!("http://{address}/slack/actions")).send().await;
        answer.expect("an answer").status().as_u16()
    });
    assert_eq!(status, 404);
}

#[test]
fn whoever_may_not_is_told_why_and_nothing_is_done() {
    let desk = Desk::open("");
    let refused = |change: &dyn Fn(&mut Value), part: &str| {
        let mut payload = desk.payload(Act::Acknowledge, "U0ERIN");
        change(&mut payload);
        let (status, told) = desk.press(&payload);
        assert_eq!(status, 200);
        assert!(told.contains(part), "{told}");
    };
    refused(&|payload| payload["user"]["id"] = json!("U0STRANGER"), "U0STRANGER may press nothing here");
    refused(&|payload| payload["user"]["id"] = json!("U0FRANK"), "frank@ops may not acknowledge here");
    refused(&|payload| payload["team"]["id"] = json!("T0OTHER"), "another workspace");
    refused(
        &|payload| payload["channel"]["id"] = json!("C0OTHER"),
        "No destination of this cattleguard is in this channel",
    );
    refused(&|payload| payload["actions"][0]["action_id"] = json!("cattleguard.resume"), "not known");
    refused(&|payload| payload["actions"][0]["value"] = json!("1:f-none"), "f-none is not known (any more)");
    refused(
        &|payload| {
            payload["actions"][0]["action_id"] = json!(Act::Approve.action_id());
            payload["actions"][0]["value"] = json!("1:blake3:0011223344");
        },
        "is not the last plan",
    );
    refused(
        &|payload| {
            payload["actions"][0]["action_id"] = json!(Act::Pause.action_id());
            payload["actions"][0]["value"] = json!("1:wbe");
        },
        "there is no fleet",
    );
    assert_eq!(desk.acknowledged(), 0);
    assert_eq!(desk.world.store().pauses().expect("pauses"), []);
    // An address that is not Slack's gets no answer; the channel does.
    let mut elsewhere = desk.payload(Act::Acknowledge, "U0STRANGER");
    elsewhere["response_url"] = json!("http://localhost:9/steal");
    assert_eq!(desk.press(&elsewhere), (200, String::new()));
    let told = desk.slack.called("chat.postEphemeral");
    assert_eq!((told.len(), &told[0]["user"], &told[0]["channel"]), (1, &json!("U0STRANGER"), &json!("C0OPS")));
    let log = desk.audited("slack.press");
    assert!(!log.iter().any(|actor| actor.contains("STRANGER")), "strangers cannot fill the audit log: {log:?}");
}

#[test]
fn a_fleet_is_paused_once_and_everybody_in_the_thread_is_told() {
    let desk = Desk::open("");
    let mut payload = desk.payload(Act::Pause, "U0ERIN");
    assert_eq!(desk.press(&payload), (200, String::new()));
    let pauses = desk.world.store().pauses().expect("pauses");
    assert_eq!(pauses, [(Some("web".into()), "paused in Slack by erin@ops".to_owned())]);
    let told = desk.slack.messages().pop().expect("a message");
    assert!(told["text"].as_str().expect("a text").starts_with("erin@ops paused fleet web"), "{told}");
    assert_eq!((&told["thread_ts"], &told["reply_broadcast"]), (&desk.slack.messages()[0]["ts"], &json!(true)));
    payload["actions"][0]["action_ts"] = json!("1548426500.000000");
    let (_, told) = desk.press(&payload);
    assert_eq!(told, "Nothing was done: fleet web is paused already: paused in Slack by erin@ops");
    assert_eq!(desk.audited("enforcement.pause"), ["erin@ops by Slack U0ERIN"]);
}

#[test]
fn two_people_approve_the_plan_that_was_shown() {
    let desk = Desk::open("[enforcement]\ntwo_person = true\n\n");
    let hash = crate::types::PlanHash::new(await_approval(&desk.world));
    desk.ask();
    let ts = desk.message(Act::Approve)["ts"].clone();
    let shown = || {
        let messages = desk.slack.messages();
        let message = messages.iter().find(|message| message["ts"] == ts).expect("the message");
        (message.to_string(), FakeSlack::buttons(message).contains(&Act::Approve.action_id().to_owned()))
    };
    let approvers = || {
        let given = desk.world.store().approvals(desk.world.fleet.clock.now()).expect("readable");
        given.into_iter().map(|one| (one.plan, one.approver)).collect::<Vec<_>>()
    };
    let erin = desk.payload(Act::Approve, "U0ERIN");
    let pause = desk.slack.payload(&desk.message(Act::Approve), Act::Pause, "U0ERIN");
    let (alias, frank) = (desk.payload(Act::Approve, "U0ALIAS"), desk.payload(Act::Approve, "U0FRANK"));
    let (_, told) = desk.press(&erin);
    assert!(told.starts_with("erin@ops approved plan") && told.contains("1 more must"), "{told}");
    assert_eq!(approvers(), [(hash.clone(), "erin@ops".to_owned())]);
    let (text, button) = shown();
    assert!(text.contains("Waits for 1 more; approved by erin@ops") && button, "{text}");
    let (_, told) = desk.press(&alias);
    assert!(told.contains("erin@ops approved this plan already"), "one person by two accounts: {told}");
    assert_eq!(approvers().len(), 1);
    let (_, told) = desk.press(&frank);
    assert!(told.contains("erin@ops and frank@ops approved plan"), "{told}");
    assert_eq!(approvers().len(), 2);
    let (text, button) = shown();
    assert!(text.contains("Approved by erin@ops and frank@ops until") && !button, "{text}");
    let (_, told) = desk.press(&pause);
    assert_eq!(told, "", "told to everybody");
    let (text, button) = shown();
    assert!(text.contains("Approved by erin@ops and frank@ops until") && !button, "still: {text}");
    assert_eq!(desk.audited("plan.approve"), ["erin@ops", "frank@ops"]);
    assert_eq!(desk.audited("slack.press").len(), 4);
    assert_eq!(desk.world.run(&["audit", "verify"]), 0);
}

#[test]
fn notify_test_and_doctor_say_whether_buttons_can_work() {
    let slack = FakeSlack::start();
    let socket = "interactive = \"socket\"\napp_token = { file = \"app\" }";
    let world = World::new(&slack.section(socket, PEOPLE));
    world.secret("bot", "xoxb-1");
    world.secret("app", "xapp-1");
    world.record(&[]);
    let test = || {
        let (exit, told) = world.json(&["notify", "test"]);
        let buttons = &told["destinations"][0]["buttons"];
        (exit, buttons["works"].clone(), buttons["answer"].as_str().unwrap_or_default().to_owned())
    };
    let (exit, works, answer) = test();
    assert_eq!((exit, works), (0, json!(true)), "{answer}");
    assert_eq!(answer, "buttons for 3 people of workspace T0TEAM: Socket Mode answers; `cattleguard daemon` listens");
    world.secret("app", "xapp-wrong");
    let (exit, works, answer) = test();
    assert_eq!((exit, works), (69, json!(false)));
    assert!(
        answer.contains("apps.connections.open: invalid_auth (put a valid one where `app_token` points to"),
        "{answer}"
    );
    let (_, report) = world.json(&["doctor"]);
    let checks = report["checks"].as_array().expect("checks").iter();
    let told: Vec<_> = checks.filter(|check| check["topic"] == "notifications").map(|check| &check["health"]).collect();
    assert_eq!(told, ["ok", "warning"], "{report:#}");
    for text in [answer, report.to_string()] {
        assert!(!text.contains("xapp-") && !text.contains("xoxb-"), "{text}");
    }
}
