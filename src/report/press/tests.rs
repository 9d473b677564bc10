use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::report::fixtures;
use crate::report::notice::{Notice, NoticeKind};
use crate::types::{FindingId, FleetName, PlanHash};

/// In the shape of "Interaction payloads: block_actions", docs.slack.dev.
fn payload(action_id: &str, value: &str) -> Value {
    json!({
        "type": "block_actions",
        "user": {"id": "U0ERIN", "username": "erin", "name": "erin", "team_id": "T0TEAM"},
        "api_app_id": "A0APP",
        "token": "legacy",
        "container": {"type": "message", "message_ts": "1548261231.000200", "channel_id": "C0OPS", "is_ephemeral": false},
        "trigger_id": "12321423423.333649436676.d8c1bb837935619ccad0f624c448ffb3",
        "team": {"id": "T0TEAM", "domain": "example"},
        "enterprise": null,
        "is_enterprise_install": false,
        "channel": {"id": "C0OPS", "name": "ops"},
        "message": {"bot_id": "B0BOT", "type": "message", "text": "HIGH", "ts": "1548261231.000200", "blocks": []},
        "state": {"values": {}},
        "response_url": "https://hooks.slack.com/actions/T0TEAM/1232321423432/D09sSasdasdAS9091209",
        "actions": [{
            "action_id": action_id, "block_id": "cattleguard", "value": value, "type": "button",
            "text": {"type": "plain_text", "text": "Acknowledge", "emoji": false}, "action_ts": "1548426417.840180",
        }],
    })
}

fn read(payload: &Value) -> Result<Press, Unreadable> {
    press(payload.to_string().as_bytes())
}

fn interactive(may: &[Act]) -> Interactive {
    let signing_secret = "s".to_owned().into();
    let person = Person { user: "U0ERIN".to_owned(), author: "erin".to_owned(), may: may.to_vec() };
    Interactive { way: PressWay::Endpoint { signing_secret }, people: vec![person] }
}

#[test]
fn a_press_is_read_and_judged() {
    let press = read(&payload("cattleguard.acknowledge", "1:f-1 f-2")).unwrap();
    let button = Button::Acknowledge(vec!["f-1".into(), "f-2".into()]);
    assert_eq!(
        (press.user.as_str(), press.channel.as_str(), press.button.as_ref()),
        ("U0ERIN", "C0OPS", Some(&button))
    );
    let request = judge(&press, &interactive(&[Act::Acknowledge]), Some("T0TEAM"), Some("A0APP")).unwrap();
    assert_eq!(request, Request { button, author: "erin".to_owned(), user: "U0ERIN".to_owned() });
}

#[test]
fn each_way_in_which_a_press_is_refused_has_a_sentence() {
    let all = interactive(&Act::ALL);
    let good = payload("cattleguard.pause", "1:web");
    let refusal = |payload: &Value, interactive: &Interactive, team, app| {
        judge(&read(payload).unwrap(), interactive, team, app).unwrap_err()
    };
    assert_eq!(refusal(&good, &all, Some("T0OTHER"), None), Refusal::Workspace);
    assert_eq!(refusal(&good, &all, Some("T0TEAM"), Some("A0OTHER")), Refusal::App);
    let nobody = Interactive { people: Vec::new(), ..all.clone() };
    assert_eq!(refusal(&good, &nobody, Some("T0TEAM"), None), Refusal::Stranger("U0ERIN".to_owned()));
    let only = interactive(&[Act::Acknowledge]);
    let not_this = Refusal::NotThis { author: "erin".to_owned(), act: Act::Pause };
    assert_eq!(refusal(&good, &only, Some("T0TEAM"), None), not_this);
    for (action, value) in [
        ("cattleguard.resume", "1:web"),
        ("cattleguard.pause", "2:web"),
        ("cattleguard.pause", "1:web api"),
        ("cattleguard.pause", "1:"),
        ("cattleguard.approve", "1:<!channel>"),
        ("cattleguard.acknowledge", "f-1"),
    ] {
        assert_eq!(refusal(&payload(action, value), &all, Some("T0TEAM"), None), Refusal::Button, "{action} {value}");
    }
    // A stranger learns nothing of what there is to press.
    assert!(matches!(refusal(&payload("x", "y"), &nobody, Some("T0TEAM"), None), Refusal::Stranger(_)));
}

#[test]
fn the_same_press_has_the_same_key_and_another_has_another() {
    let good = payload("cattleguard.pause", "1:web");
    let key = |change: fn(&mut Value)| {
        let mut changed = good.clone();
        change(&mut changed);
        read(&changed).unwrap().key
    };
    let same = read(&good).unwrap().key;
    assert_eq!(key(|payload| payload["response_url"] = json!("https://hooks.slack.com/other")), same);
    assert_ne!(key(|payload| payload["actions"][0]["action_ts"] = json!("1548426418.0")), same);
    assert_ne!(key(|payload| payload["user"]["id"] = json!("U0FRANK")), same);
    assert_ne!(key(|payload| payload["container"]["message_ts"] = json!("1.1")), same);
    assert_ne!(key(|payload| payload["actions"][0]["value"] = json!("1:api")), same);
}

#[test]
fn what_slack_would_not_send_is_garbage() {
    let good = payload("cattleguard.pause", "1:web");
    let cases: [fn(&mut Value); 12] = [
        |payload| payload["user"] = Value::Null,
        |payload| payload["user"]["id"] = json!("erin"),
        |payload| payload["user"]["id"] = json!("U0ERIN\n"),
        |payload| payload["team"] = Value::Null,
        |payload| payload["team"]["id"] = json!(7),
        |payload| payload["api_app_id"] = json!(""),
        |payload| payload["channel"]["id"] = json!("../C0"),
        |payload| payload["container"] = Value::Null,
        |payload| payload["actions"] = json!([]),
        |payload| payload["actions"] = json!([payload["actions"][0], payload["actions"][0]]),
        |payload| payload["trigger_id"] = json!("x".repeat(201)),
        |payload| payload["actions"][0]["action_ts"] = json!("now"),
    ];
    for (number, case) in cases.into_iter().enumerate() {
        let mut payload = good.clone();
        case(&mut payload);
        assert!(matches!(read(&payload), Err(Unreadable::Garbage(_))), "{number}: {payload}");
    }
    let mut huge = good.clone();
    huge["message"]["text"] = json!("x".repeat(300_000));
    assert_eq!(read(&huge), Err(Unreadable::Garbage("it is too long")));
    for text in ["", "null", "[]", "{", "\u{0}"] {
        assert!(matches!(press(text.as_bytes()), Err(Unreadable::Garbage(_))), "{text}");
    }
    assert_eq!(press(&[0xff, 0xfe]).unwrap_err(), Unreadable::Garbage("not the JSON that is expected"));
    assert_eq!(read(&json!({"type": "view_submission"})), Err(Unreadable::Other));
}

#[test]
fn a_long_address_for_answers_is_dropped_and_the_press_counts() {
    let mut long = payload("cattleguard.pause", "1:web");
    long["response_url"] = json!("https://hooks.slack.com/".to_owned() + &"x".repeat(2000));
    assert_eq!(read(&long).unwrap().response_url, None);
}

#[test]
fn buttons_are_for_what_goes_on_and_fit_whatever_they_are_about() {
    let mut notice = fixtures::notice(vec![fixtures::finding("event-ssh-key-pushed", "i-0aa", "key")]);
    let acts = |notice: &Notice| buttons_of(notice).iter().map(Button::act).collect::<Vec<_>>();
    notice.members = vec!["f-1".into()];
    notice.totals.findings = 1;
    assert_eq!(acts(&notice), [Act::Acknowledge, Act::Pause]);
    assert_eq!(acts(&Notice { kind: NoticeKind::Acknowledged, ..notice.clone() }), [Act::Pause]);
    for over in [NoticeKind::Resolved, NoticeKind::Reattributed, NoticeKind::OperationDone, NoticeKind::Test] {
        assert_eq!(acts(&Notice { kind: over, ..notice.clone() }), [], "{over:?}");
    }
    notice.totals.findings = 101;
    assert_eq!(acts(&notice), [Act::Pause], "one press must not acknowledge what is not listed");
    notice.members = (0..100).map(|number| FindingId::new(format!("f-{number:016x}"))).collect();
    notice.totals.findings = 100;
    let Button::Acknowledge(ids) = buttons_of(&notice).remove(0) else { panic!("all of them") };
    assert_eq!(ids.len(), 100);
    notice.group.fleet = Some("no fleet <!here>".into());
    assert_eq!(acts(&notice), [Act::Acknowledge], "what could not be read back is no button");
    let plan = format!("blake3:{}", "0f".repeat(32));
    notice.kind = NoticeKind::ApprovalWanted;
    notice.group.actor = Some(plan.clone());
    assert_eq!(buttons_of(&notice), [Button::Approve(PlanHash::new(plan))]);
}

const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
/// The example of "Verifying requests from Slack", docs.slack.dev.
const BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&\
                    channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&\
                    response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&\
                    trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
const SIGNATURE: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

fn believed(timestamp: Option<&str>, signature: Option<&str>, body: &str, now: i64) -> Result<(), Forged> {
    verify(&SECRET.to_owned().into(), timestamp, signature, body.as_bytes(), Timestamp::from_second(now).unwrap())
}

#[test]
fn the_published_signature_is_right_and_everything_beside_it_wrong() {
    let at = 1_531_420_618;
    assert_eq!(believed(Some("1531420618"), Some(SIGNATURE), BODY, at), Ok(()));
    assert_eq!(believed(Some("1531420618"), Some(SIGNATURE), BODY, at + 300), Ok(()));
    assert_eq!(believed(Some("1531420618"), Some(SIGNATURE), BODY, at - 300), Ok(()));
    for now in [at + 301, at - 301, 0] {
        assert_eq!(believed(Some("1531420618"), Some(SIGNATURE), BODY, now), Err(Forged::Old), "{now}");
    }
    assert_eq!(believed(Some("1531420619"), Some(SIGNATURE), BODY, at), Err(Forged::Signature), "another time");
    assert_eq!(believed(Some("1531420618"), Some(SIGNATURE), &format!("{BODY}&"), at), Err(Forged::Signature));
    for time in [None, Some(""), Some("now"), Some("+1531420618"), Some("-1"), Some("99999999999999999999999")] {
        assert_eq!(believed(time, Some(SIGNATURE), BODY, at), Err(Forged::NoTime), "{time:?}");
    }
    let (upper, short, plain) = (SIGNATURE.to_uppercase(), &SIGNATURE[..SIGNATURE.len() - 2], &SIGNATURE[3..]);
    let long = format!("{SIGNATURE}00");
    for signature in ["", "v0=", "v0=zz", &upper, short, plain, &long, &SIGNATURE.replace('a', "b")] {
        assert_eq!(believed(Some("1531420618"), Some(signature), BODY, at), Err(Forged::Signature), "{signature}");
    }
    assert_eq!(believed(Some("1531420618"), None, BODY, at), Err(Forged::Signature));
}

#[test]
fn envelopes_of_socket_mode_are_told_apart() {
    let hello = r#"{"type":"hello","connection_info":{"app_id":"A0APP"},"num_connections":1,"debug_info":{"host":"applink-1","approximate_connection_time":18060}}"#;
    assert_eq!(envelope(hello), Envelope::Hello(Some("A0APP".to_owned())));
    assert_eq!(envelope(r#"{"type":"hello"}"#), Envelope::Hello(None));
    let goodbye =
        |reason: &str| envelope(&json!({"type": "disconnect", "reason": reason, "debug_info": {}}).to_string());
    assert_eq!(goodbye("warning"), Envelope::Disconnect(Goodbye::Refresh));
    assert_eq!(goodbye("refresh_requested"), Envelope::Disconnect(Goodbye::Refresh));
    assert_eq!(goodbye("link_disabled"), Envelope::Disconnect(Goodbye::Disabled));
    let press = r#"{"envelope_id":"e-1","type":"interactive","accepts_response_payload":false,"payload":{"type":"block_actions"},"retry_attempt":1}"#;
    let payload = r#"{"type":"block_actions"}"#.to_owned();
    assert_eq!(envelope(press), Envelope::Interactive { id: "e-1".to_owned(), payload });
    assert_eq!(
        envelope(r#"{"envelope_id":"e-2","type":"slash_commands","payload":{}}"#),
        Envelope::Other("e-2".to_owned())
    );
    for text in [
        "",
        "{",
        "[]",
        "{}",
        r#"{"type":"interactive","payload":{}}"#,
        r#"{"envelope_id":"","type":"interactive","payload":{}}"#,
    ] {
        assert_eq!(envelope(text), Envelope::Unknown, "{text}");
    }
}

proptest! {
    #[test]
    fn any_value_is_nothing_or_reads_back(text in "(1:)?[ -~]{0,60}|\\PC{0,80}") {
        for act in Act::ALL {
            if let Some(button) = Button::read(act, &text) {
                prop_assert_eq!(button.value(), Some(text.clone()));
            }
        }
    }

    #[test]
    fn any_names_fit_or_make_no_button(text in "\\PC{0,3000}", ids in proptest::collection::vec("[a-z0-9.-]{1,90}", 0..120)) {
        let ids = ids.into_iter().map(FindingId::new).collect();
        let pause = Button::Pause(FleetName::new(&text));
        for button in [pause, Button::Approve(PlanHash::new(text)), Button::Acknowledge(ids)] {
            let Some(value) = button.value() else { continue };
            prop_assert!(value.chars().count() <= VALUE_CHARS);
            prop_assert_eq!(Button::read(button.act(), &value), Some(button));
        }
    }

    #[test]
    fn any_bytes_are_read_to_an_end(bytes in proptest::collection::vec(any::<u8>(), 0..400), field in 0_usize..14, text in "\\PC{0,60}") {
        let _ = press(&bytes);
        let _ = envelope(&String::from_utf8_lossy(&bytes));
        // One field of a right payload replaced: it is a press with ids of Slack's form, or none.
        let mut payload = payload("cattleguard.pause", "1:web");
        let places = ["/type", "/user/id", "/team/id", "/api_app_id", "/channel/id", "/container/message_ts", "/trigger_id",
            "/response_url", "/actions/0/action_id", "/actions/0/value", "/actions/0/action_ts", "/user", "/actions", "/team"];
        *payload.pointer_mut(places[field]).unwrap() = json!(text);
        if let Ok(press) = read(&payload) {
            for id in [&press.user, &press.team, &press.app, &press.channel] {
                prop_assert!(id.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()));
            }
            prop_assert!(press.response_url.is_none_or(|url| url.len() <= 1024));
        }
    }
}
