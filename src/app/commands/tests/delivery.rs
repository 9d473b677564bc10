//! `notify`, with receivers on loopback.

use std::net::TcpListener;

use super::world::World;
use crate::app::demo::receiver::Receiver;
use crate::store::{Outbox as _, OutboxDraft};

fn slack(name: &str, file: &str) -> String {
    format!("[[notify]]\nname = \"{name}\"\nkind = \"slack\"\nurl = {{ file = \"{file}\" }}\nallow_private = true\n\n")
}

/// `up` answers, `down` does not.
fn world() -> (World, Receiver) {
    let receiver = Receiver::start().expect("a receiver");
    let closed = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let world = World::new(&(slack("up", "up.url") + &slack("down", "down.url")));
    let urls = [("up.url", receiver.address), ("down.url", closed)];
    for (name, address) in urls {
        world.secret(name, &format!("http://{address}/services/T0/B0/x"));
    }
    (world, receiver)
}

#[test]
fn a_test_message_arrives_and_the_answer_is_told_for_each_destination() {
    let (world, receiver) = world();
    let (exit, told) = world.json(&["notify", "test"]);
    assert_eq!(exit, 69, "{told}");
    assert_eq!(told["destinations"][0]["delivered"], true, "{told}");
    assert_eq!(told["destinations"][1]["answer"], "no connection: connection refused");
    assert_eq!(receiver.arrived().len(), 1);
    assert!(receiver.arrived()[0].body.contains("test"), "{}", receiver.arrived()[0].body);
    // Each test is a message of its own; one that failed is not sent later.
    assert_eq!(world.json(&["notify", "test", "up"]).0, 0);
    assert_eq!(receiver.arrived().len(), 2);
    assert_eq!(world.run(&["notify", "test", "nobody"]), 64);
}

#[test]
fn status_tells_what_was_given_up_and_who_is_failing() {
    let (world, _receiver) = world();
    assert_eq!(world.json(&["notify", "status"]).0, 2, "there is no state yet");
    world.record(&[]);
    let (exit, told) = world.json(&["notify", "status"]);
    assert_eq!((exit, &told["rows"]), (0, &serde_json::json!([])), "{told}");
    assert_eq!(world.run(&["notify", "test"]), 69);
    let (exit, told) = world.json(&["notify", "status"]);
    assert_eq!((exit, &told["rows"]), (0, &serde_json::json!([])), "a test is no alert that was given up: {told}");
    let (store, now) = (world.store(), world.fleet.clock.now());
    for name in ["up", "down"] {
        let payload = serde_json::json!({"title": "drift"});
        let (key, group) = (format!("k-{name}"), "g".to_owned());
        let draft = OutboxDraft { key, destination: name.to_owned(), group, due_at: now, payload };
        store.enqueue(&[draft], now).expect("a new key");
        let seq = store.due(now, 9).expect("readable")[0].seq;
        match name {
            "up" => store.delivered(seq, now).expect("pending"),
            _ => store.dead(seq, "no connection: connection refused", now).expect("pending"),
        }
    }
    let (exit, told) = world.json(&["notify", "status"]);
    assert_eq!(exit, 69);
    let names: Vec<_> = told["destinations"].as_array().expect("a list").iter().map(|one| &one["failing"]).collect();
    assert_eq!(names, [true, false], "down, then up: {told}");
    assert_eq!(told["rows"][0]["state"], "dead");
    assert!(told["rows"][0]["last_error"].as_str().expect("an error").contains("connection refused"));
    let (_, text) = world.text("table", &["notify", "status"]);
    assert!(text.contains("failing") && text.contains("no connection"), "{text}");
}

/// Where a described finding would be told: the word for each destination, and why.
fn routes(world: &World) -> Vec<(bool, String)> {
    let (exit, told) = world.json(&["notify", "routes", "--fleet", "web"]);
    assert_eq!(exit, 0, "{told}");
    let list = told["destinations"].as_array().expect("a list");
    list.iter().map(|one| (one["told"] == true, one["why"].as_str().expect("a reason").to_owned())).collect()
}

#[test]
fn routes_and_silences_say_why_nobody_is_told() {
    let route = "[[route]]\nmin_severity = \"critical\"\nto = [\"down\"]\n\n";
    let world = World::new(&(slack("up", "up.url") + &slack("down", "down.url") + route));
    let told = routes(&world);
    assert_eq!(told[0], (true, "no route names it, and its own filter lets it through".to_owned()));
    assert_eq!(told[1], (false, "its routes take only severity critical and above".to_owned()));
    world.record(&[]);
    let add = |more: &[&str]| {
        let base = ["silences", "add", "--reason", "planned", "--until", "2h"];
        world.run(&[&base[..], more].concat())
    };
    assert_eq!(add(&[]), 64, "without a scope everything would be silenced");
    assert_eq!(add(&["--code", "evnt-*"]), 64);
    assert_eq!(add(&["--fleet", "wbe"]), 64);
    assert_eq!(add(&["--fleet", "web", "--code", "event-*"]), 0);
    let told = routes(&world);
    assert!(!told[0].0 && told[0].1.starts_with("silence s-") && told[0].1.ends_with(": planned"), "{told:?}");
    let (exit, listed) = world.json(&["silences", "list"]);
    assert_eq!((exit, listed["silences"].as_array().map(Vec::len)), (0, Some(1)));
    let id = listed["silences"][0]["id"].as_str().expect("an id").to_owned();
    let (_, text) = world.text("table", &["silences", "list"]);
    assert!(text.contains("fleet web, code event-*"), "{text}");
    assert_eq!(world.run(&["silences", "revoke", &id]), 0);
    assert!(routes(&world)[0].0);
    assert_ne!(world.run(&["silences", "revoke", &id]), 0, "it is over");
    assert_eq!(world.run(&["audit", "verify"]), 0);
}
