//! Buttons over Socket Mode: from a press below a message to the state, the message, the thread and the audit log.

use super::*;
use crate::app::buttons::fake::FakeSlack;
use crate::report::press::Act;
use crate::store::{Findings as _, Waivers as _};
use crate::types::FindingStatus;

const SOCKET: &str = "interactive = \"socket\"\napp_token = { file = \"app\" }";
const ERIN: &str = "{ user = \"U0ERIN\", author = \"erin@ops\", may = [\"acknowledge\", \"pause\"] }";

/// A fleet that somebody was on, told to a Slack in which nobody pressed anything yet.
fn world(slack: &FakeSlack) -> World {
    let more = "[alerts]\ngroup_wait = \"30s\"\n\n[schedule]\ncron = \"*/30 * * * *\"\n";
    let world = World::new(&(slack.section(SOCKET, ERIN) + more));
    world.secret("bot", "xoxb-1");
    world.secret("app", "xapp-1");
    world.record(&[]);
    let alice = crate::testing::SimActor::person("Alice Example");
    world.fleet.cloud.start_session(&alice, &world.fleet.instances()[0]).expect("a session");
    world.fleet.clock.advance(Duration::from_secs(900));
    world
}

/// What was said to whoever pressed.
fn answers(slack: &FakeSlack) -> Vec<String> {
    slack.called("response_url").iter().map(|body| body["text"].as_str().expect("a text").to_owned()).collect()
}

/// Whether the first message has a reply with this in it.
fn replied(slack: &FakeSlack, text: &str) -> bool {
    let replies = slack.messages();
    replies.iter().any(|message| !message["thread_ts"].is_null() && message.to_string().contains(text))
}

fn audited(world: &World, action: &str) -> Vec<crate::store::AuditEntry> {
    let entries = world.store().entries().expect("entries");
    entries.into_iter().filter(|entry| entry.action == action).collect()
}

#[test]
fn a_press_acknowledges_edits_the_message_and_is_on_record_once() {
    let slack = FakeSlack::start();
    slack.press_next(Act::Acknowledge, "U0STRANGER", 1);
    slack.press_next(Act::Acknowledge, "U0ERIN", 2);
    let world = world(&slack);
    let seen = slack.clone();
    let told = |slack: &FakeSlack| answers(slack).len() >= 3 && slack.acknowledged().len() >= 3;
    // The reply may be there before the message above it is edited.
    let edited = |slack: &FakeSlack| slack.messages()[0].to_string().contains("*State*\\nAcknowledged");
    let done = move || told(&seen) && replied(&seen, "was acknowledged by erin@ops by Slack U0ERIN") && edited(&seen);
    assert_eq!(run_until(&world, Box::new(done)), Exit::Terminated);
    // Answers overtake each other.
    let (erin, others): (Vec<_>, _) = answers(&slack).into_iter().partition(|text| text.ends_with(" as erin@ops."));
    assert!(erin[0].starts_with("Acknowledged f-"), "{erin:?}");
    assert_eq!(erin, [erin[0].as_str(); 2], "told of twice, done once");
    assert!(matches!(others.as_slice(), [one] if one.starts_with("U0STRANGER may press nothing here")), "{others:?}");
    assert_eq!(slack.acknowledged().len(), 3, "each envelope: {:?}", slack.acknowledged());

    let findings = world.store().findings(false).expect("findings");
    let found = findings.iter().find(|finding| finding.code.as_str() == "event-interactive-session").expect("it");
    assert_eq!(found.status, FindingStatus::Acknowledged);
    let root = &slack.messages()[0];
    assert!(root.to_string().contains("*State*\\nAcknowledged"), "{root}");
    assert_eq!(FakeSlack::buttons(root), ["cattleguard.pause"], "what was pressed is gone");

    let [press] = audited(&world, "slack.press").try_into().expect("one entry");
    assert_eq!((press.actor.as_str(), press.object.as_str()), ("erin@ops by Slack U0ERIN", found.id.as_str()));
    assert_eq!((&press.details["done"], &press.details["slack_user"]), (&true.into(), &"U0ERIN".into()));
    let [ack] = audited(&world, "finding.ack").try_into().expect("one entry");
    assert_eq!(ack.actor, "erin@ops by Slack U0ERIN");
    assert_eq!(world.run(&["audit", "verify"]), 0);
}

#[test]
fn a_connection_that_fails_or_is_to_be_renewed_is_opened_again() {
    let slack = FakeSlack::start();
    slack.refuse("apps.connections.open", "internal_error");
    slack.renew(2);
    slack.press_next(Act::Pause, "U0ERIN", 1);
    let world = world(&slack);
    let seen = slack.clone();
    // Over whichever connection it comes.
    let done = move || replied(&seen, "paused fleet web") && seen.connections() >= 3;
    assert_eq!(run_until(&world, Box::new(done)), Exit::Terminated);
    assert!(slack.called("apps.connections.open").len() >= 4);
    let pauses = world.store().pauses().expect("pauses");
    assert_eq!(pauses, [(Some("web".into()), "paused in Slack by erin@ops".to_owned())]);
    assert_eq!(audited(&world, "enforcement.pause")[0].actor, "erin@ops by Slack U0ERIN");
    assert!(answers(&slack).is_empty(), "a pause is told to everybody");
}

#[test]
fn without_a_connection_alerts_arrive_all_the_same() {
    let slack = FakeSlack::start();
    let world = world(&slack);
    world.secret("app", "xapp-wrong");
    let seen = slack.clone();
    let tried = move || seen.called("apps.connections.open").len() >= 3 && !seen.messages().is_empty();
    assert_eq!(run_until(&world, Box::new(tried)), Exit::Terminated);
    assert_eq!(slack.connections(), 0);
}
