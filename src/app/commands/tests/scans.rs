//! `scan`, as a user sees it.

use std::time::Duration;

use serde_json::{Value, json};

use super::world::World;
use crate::store::{Audit as _, Scans as _};
use crate::testing::SimActor;
use crate::types::Place;

const DAY: Duration = Duration::from_secs(86_400);

#[test]
fn verbose_lists_clean_instances_as_well() {
    let world = World::new("");
    world.record(&[]);
    let member = world.fleet.instances()[0].to_string();
    let (_, short) = world.text("table", &["scan", "--fleet", "web"]);
    assert!(short.contains("✓ 2 clean") && !short.contains(&member), "{short}");
    let out = world.path("verbose");
    let line = [
        "cattleguard-sim".to_owned(),
        "-v".to_owned(),
        "-C".to_owned(),
        world.path("cattleguard.toml").display().to_string(),
        "-o".to_owned(),
        format!("table={}", out.display()),
        "scan".to_owned(),
    ];
    crate::app::run(Box::new(world.backend.clone()), line.iter().map(Into::into).collect());
    let long = std::fs::read_to_string(out).expect("a file");
    assert!(long.contains(&member), "{long}");
}

/// A call whose parameters CloudTrail dropped for size.
#[test]
fn a_change_of_an_unknown_target_is_visible_everywhere() {
    let world = World::new("");
    world.record(&[]);
    let place = Place::new("000000000000", "eu-west-1");
    let record = json!({
        "eventVersion": "1.10", "eventID": "0b2f6c7e-1111-4222-8333-444455556666",
        "eventTime": world.fleet.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "eventSource": "ssm.amazonaws.com", "eventName": "SendCommand", "awsRegion": "eu-west-1",
        "recipientAccountId": "000000000000", "sourceIPAddress": "198.51.100.9", "userAgent": "aws-cli/2",
        "eventType": "AwsApiCall", "readOnly": false, "managementEvent": true,
        "userIdentity": { "type": "IAMUser", "arn": "arn:aws:iam::000000000000:user/mallory",
            "accountId": "000000000000", "userName": "mallory", "principalId": "AIDAEXAMPLE" },
        "requestParameters": null, "responseElements": null,
    });
    world.fleet.cloud.push_raw_record(&place, &record.to_string()).expect("pushed");
    world.fleet.clock.advance(Duration::from_secs(900));
    let (exit, told) = world.json(&["scan", "--fleet", "web"]);
    assert_eq!(exit, 1, "{told}");
    assert_eq!(told["unresolved_events"][0]["unresolved"][0], "requestParameters omitted", "{told}");
    assert_eq!(told["summary"]["unresolved_events"], 1);
    let wide: Vec<&Value> =
        told["findings"].as_array().expect("a list").iter().filter(|finding| finding["instance"] == "*").collect();
    assert_eq!(wide.len(), 1, "{told}");
    assert_eq!((&wide[0]["code"], &wide[0]["severity"]), (&"event-remote-command".into(), &"critical".into()));
    // The next scan knows the event already; the finding stays in sight.
    let (_, table) = world.text("table", &["scan"]);
    assert!(table.contains("About whole accounts") && table.contains("mallory"), "{table}");
}

#[test]
fn old_scans_leave_the_state_once_a_day() {
    let world = World::new("");
    let config = world.path("cattleguard.toml");
    let text = std::fs::read_to_string(&config).expect("a file") + "retention = \"2d\"\n";
    std::fs::write(&config, text).expect("written");
    world.record(&[]);
    let alice = SimActor::person("Alice Example");
    let member = world.fleet.instances()[0].clone();
    for day in 0..6 {
        world.fleet.cloud.start_session(&alice, &member).expect("a session");
        world.fleet.clock.advance(DAY);
        world.fleet.cloud.run_inventory_all().expect("reported");
        assert_eq!(world.run(&["scan"]), 1, "day {day}");
        assert_eq!(world.run(&["scan"]), 1, "again on day {day}");
    }
    let store = world.store();
    let verdicts = store.verdicts_of(&member).expect("verdicts");
    assert!((4..=8).contains(&verdicts.len()), "{} of 12 scans are kept", verdicts.len());
    let prunes: Vec<_> = store.entries().expect("entries").into_iter().filter(|e| e.action == "state.prune").collect();
    assert!((1..=4).contains(&prunes.len()), "at most once a day: {}", prunes.len());
    assert_eq!(world.run(&["audit", "verify"]), 0);
}
