//! Messages in the shapes that the services send.

use serde_json::json;

use super::super::agree::message_agrees;
use super::*;

const KEY: &str = "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/11/24/a.json.gz";

fn object(key: &str, size: Option<u64>, region: Option<&str>) -> Part {
    let name = ObjectName { bucket: "trail".to_owned(), key: key.to_owned() };
    Part::Object { name, size, region: region.map(str::to_owned) }
}

fn notification(keys: &[&str]) -> String {
    let records: Vec<_> = keys
        .iter()
        .map(|key| {
            json!({
                "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "eu-west-1",
                "eventTime": "2026-11-24T02:05:00.000Z", "eventName": "ObjectCreated:Put",
                "s3": {"bucket": {"name": "trail", "arn": "arn:aws:s3:::trail"},
                       "object": {"key": key, "size": 7, "eTag": "0a", "sequencer": "1"}},
            })
        })
        .collect();
    json!({ "Records": records }).to_string()
}

fn in_sns(message: &str) -> String {
    json!({"Type": "Notification", "MessageId": "1", "TopicArn": "arn:aws:sns:eu-west-1:111122223333:trail",
           "Message": message, "Timestamp": "2026-11-24T02:05:00.000Z"})
    .to_string()
}

#[test]
fn notifications_of_s3_alone_and_through_sns() {
    let text = notification(&[KEY, "AWSLogs/a+b/%C3%A4%2Bc.json.gz"]);
    let expected =
        vec![object(KEY, Some(7), Some("eu-west-1")), object("AWSLogs/a b/ä+c.json.gz", Some(7), Some("eu-west-1"))];
    assert_eq!(parts(&text), Ok(expected.clone()));
    assert_eq!(parts(&in_sns(&text)), Ok(expected));
}

#[test]
fn a_log_that_is_named_again_and_again_is_one() {
    let text = r#"{"s3Bucket": "b", "s3ObjectKey": ["AWSLogs/1.json.gz", "AWSLogs/2.json.gz", "AWSLogs/1.json.gz"]}"#;
    assert_eq!(parts(text).unwrap().len(), 2);
}

#[test]
fn a_notification_of_cloudtrail_names_its_files_as_they_are() {
    let text = json!({"s3Bucket": "trail", "s3ObjectKey": [KEY, "a+b"]}).to_string();
    assert_eq!(parts(&in_sns(&text)), Ok(vec![object(KEY, None, None), object("a+b", None, None)]));
}

#[test]
fn eventbridge_names_the_object_as_it_is() {
    let text = json!({
        "version": "0", "id": "1", "detail-type": "Object Created", "source": "aws.s3", "account": "111122223333",
        "time": "2026-11-24T02:05:00Z", "region": "eu-central-1", "resources": ["arn:aws:s3:::trail"],
        "detail": {"version": "0", "bucket": {"name": "trail"},
                   "object": {"key": "a+b %41", "size": 9, "etag": "0a"}, "reason": "PutObject"},
    });
    assert_eq!(parts(&text.to_string()), Ok(vec![object("a+b %41", Some(9), Some("eu-central-1"))]));
}

#[test]
fn an_event_of_cloudtrail_comes_as_it_was_sent() {
    let detail = r#"{"eventVersion" : "1.11","eventID":"e-1"}"#;
    let of = |kind: &str, source: &str| {
        parts(&format!(r#"{{"version":"0","detail-type":"{kind}","source":"{source}","detail":{detail}}}"#))
    };
    assert_eq!(of("AWS API Call via CloudTrail", "aws.ec2"), Ok(vec![Part::Event(detail.to_owned())]));
    assert_eq!(of("AWS Insight via CloudTrail", "aws.cloudtrail"), Ok(vec![]));
    assert!(of("AWS API Call via CloudTrail", "my.app").is_err(), "anybody can send that");
}

#[test]
fn what_only_opens_the_way_is_acknowledged() {
    let test = r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2026-11-24T02:05:00.000Z","Bucket":"trail"}"#;
    assert_eq!(parts(test), Ok(vec![]));
    assert_eq!(parts(&in_sns(test)), Ok(vec![]));
    assert_eq!(parts(&in_sns(VALIDATION)), Ok(vec![]));
    assert_eq!(parts(&notification(&[KEY]).replace("ObjectCreated:Put", "ObjectRemoved:Delete")), Ok(vec![]));
}

#[test]
fn what_cannot_be_understood_says_why() {
    for (text, why) in [
        ("", "it is not JSON"),
        ("hello", "it is not JSON"),
        ("{\"Records\": [", "it is not JSON"),
        ("[1, 2]", "its shape is not known"),
        ("{}", "its shape is not known"),
        ("{\"Records\": 7}", "its shape is not known"),
        ("{\"Records\": [{\"eventSource\": \"aws:ses\", \"eventName\": \"x\"}]}", "a record of aws:ses"),
        ("{\"source\":\"aws.ec2\",\"detail-type\":\"EC2 State\",\"detail\":{}}", "`EC2 State` of aws.ec2"),
        ("{\"Type\":\"SubscriptionConfirmation\",\"Message\":\"x\"}", "SubscriptionConfirmation"),
    ] {
        let error = parts(text).expect_err(text);
        assert!(error.contains(why), "{text}: {error}");
    }
    for key in ["a%4", "a%zz", "%ff"] {
        assert!(parts(&notification(&[key])).expect_err(key).contains("not encoded"));
    }
    let hostile = parts(&format!("{{\"Records\": \"\\u001b[31m{}\"}}", "x".repeat(1000))).expect_err("no list");
    assert!(hostile.len() <= 256 && !hostile.contains('\u{1b}'), "{hostile}");
    let deep = in_sns(&in_sns(&in_sns(&notification(&[KEY]))));
    assert!(parts(&deep).is_err());
}

#[test]
fn an_envelope_changes_nothing() {
    let detail = r#"{"eventID":"e-1"}"#;
    let event = format!(r#"{{"detail-type":"AWS API Call via CloudTrail","source":"aws.ec2","detail":{detail}}}"#);
    assert_eq!(message_agrees(&event), Ok(vec![detail.to_owned()]));
    for text in [&in_sns(&in_sns(&event)), &notification(&[KEY]), VALIDATION, "a+b %41 \u{1b} ä", ""] {
        message_agrees(text).unwrap();
    }
}
