//! Text that attackers choose: tags, session names, package names, user agents.

use cattleguard::testing::SimActor;

use crate::harness::{Receiver, Setup, TestApp, small};

/// Clears the screen, sets the window title, links, mentions a channel, breaks quoting, reverses reading order.
const NASTY: &str = "x\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m<!channel> <https://evil.example|click> *bold* `code` \
                     \"quoted\" \\ 'single'\r\nverdict clean\t\u{202e}gnp.exe\u{2066}\u{200b} @everyone & done";

fn attacked(receiver: &Receiver) -> TestApp {
    let app = Setup::new(small()).alerts_to(receiver).start();
    let (cloud, id) = (app.cloud(), app.server(0));
    let mallory = SimActor::role("ops", NASTY).with_user_agent(NASTY).from_ip(NASTY);
    cloud.create_tags(&mallory, &id, &[("Name", NASTY), (NASTY, NASTY)]).unwrap();
    cloud.start_session(&mallory, &id).unwrap();
    cloud.install_package(&id, NASTY, NASTY).unwrap();
    cloud.upgrade_package(&id, "nginx", NASTY).unwrap();
    cloud.failed_call(&mallory, &id, "ssm", "SendCommand", NASTY).unwrap();
    cloud.push_raw_record(&app.place(), NASTY).unwrap();
    app.settle();
    app
}

/// Nothing that a terminal acts on, and nothing that changes how the rest is read.
fn is_calm(text: &str, what: &str) {
    for (number, line) in text.lines().enumerate() {
        let bad = line.chars().find(|c| {
            c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        });
        assert_eq!(bad, None, "{what}, line {}: {line:?}", number + 1);
    }
}

#[test]
fn no_output_for_people_carries_control_characters() {
    let receiver = Receiver::start();
    let app = attacked(&receiver);
    let (_, table) = app.text("table", &["scan"]);
    is_calm(&table, "scan");
    assert!(!table.lines().any(|line| line.trim_start().starts_with("verdict clean")), "a forged line:\n{table}");
    let scan = app.scan();
    let id = app.server(0);
    let finding = scan.finding(&id, "event-interactive-session")["id"].as_str().unwrap().to_owned();
    let commands: [&[&str]; 8] = [
        &["scan", "-v"],
        &["explain", id.as_str()],
        &["explain", &finding],
        &["timeline", id.as_str()],
        &["pets"],
        &["plan"],
        &["findings", "list"],
        &["findings", "show", &finding],
    ];
    for command in commands {
        // `-v` and `-q` exclude each other.
        let (_, text) = if command.contains(&"-v") { (0, verbose(&app, "scan")) } else { app.text("table", command) };
        assert!(!text.is_empty(), "{command:?}");
        is_calm(&text, &format!("{command:?}"));
    }
}

fn verbose(app: &TestApp, command: &str) -> String {
    let path = app.path("verbose.txt");
    let output = format!("table={}", path.display());
    let config = app.path("cattleguard.toml");
    let line = ["cattleguard-sim", "-v", "-C", config.to_str().unwrap(), "-o", &output, command];
    let backend = cattleguard::app::SimBackend::new(app.cloud().clone(), app.fleet.clock.clone());
    cattleguard::app::run(Box::new(backend), line.map(std::ffi::OsString::from).to_vec());
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn json_stays_json_and_ndjson_keeps_one_record_a_line() {
    let app = attacked(&Receiver::start());
    let scan = app.scan();
    assert_eq!(scan.code, 3, "the record that is no record is counted");
    assert_eq!(scan.summary("set_aside"), 1);
    assert!(scan.codes(&app.server(0)).contains("software-package-added"));
    app.minutes(5);
    let (_, text) = app.text("ndjson", &["scan"]);
    for line in text.lines() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(record["type"].is_string());
    }
    // What a terminal would act on is escaped in JSON as well: `cat scan.json` is safe.
    for c in ['\u{1b}', '\u{9b}', '\u{7}', '\u{202e}'] {
        assert!(!text.contains(c), "{c:?}");
    }
}

#[test]
fn slack_and_webhook_messages_cannot_be_steered() {
    let receiver = Receiver::start();
    let app = attacked(&receiver);
    app.scan();
    assert!(!receiver.slacks().is_empty() && !receiver.hooks().is_empty());
    for message in receiver.slacks() {
        let body = message.body();
        for text in texts(&body) {
            is_calm(&text.replace('\n', " "), "Slack");
            for bad in ["<!", "<http", "<@", "@everyone", "@channel"] {
                assert!(!text.contains(bad), "{bad} in {text}");
            }
        }
        assert!(message.raw.len() < 40_000);
    }
    for hook in receiver.hooks() {
        let body = hook.body();
        is_calm(body["data"]["title"].as_str().unwrap(), "webhook");
        assert!(hook.raw.len() <= 20_000);
    }
}

/// Every text that Slack would format: the fallback, and all that is not `plain_text`.
fn texts(value: &serde_json::Value) -> Vec<String> {
    match value {
        serde_json::Value::Object(map) if map.get("type").is_some_and(|kind| kind == "plain_text") => Vec::new(),
        serde_json::Value::Object(map) => map
            .iter()
            .flat_map(|(key, value)| match value.as_str() {
                Some(text) if key == "text" => vec![text.to_owned()],
                _ => texts(value),
            })
            .collect(),
        serde_json::Value::Array(list) => list.iter().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}
