//! Threads, against a small Slack in memory.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::*;
use crate::remediate::Approval;
use crate::report::deliver::slack_api::PAUSE;
use crate::report::deliver::{Client, Reply, Request, Standing, Transport, show_approvals};
use crate::report::destination::{Destination, DestinationKind};
use crate::report::draft::draft_single;
use crate::report::fixtures::{self, MemoryOutbox, at, now};
use crate::report::notice::{Notice, NoticeOperation};
use crate::report::press::{Interactive, PressWay};
use crate::store::{Outbox as _, OutboxRow};
use crate::types::Severity;

/// How one call goes wrong.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// Not done, and this word said.
    Says(&'static str),
    /// Done, and no answer.
    Lost,
}

#[derive(Default)]
struct Book {
    messages: Vec<Value>,
    methods: Vec<String>,
    faults: VecDeque<(&'static str, Fault)>,
}

#[derive(Default)]
struct Slack(Mutex<Book>);

#[async_trait]
impl Transport for Slack {
    async fn post(&self, request: Request, _: Timestamp) -> Result<Reply, Attempt> {
        let mut book = self.0.lock().unwrap();
        let method = request.url.rsplit('/').next().unwrap().to_owned();
        assert!(request.headers.iter().any(|(_, value)| value == "Bearer xoxb-1"));
        book.methods.push(method.clone());
        let fault = book.faults.front().filter(|(of, _)| *of == method).map(|(_, fault)| *fault);
        if fault.is_some() {
            book.faults.pop_front();
        }
        if let Some(Fault::Says(word)) = fault {
            return Ok(answer(json!({"ok": false, "error": word})));
        }
        let body = String::from_utf8(request.body).unwrap();
        let done = match method.as_str() {
            "chat.postMessage" => {
                let mut message: Value = serde_json::from_str(&body).unwrap();
                let ts = format!("100.{}", book.messages.len());
                message["ts"] = Value::from(ts.clone());
                book.messages.push(message);
                json!({"ok": true, "ts": ts})
            }
            "chat.update" => {
                let update: Value = serde_json::from_str(&body).unwrap();
                match book.messages.iter_mut().find(|message| message["ts"] == update["ts"]) {
                    Some(message) => {
                        message["blocks"] = update["blocks"].clone();
                        json!({"ok": true})
                    }
                    None => json!({"ok": false, "error": "message_not_found"}),
                }
            }
            "conversations.history" | "conversations.replies" => json!({"ok": true, "messages": book.messages}),
            other => panic!("{other}"),
        };
        if let Some(Fault::Lost) = fault {
            return Err(Attempt::Retry("no answer".to_owned()));
        }
        Ok(answer(done))
    }
}

fn answer(body: Value) -> Reply {
    Reply { status: 200, retry_after: None, scopes: None, body: body.to_string().into_bytes() }
}

struct World {
    slack: Arc<Slack>,
    outbox: MemoryOutbox,
    destination: Destination,
}

impl World {
    fn new() -> Self {
        let kind = DestinationKind::SlackBot {
            token: "xoxb-1".to_owned().into(),
            channel: "C1".to_owned(),
            api: "https://slack.test/api/".to_owned(),
            interactive: None,
        };
        let destination = Destination { kind, ..fixtures::slack("ops", "http://127.0.0.1/") };
        Self { slack: Arc::default(), outbox: MemoryOutbox::default(), destination }
    }

    /// With buttons, which nobody may press here.
    fn with_buttons() -> Self {
        let mut world = Self::new();
        if let DestinationKind::SlackBot { interactive, .. } = &mut world.destination.kind {
            let way = PressWay::Socket { app_token: "xapp-1".to_owned().into() };
            *interactive = Some(Interactive { way, people: Vec::new() });
        }
        world
    }

    /// The buttons of each message.
    fn buttons(&self) -> Vec<Vec<String>> {
        let book = self.slack.0.lock().unwrap();
        let of = |message: &Value| {
            let blocks = message["blocks"].as_array().unwrap().iter();
            let elements = blocks
                .filter(|block| block["type"] == "actions")
                .flat_map(|block| block["elements"].as_array().unwrap());
            elements.map(|element| element["text"]["text"].as_str().unwrap().to_owned()).collect()
        };
        book.messages.iter().map(of).collect()
    }

    async fn show(&self, plan: &str, approvals: &[Approval], needed: usize) -> Vec<String> {
        let client = Client::over(Arc::clone(&self.slack) as Arc<dyn Transport>);
        let standing = || Ok(Standing { plan: Some(plan.into()), approvals: approvals.to_vec(), needed });
        let destinations = [self.destination.clone()];
        show_approvals(&self.outbox, &destinations, &client, standing, at(20)).await.unwrap()
    }

    fn fail(&self, method: &'static str, fault: Fault) {
        self.slack.0.lock().unwrap().faults.push_back((method, fault));
    }

    fn put(&self, notice: &Notice) -> OutboxRow {
        let unique = self.outbox.rows(None).unwrap().len().to_string();
        self.outbox.enqueue(&[draft_single(notice, &self.destination, &unique)], now()).unwrap();
        self.outbox.rows(None).unwrap().pop().unwrap()
    }

    async fn try_once(&self, row: &OutboxRow) -> Attempt {
        let client = Client::over(Arc::clone(&self.slack) as Arc<dyn Transport>);
        crate::report::deliver::deliver(row, &self.destination, &client, &self.outbox, at(10)).await
    }

    async fn tell(&self, notice: &Notice) {
        assert_eq!(self.try_once(&self.put(notice)).await, Attempt::Delivered);
    }

    /// Each message: the thread it is in, and its state.
    fn seen(&self) -> Vec<(Option<String>, String)> {
        let book = self.slack.0.lock().unwrap();
        let state = |message: &Value| {
            let fields = message["blocks"][1]["fields"].as_array().unwrap();
            let texts = fields.iter().filter_map(|field| field["text"].as_str());
            texts.filter_map(|text| text.strip_prefix("*State*\n")).collect::<String>()
        };
        book.messages.iter().map(|message| (text(message, "thread_ts"), state(message))).collect()
    }

    fn calls(&self, method: &str) -> usize {
        self.slack.0.lock().unwrap().methods.iter().filter(|called| *called == method).count()
    }
}

fn drift() -> Notice {
    fixtures::notice(vec![fixtures::finding("event-ssh-key-pushed", "i-0aa", "key")])
}

fn step(kind: NoticeKind) -> Notice {
    Notice { kind, ..drift() }
}

fn operation(kind: NoticeKind, what: &str, status: &str) -> Notice {
    let mut notice = Notice::blank(kind, drift().group, Severity::High, "web: an operation", now());
    notice.group.code = crate::types::Code::known("operation");
    notice.operation = Some(NoticeOperation {
        id: "op-1".into(),
        kind: what.to_owned(),
        status: status.to_owned(),
        instance: "i-0aa".into(),
        arn: String::new(),
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        replacement: None,
    });
    notice
}

fn root(state: &str) -> (Option<String>, String) {
    (None, state.to_owned())
}

fn reply(state: &str) -> (Option<String>, String) {
    (Some("100.0".to_owned()), state.to_owned())
}

#[tokio::test]
async fn one_thread_tells_a_problem_from_its_beginning_to_its_end() {
    let world = World::new();
    world.tell(&drift()).await;
    assert_eq!(world.seen(), [root("New")]);
    world.tell(&step(NoticeKind::Acknowledged)).await;
    assert_eq!(world.seen(), [root("Acknowledged"), reply("Acknowledged")]);
    for (kind, what, status, word) in [
        (NoticeKind::OperationStarted, "quarantine", "running", "Quarantining"),
        (NoticeKind::OperationDone, "quarantine", "done", "Quarantined"),
        (NoticeKind::OperationStarted, "replace", "running", "Replacing"),
        (NoticeKind::OperationDone, "replace", "done", "Replaced"),
    ] {
        world.tell(&operation(kind, what, status)).await;
        let seen = world.seen();
        assert_eq!((&seen[0], seen.last()), (&root(word), Some(&reply(word))), "{seen:?}");
    }
    world.tell(&step(NoticeKind::Resolved)).await;
    let seen = world.seen();
    assert_eq!((seen.len(), &seen[0], &seen[6]), (7, &root("Resolved"), &reply("Resolved")));
    let what = world.slack.0.lock().unwrap().messages[0]["blocks"].to_string();
    assert!(what.contains("key differs from the golden"), "the root still says what changed: {what}");
    world.tell(&drift()).await;
    assert_eq!(world.seen()[7], root("New"), "the same drift again is another problem");
}

#[tokio::test]
async fn buttons_are_at_the_root_for_as_long_as_there_is_something_to_do() {
    let world = World::with_buttons();
    world.tell(&drift()).await;
    assert_eq!(world.buttons(), [vec!["Acknowledge", "Pause fleet"]]);
    world.tell(&step(NoticeKind::Update)).await;
    assert_eq!(world.buttons(), [vec!["Acknowledge", "Pause fleet"], vec![]], "none in the thread");
    world.tell(&step(NoticeKind::Acknowledged)).await;
    assert_eq!(world.buttons()[0], ["Pause fleet"]);
    world.tell(&step(NoticeKind::Resolved)).await;
    assert_eq!(world.buttons().concat(), Vec::<String>::new());
    let plain = World::new();
    plain.tell(&drift()).await;
    assert_eq!(plain.buttons().concat(), Vec::<String>::new(), "nobody listens");
}

#[tokio::test]
async fn a_message_that_asks_for_an_approval_follows_its_plan() {
    let world = World::with_buttons();
    let mut asking = step(NoticeKind::ApprovalWanted);
    asking.group.actor = Some("blake3:aa".to_owned());
    world.tell(&asking).await;
    let seen = |world: &World| (world.seen()[0].1.clone(), world.buttons()[0].clone());
    let waits = ("Waits for approval".to_owned(), vec!["Approve".to_owned(), "Pause fleet".to_owned()]);
    assert_eq!(seen(&world), waits);
    let approval = |who: &str| Approval {
        plan: "blake3:aa".into(),
        operations: Default::default(),
        approver: who.to_owned(),
        at: now(),
        expires_at: at(3600),
    };
    let both = [approval("erin@a"), approval("frank@a")];
    assert_eq!(world.show("blake3:aa", &[], 2).await, Vec::<String>::new());
    assert_eq!(world.calls("chat.update"), 0, "nothing moved");
    world.fail("chat.update", Fault::Says("internal_error"));
    assert_eq!(world.show("blake3:aa", &both[..1], 2).await, ["ops: Slack refuses chat.update: internal_error"]);
    assert_eq!(seen(&world), waits);
    world.show("blake3:aa", &both[..1], 2).await;
    assert_eq!(seen(&world), ("Waits for 1 more; approved by erin@a".to_owned(), waits.1.clone()), "tried again");
    world.show("blake3:aa", &both, 2).await;
    let (state, buttons) = seen(&world);
    assert!(
        state.starts_with("Approved by erin@a and frank@a until 2026-11-23") && buttons.is_empty(),
        "{state} {buttons:?}"
    );
    world.show("blake3:aa", &[], 2).await;
    assert_eq!(seen(&world), waits, "approvals expire");
    world.show("blake3:bb", &[], 2).await;
    assert_eq!(seen(&world), ("Superseded by a later plan".to_owned(), vec![]));
    let calls = world.calls("chat.update");
    world.show("blake3:bb", &both, 2).await;
    assert_eq!(world.calls("chat.update"), calls, "what is over stays as it is");
}

#[tokio::test]
async fn a_lost_answer_is_looked_for_and_not_posted_twice() {
    let world = World::new();
    let mut row = world.put(&drift());
    world.fail("chat.postMessage", Fault::Lost);
    assert_eq!(world.try_once(&row).await, Attempt::Retry("no answer".to_owned()));
    row.begun_at = Some(now());
    assert_eq!(world.try_once(&row).await, Attempt::Delivered);
    assert_eq!(world.seen(), [root("New")]);
    let mut row = world.put(&step(NoticeKind::Update));
    world.fail("chat.postMessage", Fault::Lost);
    assert_eq!(world.try_once(&row).await, Attempt::Retry("no answer".to_owned()));
    row.begun_at = Some(now());
    assert_eq!(world.try_once(&row).await, Attempt::Delivered);
    assert_eq!(world.seen(), [root("Changed"), reply("Changed")]);
}

#[tokio::test]
async fn an_edit_that_failed_is_made_later_without_another_reply() {
    let world = World::new();
    world.tell(&drift()).await;
    let mut row = world.put(&step(NoticeKind::Resolved));
    world.fail("chat.update", Fault::Says("internal_error"));
    assert_eq!(world.try_once(&row).await, Attempt::Retry("Slack says no: internal_error".to_owned()));
    row.begun_at = Some(now());
    assert_eq!(world.try_once(&row).await, Attempt::Delivered);
    assert_eq!(world.seen(), [root("Resolved"), reply("Resolved")]);
}

#[tokio::test]
async fn without_the_scope_to_look_it_is_posted_again() {
    let world = World::new();
    let mut row = world.put(&drift());
    row.begun_at = Some(now());
    world.fail("conversations.history", Fault::Says("missing_scope"));
    assert_eq!(world.try_once(&row).await, Attempt::Delivered);
    assert_eq!(world.calls("chat.postMessage"), 1);
}

#[tokio::test]
async fn a_deleted_message_is_begun_anew() {
    let world = World::new();
    world.tell(&drift()).await;
    world.fail("chat.postMessage", Fault::Says("thread_not_found"));
    world.tell(&step(NoticeKind::Update)).await;
    assert_eq!(world.seen(), [root("New"), root("Changed")]);
    world.slack.0.lock().unwrap().messages.remove(1);
    world.tell(&step(NoticeKind::Repeat)).await;
    assert_eq!(world.seen().len(), 2, "the reply tells what the edit could not");
}

#[tokio::test]
async fn a_refused_token_says_what_to_do() {
    let world = World::new();
    let row = world.put(&drift());
    for (word, part) in [("token_expired", "put one with chat:write"), ("not_in_channel", "invite it there")] {
        world.fail("chat.postMessage", Fault::Says(word));
        let Attempt::Retry(why) = world.try_once(&row).await else { panic!("{word}") };
        assert!(why.contains(word) && why.contains(part), "{why}");
    }
    world.fail("chat.postMessage", Fault::Says("invalid_blocks"));
    assert_eq!(world.try_once(&row).await, Attempt::Dead("Slack refuses this message: invalid_blocks".to_owned()));
    world.fail("chat.postMessage", Fault::Says("ratelimited"));
    assert_eq!(world.try_once(&row).await, Attempt::RetryAfter(PAUSE));
}

#[tokio::test]
async fn a_digest_is_one_thread_that_ends_and_a_further_storm_in_it_is_told_aloud() {
    let world = World::new();
    for kind in [NoticeKind::Digest, NoticeKind::Digest, NoticeKind::DigestEnding, NoticeKind::Resolved] {
        world.tell(&step(kind)).await;
    }
    let seen = world.seen();
    assert_eq!(seen[0], (None, "Resolved".to_owned()), "the message shows how it stands");
    assert!(seen.len() == 4 && seen[1..].iter().all(|(thread, _)| *thread == seen[1].0 && thread.is_some()));
    let aloud: Vec<bool> = {
        let book = world.slack.0.lock().unwrap();
        book.messages.iter().map(|message| message["reply_broadcast"] == true).collect()
    };
    assert_eq!(aloud, [false, true, false, false]);
    world.tell(&step(NoticeKind::Digest)).await;
    assert_eq!(world.seen()[4].0, None, "the next storm is another message");
}
