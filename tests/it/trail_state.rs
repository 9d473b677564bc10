//! Trails that were stopped, narrowed, deleted, or do not deliver: told by their state and by the calls.

use cattleguard::testing::TRAIL_KEY;
use serde_json::{Value, json};

use crate::harness::{FINDINGS, OK, PARTIAL, Scan, Setup, TestApp, alice, carol, small};

const TRAIL: &str = "org-trail";

/// A world whose place has one trail.
fn watched() -> TestApp {
    let app = Setup::new(small()).start();
    app.cloud().close_trails(&app.place()).unwrap();
    app.cloud().open_trail(&app.place(), TRAIL).unwrap();
    app.minutes(1);
    assert_eq!(app.scan().code, OK, "a healthy trail is no finding");
    app
}

/// Findings about trails: code, severity, source.
fn told(scan: &Scan) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let one = |finding: &Value| (text(&finding["code"]), text(&finding["severity"]), text(&finding["source"]));
    let mut told: Vec<_> = scan.findings_of("*").map(one).collect();
    told.sort();
    told
}

fn of_state<'s>(scan: &'s Scan, code: &str) -> Option<&'s Value> {
    scan.findings_of("*").find(|finding| finding["code"] == code && finding["source"] == "trail")
}

fn entry(code: &str, severity: &str, source: &str) -> (String, String, String) {
    (code.to_owned(), severity.to_owned(), source.to_owned())
}

#[test]
fn a_stopped_trail_is_told_with_its_author_until_it_logs_again() {
    let app = watched();
    app.cloud().stop_logging(&carol(), &app.place(), TRAIL).unwrap();
    app.settle();
    let scan = app.scan();
    let code = "blind-trail-stopped";
    assert_eq!(told(&scan), [entry(code, "critical", "cloudtrail"), entry(code, "critical", "trail")]);
    let state = of_state(&scan, code).unwrap();
    assert_eq!(state["attribution"][0]["display"], "carol", "{state:#}");
    assert!(state["summary"].as_str().unwrap().contains("not logging since"), "{state:#}");

    app.cloud().start_logging(&carol(), &app.place(), TRAIL).unwrap();
    app.minutes(60);
    let healed = app.scan();
    assert_eq!(told(&healed), [entry(code, "critical", "cloudtrail")], "the call stays until it is acknowledged");
    assert_eq!(healed.summary("resolved"), 1);
}

#[test]
fn a_trail_that_was_stopped_before_anybody_looked_is_found_by_its_state() {
    let app = watched();
    app.cloud().stop_logging(&carol(), &app.place(), TRAIL).unwrap();
    // The event is out of reach.
    app.reconfigure(|text| format!("{text}\n[collect]\ntrail = [{{ dir = \"none\" }}]\n"));
    std::fs::create_dir(app.path("none")).unwrap();
    app.write("none/0.json", "{\"Records\": []}");
    let scan = app.scan();
    assert_eq!(told(&scan), [entry("blind-trail-stopped", "critical", "trail")]);
    assert_eq!(of_state(&scan, "blind-trail-stopped").unwrap()["attribution"], json!([]));
}

#[test]
fn an_old_trail_that_is_stopped_beside_one_that_records_is_less() {
    let app = watched();
    app.cloud().open_trail(&app.place(), "old").unwrap();
    app.cloud().stop_logging(&carol(), &app.place(), "old").unwrap();
    app.settle();
    let scan = app.scan();
    assert_eq!(of_state(&scan, "blind-trail-stopped").unwrap()["severity"], "medium");
}

#[test]
fn a_deleted_trail_is_critical_and_stays() {
    let app = watched();
    app.cloud().delete_trail(&carol(), &app.place(), TRAIL).unwrap();
    app.settle();
    let scan = app.scan();
    let missing = entry("blind-trail-missing", "medium", "trail");
    assert_eq!(told(&scan), [missing.clone(), entry("blind-trail-stopped", "critical", "cloudtrail")]);
    let call = scan.findings_of("*").find(|finding| finding["code"] == "blind-trail-stopped").unwrap();
    assert!(call["summary"].as_str().unwrap().contains("carol deleted the trail"));
    let state = of_state(&scan, "blind-trail-missing").unwrap();
    assert_eq!(state["attribution"][0]["display"], "carol", "{state:#}");
    app.minutes(24 * 60);
    assert_eq!(told(&app.scan()).len(), 2);
    app.cloud().open_trail(&app.place(), TRAIL).unwrap();
    app.minutes(10);
    let healed = app.scan();
    assert_eq!((told(&healed).len(), healed.summary("resolved")), (1, 1), "the call stays until it is acknowledged");
}

#[test]
fn a_place_without_a_trail_is_a_finding_and_unjudged_where_nothing_else_is_read() {
    let app = Setup::new(small()).start();
    app.cloud().close_trails(&app.place()).unwrap();
    let scan = app.scan();
    assert_eq!(told(&scan), [entry("blind-trail-missing", "medium", "trail")]);
    assert_eq!(scan.verdict(&app.server(0)), "clean", "the event history judges servers");
    app.reconfigure(|text| format!("{text}\n[collect]\ntrail = [{{ dir = \"logs\" }}]\n"));
    std::fs::create_dir(app.path("logs")).unwrap();
    app.write("logs/0.json", "{\"Records\": []}");
    let scan = app.scan();
    assert!(told(&scan).contains(&entry("blind-trail-missing", "high", "trail")), "{:#?}", told(&scan));
    assert_eq!((scan.code, scan.verdict(&app.server(0))), (PARTIAL, "unjudged"), "nothing of it is seen");
    assert!(scan.coverage(&app.place(), "cloudtrail")["reason"].as_str().unwrap().contains("no trail records"));
}

#[test]
fn what_keeps_a_trails_files_is_told_and_what_keeps_others_is_not() {
    let app = watched();
    let (bucket, topic) = ("trail-000000000000", "arn:aws:sns:eu-west-1:000000000000:trail");
    let calls = [
        ("s3", "PutBucketPolicy", json!({"bucketName": bucket, "policy": ""}), "medium"),
        ("s3", "DeleteBucketPolicy", json!({"bucketName": bucket, "policy": ""}), "high"),
        ("s3", "PutBucketLifecycle", json!({"bucketName": bucket, "lifecycle": ""}), "high"),
        ("s3", "DeleteBucket", json!({"bucketName": bucket}), "critical"),
        ("kms", "DisableKey", json!({"keyId": TRAIL_KEY}), "high"),
        (
            "kms",
            "ScheduleKeyDeletion",
            json!({"keyId": format!("arn:aws:kms:eu-west-1:000000000000:key/{TRAIL_KEY}")}),
            "critical",
        ),
        ("sns", "DeleteTopic", json!({"topicArn": topic}), "high"),
    ];
    let others = [
        ("s3", "DeleteBucket", json!({"bucketName": "trail"})),
        ("kms", "DisableKey", json!({"keyId": "7e571e57-0000-4000-8000-000000000002"})),
        ("sns", "DeleteTopic", json!({"topicArn": "arn:aws:sns:eu-west-1:000000000000:trail-2"})),
        ("s3", "PutBucketTagging", json!({"bucketName": bucket})),
    ];
    for (service, name, request, _) in &calls {
        app.cloud().trail_storage(&carol(), &app.place(), service, name, request.clone()).unwrap();
    }
    for (service, name, request) in others {
        app.cloud().trail_storage(&alice(), &app.place(), service, name, request).unwrap();
    }
    app.settle();
    for _ in 0..2 {
        let scan = app.scan();
        assert_eq!(told(&scan).len(), calls.len(), "{:#?}", told(&scan));
        for (_, name, _, severity) in &calls {
            let is_it = |finding: &&Value| finding["attribution"][0]["event_name"] == *name;
            let finding = scan.findings_of("*").find(is_it).unwrap_or_else(|| panic!("{name}"));
            let said = (&finding["code"], &finding["severity"], &finding["attribution"][0]["display"]);
            assert_eq!(said, (&"blind-trail-storage".into(), &(*severity).into(), &"carol".into()), "{finding:#}");
        }
        // The events are remembered now.
        app.minutes(60);
    }
}

#[test]
fn a_trail_without_changes_is_narrowed_until_it_records_them() {
    let app = watched();
    app.cloud().select_events(&carol(), &app.place(), TRAIL, false).unwrap();
    app.settle();
    let scan = app.scan();
    let code = "blind-trail-narrowed";
    assert_eq!(told(&scan), [entry(code, "high", "cloudtrail"), entry(code, "high", "trail")]);
    assert_eq!(of_state(&scan, code).unwrap()["attribution"][0]["event_name"], "PutEventSelectors");
    app.cloud().select_events(&carol(), &app.place(), TRAIL, true).unwrap();
    app.minutes(60);
    assert!(of_state(&app.scan(), code).is_none());
}

#[test]
fn a_trail_of_data_events_beside_one_of_changes_is_no_finding() {
    let app = watched();
    app.cloud().open_trail(&app.place(), "data").unwrap();
    app.cloud().select_events(&carol(), &app.place(), "data", false).unwrap();
    app.settle();
    assert!(of_state(&app.scan(), "blind-trail-narrowed").is_none());
}

#[test]
fn what_an_update_takes_away_is_told() {
    let app = watched();
    let updates = [
        ("isMultiRegionTrail", json!(false), "record one region only"),
        ("includeGlobalServiceEvents", json!(false), "excluded global services"),
        ("enableLogFileValidation", json!(false), "turned log file validation"),
        ("s3BucketName", json!("elsewhere"), "deliver to the bucket elsewhere"),
        ("isMultiRegionTrail", json!(true), "changed the trail"),
    ];
    for (field, value, says) in updates {
        app.cloud().update_trail(&carol(), &app.place(), TRAIL, field, value).unwrap();
        app.settle();
        let scan = app.scan();
        let finding = scan.findings_of("*").find(|finding| finding["code"] == "blind-trail-narrowed").unwrap();
        assert!(finding["summary"].as_str().unwrap().contains(says), "{field}: {finding:#}");
    }
}

#[test]
fn files_that_s3_refuses_are_a_gap_until_it_takes_them() {
    let app = watched();
    app.cloud().refuse_delivery(&app.place(), TRAIL, Some("AccessDenied")).unwrap();
    app.minutes(10);
    let scan = app.scan();
    assert_eq!(told(&scan), [entry("blind-trail-gap", "high", "trail")]);
    assert!(scan.findings_of("*").next().unwrap()["summary"].as_str().unwrap().contains("AccessDenied"));
    app.cloud().refuse_delivery(&app.place(), TRAIL, None).unwrap();
    app.minutes(10);
    let healed = app.scan();
    assert_eq!((healed.code, healed.summary("resolved"), told(&healed)), (OK, 1, vec![]));
}

#[test]
fn a_state_that_cannot_be_read_is_said_and_forgets_nothing() {
    use cattleguard::collect::ReadFailure;
    use cattleguard::testing::FailRule;
    let app = Setup::new(small()).failing().start();
    app.cloud().open_trail(&app.place(), TRAIL).unwrap();
    app.cloud().refuse_delivery(&app.place(), TRAIL, Some("AccessDenied")).unwrap();
    app.minutes(1);
    assert_eq!(app.scan().code, FINDINGS);
    for api in ["cloudtrail:DescribeTrails", "cloudtrail:GetTrailStatus", "cloudtrail:GetEventSelectors"] {
        app.faults.add_rule(FailRule::fail(ReadFailure::Denied).api(api));
        app.minutes(10);
        let scan = app.scan();
        app.faults.heal();
        let told = told(&scan);
        assert!(told.contains(&entry("blind-trail-gap", "high", "trail")), "{api}: {told:#?}");
        assert!(told.contains(&entry("blind-access-denied", "low", "trail")), "{api}: {told:#?}");
        assert_eq!(scan.summary("resolved"), 0, "{api}");
        assert_eq!(scan.verdict(&app.server(0)), "clean", "{api}: the event history judges servers");
    }
}
