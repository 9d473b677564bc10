//! Half an hour of virtual time in which every receiver fails in every way, and a process that is killed ten times in
//! it: nothing is lost, nothing overtakes, and nothing is told twice that need not be.
//!
//! A kill drops the pump at an await point and opens the state file anew. `verdict` judges what the receivers took; a
//! test of its own shows that it can say no.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future as _;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use serde_json::{Value, json};

use super::*;
use crate::report::deliver::{Reply, Request, Transport};
use crate::report::destination::DestinationKind;
use crate::report::draft::draft_single;
use crate::report::fixtures::{self, at};
use crate::report::notice::{GroupKey, Notice, NoticeKind};
use crate::store::{OutboxState, SqliteStore};
use crate::types::{Code, Severity};

const STORM_S: i64 = 30 * 60;
const KILLS: usize = 10;
const NOTICES: usize = 40;
const NAMES: [&str; 5] = ["hook", "page", "chat", "team", "bot"];

/// What happens to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    Asks,
    Breaks,
    Resets,
    BadTls,
    TimesOutAfterAccepting,
    ResetsAfterAccepting,
}

const FAULTS: [Fault; 6] = [
    Fault::Asks,
    Fault::Breaks,
    Fault::Resets,
    Fault::BadTls,
    Fault::TimesOutAfterAccepting,
    Fault::ResetsAfterAccepting,
];

/// One message that a receiver took: which notice, and by which key it would know a repetition.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Taken {
    notice: String,
    key: Option<String>,
}

/// What each destination took, in order.
type Deliveries = BTreeMap<&'static str, Vec<Taken>>;

#[derive(Default)]
struct Book {
    taken: Deliveries,
    /// How often the answer to a notice was lost, by destination and notice.
    lost: BTreeMap<(&'static str, String), usize>,
    /// Taken and not yet answered.
    in_flight: BTreeSet<(&'static str, String)>,
    messages: Vec<Value>,
    faults: BTreeSet<Fault>,
}

/// Every receiver, on one virtual clock.
struct World {
    clock: Mutex<i64>,
    dice: Mutex<u64>,
    book: Mutex<Book>,
}

impl World {
    fn now(&self) -> Timestamp {
        at(*self.clock.lock().unwrap())
    }

    fn pass(&self, seconds: i64) {
        *self.clock.lock().unwrap() += seconds;
    }

    /// A number below `bound`, the same in every run of one seed (SplitMix64).
    fn roll(&self, bound: u64) -> u64 {
        let mut state = self.dice.lock().unwrap();
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn fault(&self) -> Option<Fault> {
        let stormy = *self.clock.lock().unwrap() < STORM_S && self.roll(10) < 8;
        let fault = FAULTS[usize::try_from(self.roll(6)).unwrap()];
        if stormy {
            self.book.lock().unwrap().faults.insert(fault);
        }
        stormy.then_some(fault)
    }

    /// Takes a request; says what is answered.
    fn take(&self, destination: &'static str, request: &Request) -> (Value, Option<String>) {
        let body = String::from_utf8(request.body.clone()).unwrap();
        let method = request.url.rsplit('/').next().unwrap();
        let mut book = self.book.lock().unwrap();
        if method.starts_with("conversations.") {
            return (json!({"ok": true, "messages": book.messages}), None);
        }
        if method == "chat.update" {
            return (json!({"ok": true}), None);
        }
        let start = body.find("n-0").unwrap_or_else(|| panic!("no notice in {body}"));
        let notice = body[start..start + 6].to_owned();
        let header = |name: &str| request.headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
        let key = match destination {
            "hook" => header("webhook-id"),
            "page" => serde_json::from_str::<Value>(&body).unwrap()["dedup_key"].as_str().map(str::to_owned),
            _ => None,
        };
        book.taken.entry(destination).or_default().push(Taken { notice: notice.clone(), key });
        book.in_flight.insert((destination, notice.clone()));
        let ts = format!("1.{}", book.messages.len());
        if destination == "bot" {
            let mut message: Value = serde_json::from_str(&body).unwrap();
            message["ts"] = Value::from(ts.clone());
            book.messages.push(message);
        }
        (json!({"ok": true, "ts": ts}), Some(notice))
    }

    /// What was taken and not answered may be sent again.
    fn forget(&self, destination: &'static str, notice: &str) {
        let mut book = self.book.lock().unwrap();
        book.in_flight.remove(&(destination, notice.to_owned()));
        *book.lost.entry((destination, notice.to_owned())).or_default() += 1;
    }

    fn kill(&self) {
        let cut: Vec<_> = std::mem::take(&mut self.book.lock().unwrap().in_flight).into_iter().collect();
        for (destination, notice) in cut {
            *self.book.lock().unwrap().lost.entry((destination, notice)).or_default() += 1;
        }
    }
}

#[async_trait]
impl Transport for World {
    async fn post(&self, request: Request, _: Timestamp) -> Result<Reply, Attempt> {
        let destination = NAMES.into_iter().find(|name| request.url.starts_with(&format!("https://{name}."))).unwrap();
        let reply = |status, retry_after, body: &Value| Reply {
            status,
            retry_after,
            scopes: None,
            body: body.to_string().into_bytes(),
        };
        let fault = self.fault();
        futures::pending!();
        match fault {
            Some(Fault::Asks) => {
                let pause = Duration::from_secs(1 + self.roll(90));
                return Ok(reply(429, Some(pause), &json!({"ok": false, "error": "ratelimited"})));
            }
            Some(Fault::Breaks) => return Ok(reply(500, None, &Value::Null)),
            Some(Fault::Resets | Fault::BadTls) => return Err(Attempt::Retry("no connection".to_owned())),
            Some(Fault::TimesOutAfterAccepting | Fault::ResetsAfterAccepting) | None => {}
        }
        let (answer, notice) = self.take(destination, &request);
        futures::pending!();
        if let Some(fault) = fault {
            if let Some(notice) = notice {
                self.forget(destination, &notice);
            }
            if fault == Fault::TimesOutAfterAccepting {
                self.pass(20);
            }
            return Err(Attempt::Retry("no answer".to_owned()));
        }
        if let Some(notice) = notice {
            self.book.lock().unwrap().in_flight.remove(&(destination, notice));
        }
        Ok(reply(200, None, &answer))
    }
}

fn destinations() -> Vec<Destination> {
    let url = |name: &str| format!("https://{name}.test/x");
    let kinds = [
        fixtures::webhook("hook", &url("hook")).kind,
        DestinationKind::PagerDuty { key: "k".to_owned().into(), url: url("page") },
        DestinationKind::Slack { url: url("chat").into() },
        DestinationKind::Teams { url: url("team").into() },
        DestinationKind::SlackBot {
            token: "t".to_owned().into(),
            channel: "C1".to_owned(),
            api: "https://bot.test/api".to_owned(),
            interactive: None,
        },
    ];
    let named = NAMES.into_iter().zip(kinds);
    named.map(|(name, kind)| Destination { kind, ..fixtures::slack(name, "https://x.test/") }).collect()
}

fn notice(number: usize) -> Notice {
    let group = GroupKey { fleet: None, code: Code::known("test"), actor: Some(format!("group {}", number % 7)) };
    // Firing, resolved, firing again: threads begin, go on and end.
    let kind = [NoticeKind::New, NoticeKind::Update, NoticeKind::Resolved][number / 7 % 3];
    Notice::blank(kind, group, Severity::High, &format!("n-{number:04}"), at(0))
}

/// Judges what the receivers took against what was put in, in order.
fn verdict(
    taken: &Deliveries,
    lost: &BTreeMap<(&'static str, String), usize>,
    expected: &[String],
) -> Result<(), String> {
    for name in NAMES {
        let mut first = Vec::new();
        let mut times: BTreeMap<&str, (usize, BTreeSet<&Option<String>>)> = BTreeMap::new();
        for Taken { notice, key } in taken.get(name).into_iter().flatten() {
            let (count, keys) = times.entry(notice).or_default();
            if *count == 0 {
                first.push(notice.clone());
            }
            *count += 1;
            keys.insert(key);
        }
        if first != expected {
            return Err(format!("{name}: lost or out of order: {first:?}"));
        }
        for (notice, (count, keys)) in times {
            let may = lost.get(&(name, notice.to_owned())).copied().unwrap_or_default();
            let fits = match name {
                "hook" | "page" => keys.len() == 1 && !keys.contains(&None),
                "bot" => count == 1,
                _ => count <= 1 + may,
            };
            if !fits {
                return Err(format!("{name}: {notice} was told {count} times, and {may} answers were lost"));
            }
        }
    }
    Ok(())
}

/// One life of the process: runs the pump until it rests, or is killed after some polls.
fn live(world: &World, pump: &mut Pump, store: &SqliteStore, to: &[Destination], polls: Option<u64>) -> bool {
    let run = pump.run(store, to, || world.now(), || 0.3, 50);
    let mut run = pin!(run);
    let mut left = polls.unwrap_or(u64::MAX);
    loop {
        if left == 0 {
            return false;
        }
        left -= 1;
        match run.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => {
                done.unwrap();
                return true;
            }
            Poll::Pending => {}
        }
    }
}

fn storm(seed: u64) -> (Arc<World>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let world = Arc::new(World { clock: Mutex::new(0), dice: Mutex::new(seed), book: Mutex::default() });
    let to = destinations();
    let client = || Client::over(Arc::clone(&world) as Arc<dyn Transport>);
    let mut store = SqliteStore::open(&path).unwrap();
    let mut pump = Pump::new(client());
    let (mut put, mut kills) = (0, 0);
    let end = STORM_S + 25 * 3600;
    while *world.clock.lock().unwrap() < end {
        let now = *world.clock.lock().unwrap();
        // Spread over the storm, and all committed before it ends.
        while put < NOTICES && i64::try_from(put).unwrap() * STORM_S / i64::try_from(NOTICES).unwrap() <= now {
            let drafts: Vec<_> = to.iter().map(|to| draft_single(&notice(put), to, &put.to_string())).collect();
            store.enqueue(&drafts, world.now()).unwrap();
            put += 1;
        }
        let due_kill = kills < KILLS && now * i64::try_from(KILLS).unwrap() >= i64::try_from(kills).unwrap() * STORM_S;
        let polls = due_kill.then(|| 1 + world.roll(6));
        if !live(&world, &mut pump, &store, &to, polls) {
            kills += 1;
            world.kill();
            drop(store);
            store = SqliteStore::open(&path).unwrap();
            pump = Pump::new(client());
        }
        if put == NOTICES && store.rows(Some(OutboxState::Pending)).unwrap().is_empty() {
            break;
        }
        let stormy = now < STORM_S;
        world.pass(i64::try_from(1 + world.roll(if stormy { 5 } else { 300 })).unwrap());
    }
    assert_eq!(kills, KILLS, "seed {seed}");
    let rows = store.rows(None).unwrap();
    let undone: Vec<_> = rows.iter().filter(|row| row.state != OutboxState::Delivered).collect();
    assert!(undone.is_empty(), "seed {seed}: {undone:?}");
    (world, (0..NOTICES).map(|number| format!("n-{number:04}")).collect())
}

#[test]
fn nothing_is_lost_reordered_or_needlessly_repeated() {
    let mut ambiguous = 0;
    for seed in 1..=4 {
        let (world, expected) = storm(seed);
        let book = world.book.lock().unwrap();
        assert_eq!(book.faults.len(), FAULTS.len(), "seed {seed}: every fault happened");
        ambiguous += book.lost.values().sum::<usize>();
        if let Err(why) = verdict(&book.taken, &book.lost, &expected) {
            panic!("seed {seed}: {why}");
        }
    }
    assert!(ambiguous > 20, "only {ambiguous} answers were lost");
}

#[test]
fn the_judge_can_say_no() {
    let (world, expected) = storm(5);
    let book = world.book.lock().unwrap();
    let judged = |change: &dyn Fn(&mut Deliveries)| {
        let mut taken = book.taken.clone();
        change(&mut taken);
        verdict(&taken, &book.lost, &expected)
    };
    assert_eq!(judged(&|_| ()), Ok(()));
    for name in NAMES {
        let lose = |taken: &mut Deliveries| {
            taken.get_mut(name).unwrap().retain(|taken| taken.notice != "n-0013");
        };
        assert!(judged(&lose).is_err(), "{name}: a loss");
        let swap = |taken: &mut Deliveries| taken.get_mut(name).unwrap().reverse();
        assert!(judged(&swap).is_err(), "{name}: another order");
        let repeat = |taken: &mut Deliveries| {
            let list = taken.get_mut(name).unwrap();
            let again = Taken { key: Some("another".to_owned()), ..list[0].clone() };
            list.extend(std::iter::repeat_n(again, 99));
        };
        assert!(judged(&repeat).is_err(), "{name}: a needless repetition");
    }
}
