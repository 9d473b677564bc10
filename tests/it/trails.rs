//! Sources of change events: the event history, log files, both, and neither.

use std::fs;

use cattleguard::collect::ReadFailure;
use cattleguard::testing::FailRule;

use crate::harness::{CONFIG, FINDINGS, OK, PARTIAL, Setup, TestApp, USAGE, alice, carol, small};

fn reading(sources: &str) -> TestApp {
    let app = Setup::new(small()).more(&format!("[collect]\ntrail = {sources}")).failing().start_unrecorded();
    fs::create_dir(app.path("trail")).unwrap();
    // A folder without log files is a source that says nothing.
    app.write("trail/0.json", "{\"Records\": []}");
    app.record("1");
    app
}

/// Puts what the trail has recorded so far into a log file.
fn log(app: &TestApp, name: &str) {
    app.write(name, &app.cloud().trail_log_file(&app.place()));
}

#[test]
fn log_files_alone_name_the_author() {
    let app = reading("[{ dir = \"trail\" }]");
    assert_eq!(app.scan().code, OK);
    app.cloud().source_dest_check(&carol(), &app.server(0), false).unwrap();
    log(&app, "trail/1.json");
    app.minutes(5);
    let scan = app.scan();
    assert_eq!(scan.code, FINDINGS);
    let finding = scan.finding(&app.server(0), "config-source-dest-check");
    assert_eq!(finding["attribution"][0]["display"], "carol");
    assert_eq!(app.cloud().call_totals().get("cloudtrail:LookupEvents"), None);
}

#[test]
fn the_same_events_from_two_sources_count_once() {
    let app = reading("[\"lookup\", { dir = \"trail\" }]");
    assert_eq!(app.scan().code, OK);
    app.cloud().start_session(&alice(), &app.server(0)).unwrap();
    app.minutes(1);
    app.cloud().start_session(&alice(), &app.server(0)).unwrap();
    log(&app, "trail/1.json");
    log(&app, "trail/2.json");
    app.settle();
    for _ in 0..3 {
        let scan = app.scan();
        let finding = scan.finding(&app.server(0), "event-interactive-session");
        assert_eq!(finding["actual"]["events"], 2, "{finding:#}");
        assert_eq!(finding["attribution"].as_array().unwrap().len(), 2);
        app.minutes(10);
    }
    let (_, timeline) = app.text("table", &["timeline", app.server(0).as_str()]);
    assert_eq!(timeline.matches("StartSession").count(), 2, "{timeline}");
}

#[test]
fn one_source_goes_on_while_the_other_fails_and_the_failure_is_said() {
    let app = reading("[\"lookup\", { dir = \"trail\" }]");
    app.cloud().start_session(&alice(), &app.server(0)).unwrap();
    log(&app, "trail/1.json");
    app.faults.add_rule(FailRule::fail(ReadFailure::Denied).api("cloudtrail:LookupEvents"));
    app.settle();
    let scan = app.scan();
    assert_eq!(scan.code, PARTIAL);
    assert_ne!(scan.coverage(&app.place(), "cloudtrail")["status"], "complete");
    assert!(scan.codes(&app.server(0)).contains("event-interactive-session"));
}

#[test]
fn a_malformed_record_is_counted_and_named_and_the_rest_is_read() {
    let app = reading("[{ dir = \"trail\" }]");
    app.cloud().start_session(&alice(), &app.server(0)).unwrap();
    let good = app.cloud().trail_log_file(&app.place());
    let bad = r#"{"eventVersion":"1.11","eventID":"e-1","eventName":"RebootInstances","eventSource":"ec2.amazonaws.com","eventTime":"yesterday"}"#;
    let mixed = good.replacen("\"Records\":[", &format!("\"Records\":[{bad},17,"), 1);
    assert_ne!(mixed, good, "the file has another form than this test thinks");
    app.write("trail/1.json", &mixed);
    app.settle();
    let scan = app.scan();
    assert_eq!((scan.code, scan.summary("set_aside")), (PARTIAL, 2));
    assert!(scan.codes(&app.server(0)).contains("event-interactive-session"), "the rest is processed");
    let named = scan.list("set_aside");
    assert!(named.iter().all(|record| record.to_string().contains("1.json")), "{named:#?}");
    assert!(named.iter().any(|record| record.to_string().contains("yesterday")), "with what it says: {named:#?}");
    let (_, table) = app.text("table", &["scan"]);
    assert!(table.contains("1.json"), "people are told as well:\n{table}");
}

#[test]
fn a_malformed_record_in_the_event_history_is_set_aside_too() {
    let app = reading("[\"lookup\"]");
    app.cloud().push_raw_record(&app.place(), "{\"eventVersion\":\"1.11\",\"eventID\":\"cut o").unwrap();
    app.cloud().start_session(&alice(), &app.server(0)).unwrap();
    app.settle();
    let scan = app.scan();
    assert_eq!((scan.code, scan.summary("set_aside")), (PARTIAL, 1));
    assert!(scan.codes(&app.server(0)).contains("event-interactive-session"));
    app.minutes(60);
    assert_eq!(app.scan().code, PARTIAL, "the overlap reads it once more");
    app.minutes(60);
    assert_eq!(app.scan().code, FINDINGS, "it is behind us");
}

#[test]
fn no_source_is_a_configuration_error_and_a_missing_folder_is_partial() {
    let app = reading("[{ dir = \"trail\" }]");
    app.reconfigure(|text| text.replace("trail = [{ dir = \"trail\" }]", "trail = []"));
    assert_eq!(app.run(&["scan"]), CONFIG);
    app.reconfigure(|text| text.replace("trail = []", "trail = [{ dir = \"elsewhere\" }]"));
    let scan = app.scan();
    assert_eq!(scan.code, PARTIAL);
    assert_eq!(scan.verdict(&app.server(0)), "unjudged", "without a trail nobody is clean");
}

#[test]
fn a_trail_that_somebody_stopped_is_critical() {
    let app = Setup::new(small()).start();
    app.cloud().stop_logging(&carol(), &app.place(), "org-trail").unwrap();
    app.settle();
    let scan = app.scan();
    let finding = scan.findings_of("*").find(|finding| finding["code"] == "blind-trail-stopped").expect("a finding");
    assert_eq!((&finding["severity"], &finding["attribution"][0]["display"]), (&"critical".into(), &"carol".into()));
    app.minutes(24 * 60);
    app.settle();
    assert_eq!(app.scan().findings_of("*").count(), 1, "it does not go away by itself");
}

#[test]
fn since_reads_further_back_than_the_checkpoint() {
    let app = Setup::new(small()).start();
    app.cloud().start_session(&alice(), &app.server(0)).unwrap();
    app.minutes(30 * 60);
    app.settle();
    assert_eq!(app.scan().code, OK, "longer ago than a first scan looks");
    app.minutes(5);
    let scan = app.scan_with(&["--since", "3d"]);
    assert!(scan.codes(&app.server(0)).contains("event-interactive-session"));
    assert_eq!(app.run(&["scan", "--since", "tomorrow"]), USAGE);
}

#[test]
fn ingest_prints_the_events_of_files_without_configuration() {
    let app = Setup::new(small()).start();
    app.cloud().start_session(&alice(), &app.server(0)).unwrap();
    app.minutes(1);
    app.cloud().stop_logging(&carol(), &app.place(), "org-trail").unwrap();
    let path = app.write("log.json", &app.cloud().trail_log_file(&app.place()));
    let (code, text) = app.text("ndjson", &["ingest", path.to_str().unwrap()]);
    assert_eq!(code, OK);
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!((&lines[0]["type"], &lines[2]["type"]), (&"change_event".into(), &"summary".into()));
    assert_eq!(lines[0]["instances"], serde_json::json!([app.server(0).as_str()]));
    assert_eq!(app.run(&["ingest", "/nonexistent"]), PARTIAL, "what cannot be read is not nothing");
}

#[test]
fn ingest_keeps_events_once_and_a_scan_still_judges_them() {
    let app = Setup::new(small()).start();
    app.cloud().start_session(&alice(), &app.server(0)).unwrap();
    app.settle();
    let path = app.write("log.json", &app.cloud().trail_log_file(&app.place()));
    for new in [1, 0] {
        let (code, text) = app.text("ndjson", &["ingest", "--store", path.to_str().unwrap()]);
        assert_eq!(code, OK);
        let summary: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        assert_eq!((&summary["events_kept"], &summary["events_stored"]), (&1.into(), &new.into()));
    }
    let scan = app.scan();
    assert!(scan.codes(&app.server(0)).contains("event-interactive-session"), "it was read by hand, not judged");
}

#[test]
fn a_call_whose_target_is_told_later_is_found_on_its_server_then() {
    let app = reading("[{ dir = \"trail\" }]");
    assert_eq!(app.scan().code, OK);
    let id = app.server(0);
    let place = app.place();
    let call = |name: &str, minutes: i64, request: serde_json::Value| {
        let at = app.fleet.clock.now().checked_sub(jiff::SignedDuration::from_mins(minutes)).unwrap();
        let record = serde_json::json!({
            "eventVersion": "1.11", "eventID": format!("late-{name}"), "eventTime": at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "eventSource": "ec2.amazonaws.com", "eventName": name, "awsRegion": place.region, "readOnly": false,
            "recipientAccountId": place.account, "requestParameters": request, "responseElements": null,
            "userIdentity": {"type": "IAMUser", "userName": "maria", "accountId": place.account},
        });
        serde_json::json!({"Records": [record]}).to_string()
    };
    app.minutes(30);
    let grow = serde_json::json!({"ModifyVolumeRequest": {"VolumeId": "vol-0late", "Size": 200}});
    app.write("trail/1.json", &call("ModifyVolume", 10, grow));
    assert!(!app.scan().codes(&id).contains("event-volume-modified"));
    fs::remove_file(app.path("trail/1.json")).unwrap();
    // The volume was attached before and taken off since; the record of that comes late.
    let attach = serde_json::json!({"volumeId": "vol-0late", "instanceId": id, "device": "/dev/sdf"});
    app.write("trail/2.json", &call("AttachVolume", 20, attach));
    for _ in 0..2 {
        let scan = app.scan();
        let finding = scan.finding(&id, "event-volume-modified");
        assert_eq!((&finding["actual"]["events"], &finding["attribution"][0]["display"]), (&1.into(), &"maria".into()));
        app.minutes(5);
    }
}
