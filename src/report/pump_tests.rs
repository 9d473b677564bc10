//! The pump against a small HTTP server on loopback.

use std::cell::Cell;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::report::destination::DestinationKind;
use crate::report::draft::draft_single;
use crate::report::fixtures::{MemoryOutbox, at, now, slack, webhook};
use crate::report::notice::{Notice, NoticeKind};
use crate::report::sign::signature;
use crate::store::OutboxState;

/// Answers requests with the scripted responses in turn, then with 200; keeps the requests.
struct Server {
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

async fn serve(script: &'static [&'static str]) -> Server {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/hook/s3cr3t-token", listener.local_addr().unwrap());
    let requests = Arc::new(Mutex::new(Vec::new()));
    let (kept, mut answers) = (Arc::clone(&requests), script.iter().copied());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let request = read_request(&mut socket).await;
            kept.lock().unwrap().push(request);
            let answer = answers.next().unwrap_or("200 OK\r\n");
            let text = format!("HTTP/1.1 {answer}content-length: 2\r\nconnection: close\r\n\r\nok");
            let _ = socket.write_all(text.as_bytes()).await;
        }
    });
    Server { url, requests }
}

async fn read_request(socket: &mut tokio::net::TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0_u8; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return text;
            }
        }
        match socket.read(&mut buffer).await.unwrap() {
            0 => return text,
            read => bytes.extend_from_slice(&buffer[..read]),
        }
    }
}

fn put(outbox: &MemoryOutbox, destination: &Destination, times: usize) {
    for number in 0..times {
        let notice = Notice { kind: NoticeKind::New, ..Notice::test(&destination.name, now()) };
        outbox.enqueue(&[draft_single(&notice, destination, &number.to_string())], now()).unwrap();
    }
}

async fn run(outbox: &MemoryOutbox, destinations: &[Destination], at: Timestamp) -> PumpSummary {
    pump(outbox, destinations, Client::new().unwrap(), || at, || 0.5, 10).await.unwrap()
}

#[tokio::test]
async fn delivers_signed_events_in_order() {
    let server = serve(&[]).await;
    let hook = webhook("hook", &server.url);
    let outbox = MemoryOutbox::default();
    put(&outbox, &hook, 3);
    let done = run(&outbox, std::slice::from_ref(&hook), now()).await;
    assert_eq!(done, PumpSummary { delivered: 3, ..PumpSummary::default() });
    let requests = server.requests.lock().unwrap().clone();
    let keys: Vec<_> = outbox.rows(None).unwrap().into_iter().map(|row| row.draft.key).collect();
    for (request, key) in requests.iter().zip(keys) {
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).unwrap();
        assert_eq!(header("webhook-id"), key);
        assert_eq!(header("content-type"), "application/cloudevents+json");
        assert_eq!(header("webhook-timestamp"), now().as_second().to_string());
        let DestinationKind::Webhook { secrets, .. } = &hook.kind else { unreachable!() };
        let expected = signature(secrets, &key, now(), body.as_bytes()).unwrap();
        assert_eq!(header("webhook-signature"), expected);
        let event: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(event["id"], key);
    }
}

#[tokio::test]
async fn a_pause_is_honoured_and_nothing_overtakes() {
    let server = serve(&["429 Too Many Requests\r\nretry-after: 120\r\n"]).await;
    let destinations = [slack("ops", &server.url)];
    let outbox = MemoryOutbox::default();
    put(&outbox, &destinations[0], 2);
    assert_eq!(run(&outbox, &destinations, now()).await, PumpSummary { retried: 1, ..PumpSummary::default() });
    assert_eq!(outbox.next_due().unwrap(), Some(now()), "the second row is due, but behind the first");
    assert_eq!(outbox.rows(None).unwrap()[0].next_attempt_at, at(120));
    assert_eq!(run(&outbox, &destinations, at(119)).await, PumpSummary::default());
    assert_eq!(run(&outbox, &destinations, at(120)).await.delivered, 2);
}

#[tokio::test]
async fn errors_back_off_and_never_show_the_url() {
    let server = serve(&["500 Internal Server Error\r\n", "302 Found\r\nlocation: http://169.254.169.254/\r\n"]).await;
    let destinations = [webhook("hook", &server.url)];
    let outbox = MemoryOutbox::default();
    put(&outbox, &destinations[0], 1);
    assert_eq!(run(&outbox, &destinations, now()).await.retried, 1);
    let row = outbox.rows(None).unwrap().remove(0);
    assert_eq!(row.last_error.as_deref(), Some("it answered 500"));
    assert_eq!(row.next_attempt_at.duration_since(now()).as_millis(), 2500, "half of the first bound of 5 s");
    assert_eq!(run(&outbox, &destinations, at(3)).await.retried, 1);
    assert_eq!(outbox.rows(None).unwrap()[0].last_error.as_deref(), Some("302: it redirects, which is not followed"));
    assert_eq!(run(&outbox, &destinations, at(600)).await.delivered, 1);
    assert_eq!(server.requests.lock().unwrap().len(), 3, "the redirect was not followed");
}

#[tokio::test]
async fn a_closed_port_is_told_without_the_url() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/hook/s3cr3t-token", listener.local_addr().unwrap());
    drop(listener);
    let destinations = [webhook("hook", &url)];
    let outbox = MemoryOutbox::default();
    put(&outbox, &destinations[0], 1);
    assert_eq!(run(&outbox, &destinations, now()).await.retried, 1);
    assert_eq!(outbox.rows(None).unwrap()[0].last_error.as_deref(), Some("no connection: connection refused"));
}

#[tokio::test]
async fn a_dead_letter_is_told_elsewhere_once() {
    let (gone, alive) = (serve(&["410 Gone\r\n", "410 Gone\r\n"]).await, serve(&[]).await);
    let destinations = [webhook("hook", &gone.url), slack("ops", &alive.url)];
    let outbox = MemoryOutbox::default();
    put(&outbox, &destinations[0], 2);
    let done = run(&outbox, &destinations, now()).await;
    assert_eq!((done.dead, done.delivered), (2, 1));
    let told = alive.requests.lock().unwrap().clone();
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("are being given up"), "{}", told[0]);
    let (_, body) = told[0].split_once("\r\n\r\n").unwrap();
    assert!(!body.contains("s3cr3t"));
}

#[tokio::test]
async fn who_heard_that_alerts_are_given_up_hears_when_they_arrive_again() {
    const GONE: &str = "410 Gone\r\n";
    const TAKEN: &str = "200 OK\r\n";
    let (hook, pager) = (serve(&[GONE, TAKEN, TAKEN, GONE, TAKEN]).await, serve(&[]).await);
    let key = "k".to_owned().into();
    let kind = DestinationKind::PagerDuty { key, url: pager.url.clone() };
    let destinations = [webhook("hook", &hook.url), Destination { kind, ..slack("page", &pager.url) }];
    let outbox = MemoryOutbox::default();
    let sends = async |kind: NoticeKind, second: i64| {
        let notice = Notice { kind, ..Notice::test("hook", at(second)) };
        outbox.enqueue(&[draft_single(&notice, &destinations[0], &second.to_string())], at(second)).unwrap();
        run(&outbox, &destinations, at(second)).await;
        let told = pager.requests.lock().unwrap().clone();
        let word =
            |told: &String| told.split("\"event_action\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        told.iter().map(word).collect::<Vec<_>>()
    };
    // A destination that refuses single notices ends no incident within the hour.
    assert_eq!(sends(NoticeKind::New, 0).await, ["trigger"]);
    assert_eq!(sends(NoticeKind::New, 60).await, ["trigger"]);
    // A person's test does, and what is given up after it is told all the same.
    assert_eq!(sends(NoticeKind::Test, 120).await, ["trigger", "resolve"]);
    assert_eq!(sends(NoticeKind::New, 180).await, ["trigger", "resolve", "trigger"]);
    assert_eq!(sends(NoticeKind::New, 3_700).await, ["trigger", "resolve", "trigger", "resolve"]);
}

#[tokio::test]
async fn an_undeliverable_self_alert_ends_there() {
    let (first, second) = (serve(&["410 Gone\r\n"]).await, serve(&["410 Gone\r\n"]).await);
    let destinations = [webhook("a", &first.url), webhook("b", &second.url)];
    let outbox = MemoryOutbox::default();
    put(&outbox, &destinations[0], 1);
    assert_eq!(run(&outbox, &destinations, now()).await.dead, 2);
    assert_eq!(outbox.rows(None).unwrap().len(), 2);
}

#[tokio::test]
async fn a_self_alert_goes_to_one_that_works_and_on_to_the_next_when_it_is_given_up() {
    const GONE: &[&str] = &["410 Gone\r\n"];
    let (first, ill) = (serve(GONE).await, serve(&["503 Service Unavailable\r\n"]).await);
    let well = serve(&[]).await;
    let destinations = [webhook("a", &first.url), webhook("b", &ill.url), webhook("c", &well.url)];
    let outbox = MemoryOutbox::default();
    put(&outbox, &destinations[1], 1);
    run(&outbox, &destinations, now()).await;
    put(&outbox, &destinations[0], 1);
    assert_eq!(run(&outbox, &destinations, now()).await.dead, 1);
    let told = |at: usize| outbox.rows(None).unwrap()[at].draft.destination.clone();
    assert_eq!(told(2), "c", "b fails now");

    let (a, b, c) = (serve(GONE).await, serve(GONE).await, serve(&[]).await);
    let destinations = [webhook("a", &a.url), webhook("b", &b.url), webhook("c", &c.url)];
    let outbox = MemoryOutbox::default();
    put(&outbox, &destinations[0], 1);
    let done = run(&outbox, &destinations, now()).await;
    assert_eq!((done.dead, done.delivered), (2, 1));
    let names: Vec<_> = outbox.states().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["a", "b", "c"], "what b gave up is told by c");
    assert!(c.requests.lock().unwrap()[0].contains("alerts to a are being given up"));
}

#[tokio::test]
async fn what_somebody_may_mend_in_the_configuration_is_tried_for_a_day() {
    let server = serve(&[]).await;
    let good = webhook("hook", &server.url);
    let secrets = vec!["whsec_not base64!".to_owned().into()];
    let with = |kind| Destination { kind, ..good.clone() };
    let bad = [
        with(DestinationKind::Webhook { url: server.url.clone().into(), secrets }),
        with(DestinationKind::Webhook { url: server.url.clone().into(), secrets: Vec::new() }),
        with(DestinationKind::Slack { url: "no url".to_owned().into() }),
        with(DestinationKind::Slack { url: "ftp://127.0.0.1/".to_owned().into() }),
        with(DestinationKind::Slack { url: "http://169.254.169.254/".to_owned().into() }),
        Destination { broken: Some("`url`: there is no file".to_owned()), ..good.clone() },
    ];
    for bad in bad {
        let outbox = MemoryOutbox::default();
        put(&outbox, &bad, 1);
        assert!(bad.judge().is_err(), "{bad:?}");
        let done = run(&outbox, std::slice::from_ref(&bad), now()).await;
        assert_eq!((done.retried, done.dead), (1, 0), "{bad:?}");
        assert_eq!(run(&outbox, std::slice::from_ref(&good), at(600)).await.delivered, 1, "mended");
    }
    assert_eq!(good.judge(), Ok(()));
}

#[tokio::test]
async fn one_failing_destination_blocks_no_other() {
    let (bad, good) = (serve(&["503 Service Unavailable\r\n"]).await, serve(&[]).await);
    let destinations = [webhook("bad", &bad.url), webhook("good", &good.url)];
    let outbox = MemoryOutbox::default();
    put(&outbox, &destinations[0], 2);
    put(&outbox, &destinations[1], 2);
    let done = run(&outbox, &destinations, now()).await;
    assert_eq!((done.delivered, done.retried), (2, 1));
    assert_eq!(
        outbox.states().iter().filter(|(name, state)| name == "bad" && *state == OutboxState::Pending).count(),
        2
    );
}

#[tokio::test]
async fn slack_is_paced_and_draining_waits_for_it() {
    let server = serve(&[]).await;
    let destinations = [slack("ops", &server.url)];
    let outbox = MemoryOutbox::default();
    put(&outbox, &destinations[0], 6);
    let done = run(&outbox, &destinations, now()).await;
    assert_eq!((done.delivered, done.waiting), (3, 3));
    let second = Cell::new(0_i64);
    let mut pump = Pump::new(Client::new().unwrap());
    put(&outbox, &destinations[0], 8);
    let pass = async |pause: Duration| second.set(second.get() + pause.as_secs().cast_signed());
    let clock = || at(second.get());
    let done = pump.drain(&outbox, &destinations, clock, || 0.5, at(60), pass).await.unwrap();
    assert_eq!((done.delivered, done.waiting), (5, 0), "three left over and two with new keys");
    assert_eq!(second.get(), 2, "three at once, then one a second");
    put(&outbox, &destinations[0], 20);
    let frozen = pump.drain(&outbox, &destinations, || at(2), || 0.5, at(60), async |_| ()).await.unwrap();
    assert!(frozen.waiting > 0, "a clock that stands still ends the draining");
}

#[tokio::test]
async fn a_backlog_behind_a_rate_limit_hides_no_other_destination() {
    let (slow, quick) = (serve(&[]).await, serve(&[]).await);
    let destinations = [slack("slow", &slow.url), webhook("quick", &quick.url)];
    let outbox = MemoryOutbox::default();
    put(&outbox, &destinations[0], BATCH + 50);
    put(&outbox, &destinations[1], 1);
    let done = run(&outbox, &destinations, now()).await;
    assert_eq!((done.delivered, quick.requests.lock().unwrap().len()), (4, 1));
}

#[tokio::test]
async fn the_guard_refuses_loopback_and_plain_http() {
    let server = serve(&[]).await;
    let mut destination = webhook("hook", &server.url);
    destination.allow_private = false;
    let outbox = MemoryOutbox::default();
    put(&outbox, &destination, 1);
    assert_eq!(run(&outbox, &[destination], now()).await.retried, 1);
    assert!(server.requests.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_row_without_a_destination_waits_a_day() {
    let outbox = MemoryOutbox::default();
    put(&outbox, &webhook("former", "http://127.0.0.1/"), 1);
    assert_eq!(run(&outbox, &[], now()).await.retried, 1);
    assert_eq!(run(&outbox, &[], at(86_400)).await.dead, 1);
}

#[tokio::test]
async fn what_was_taken_and_could_not_be_marked_is_not_sent_again() {
    let server = serve(&[]).await;
    let destinations = [webhook("hook", &server.url)];
    let outbox = MemoryOutbox::default();
    put(&outbox, &destinations[0], 2);
    outbox.fail_marking(true);
    let mut pump = Pump::new(Client::new().unwrap());
    for _ in 0..3 {
        let full = pump.run(&outbox, &destinations, now, || 0.5, 10).await;
        assert!(matches!(full, Err(StoreError::Full { .. })), "{full:?}");
    }
    assert_eq!(server.requests.lock().unwrap().len(), 1, "a full disk repeats nothing");
    outbox.fail_marking(false);
    assert_eq!(pump.run(&outbox, &destinations, now, || 0.5, 10).await.unwrap().delivered, 1);
    assert_eq!(server.requests.lock().unwrap().len(), 2);
    assert!(outbox.states().iter().all(|(_, state)| *state == OutboxState::Delivered));
}

#[tokio::test]
async fn a_destination_that_vanished_is_told_elsewhere_before_its_alerts_are_given_up() {
    let alive = serve(&[]).await;
    let destinations = [slack("ops", &alive.url)];
    let outbox = MemoryOutbox::default();
    put(&outbox, &webhook("former", "http://127.0.0.1/"), 1);
    assert_eq!(run(&outbox, &destinations, now()).await.retried, 1);
    let done = run(&outbox, &destinations, at(86_400)).await;
    assert_eq!((done.dead, done.delivered), (1, 1));
    let told = alive.requests.lock().unwrap().clone();
    assert!(told[0].contains("alerts to former are being given up"), "{}", told[0]);
}

#[test]
fn jitter_is_within_bounds_and_moves() {
    let mut random = jitter();
    let numbers: Vec<_> = (0..1000).map(|_| random()).collect();
    assert!(numbers.iter().all(|number| (0.0..1.0).contains(number)));
    let mean = numbers.iter().sum::<f64>() / 1000.0;
    assert!((0.4..0.6).contains(&mean), "{mean}");
}
