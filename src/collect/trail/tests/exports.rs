//! Records as tools export them, and what logs alone can tell.

use serde_json::{Value, json};

use super::*;

fn record(request: &Value) -> Value {
    json!({
        "eventVersion": "1.11", "eventID": "e", "eventTime": "2026-03-02T09:00:00Z", "awsRegion": "eu-west-1",
        "eventSource": "ec2.amazonaws.com", "eventName": "StopInstances", "readOnly": false,
        "recipientAccountId": "444455556666", "eventType": "AwsApiCall", "eventCategory": "Management",
        "userIdentity": {"type": "IAMUser", "userName": "maria", "accountId": "444455556666",
            "arn": "arn:aws:iam::444455556666:user/maria"},
        "requestParameters": request, "responseElements": null,
    })
}

fn classified(record: &Value) -> Classified {
    classify(&record.to_string(), "test", &ClassifyContext::default())
}

#[test]
fn objects_that_an_export_wrote_as_text_are_read() {
    let plain = record(&json!({"instancesSet": {"items": [{"instanceId": "i-0a11111111111111a"}]}}));
    let mut quoted = plain.clone();
    for part in ["userIdentity", "requestParameters"] {
        quoted[part] = plain[part].to_string().into();
    }
    quoted["responseElements"] = json!({"requestId": "r"}).to_string().into();
    assert!(matches!(classified(&plain), Classified::Change(_)));
    assert_eq!(classified(&quoted), classified(&plain));
    // CloudTrail itself writes a text where it hides something.
    assert!(matches!(classified(&record(&"HIDDEN_DUE_TO_SECURITY_REASONS".into())), Classified::Change(_)));
}

#[test]
fn rows_of_athena_are_read() {
    let mut plain = record(&json!({"instancesSet": {"items": [{"instanceId": "i-0a11111111111111a"}]}}));
    plain["userIdentity"] = json!({"type": "AssumedRole", "principalId": "AROA:tomasz", "accountId": "444455556666",
        "arn": "arn:aws:sts::444455556666:assumed-role/ops/tomasz",
        "sessionContext": {"attributes": {"mfaAuthenticated": "true", "creationDate": "2026-03-02T08:00:00Z"},
            "sessionIssuer": {"type": "Role", "arn": "arn:aws:iam::444455556666:role/ops", "userName": "ops"}}});
    let mut row = plain.to_string();
    let request = plain["requestParameters"].to_string();
    row = row.replace(&request, &json!(request).to_string());
    for name in [
        "eventVersion",
        "eventID",
        "eventTime",
        "awsRegion",
        "eventSource",
        "eventName",
        "readOnly",
        "recipientAccountId",
        "eventType",
        "eventCategory",
        "userIdentity",
        "userName",
        "accountId",
        "principalId",
        "sessionContext",
        "mfaAuthenticated",
        "creationDate",
        "sessionIssuer",
        "requestParameters",
        "responseElements",
    ] {
        row = row.replace(&format!("\"{name}\""), &format!("\"{}\"", name.to_ascii_lowercase()));
    }
    assert!(row.contains("\"eventid\"") && row.contains("\\\"instancesSet"), "{row}");
    let read = classify(&row, "test", &ClassifyContext::default());
    assert!(matches!(&read, Classified::Change(_)), "{read:?}");
    assert_eq!(read, classified(&plain));
    let denied = row.replace("\"requestparameters\":", "\"requestparameters\":null,\"x\":");
    let denied = denied.replace(
        "\"eventtype\"",
        "\"resources\":[{\"arn\":\"arn:aws:ec2:eu-west-1:444455556666:instance/i-0a11111111111111a\"}],\"eventtype\"",
    );
    let Classified::Change(change) = classify(&denied, "test", &ClassifyContext::default()) else { panic!() };
    assert_eq!(change.targets, [Target::Instance("i-0a11111111111111a".into())]);
}

#[test]
fn texts_that_are_no_objects_name_nobody_and_are_set_aside() {
    let request = json!({"instancesSet": {"items": [{"instanceId": "i-0a11111111111111a"}]}});
    for (part, text) in [
        ("requestParameters", "{instancesset={items=[{instanceid=i-0a11111111111111a}]}}"),
        ("userIdentity", "{type=IAMUser, username=maria}"),
        ("userIdentity", "maria"),
    ] {
        let mut broken = record(&request);
        broken[part] = text.into();
        let Classified::SetAside(aside) = classified(&broken) else { panic!("{part} {text}") };
        assert_eq!(aside.problem, format!("{part} is a text, and no JSON object"));
    }
}

#[test]
fn whom_a_call_to_all_reached_is_known_only_where_ec2_listed_them() {
    let launch = json!({"instancesSet": {"items": [{"instanceId": "i-0a11111111111111a"}]}});
    let mut launched = record(&Value::Null);
    launched["eventName"] = "RunInstances".into();
    launched["responseElements"] = launch;
    launched["eventTime"] = "2026-03-01T09:00:00Z".into();
    launched["eventID"] = "launch".into();
    let mut command = record(&json!({"documentName": "AWS-RunShellScript", "instanceIds": ["*"]}));
    (command["eventSource"], command["eventName"]) = ("ssm.amazonaws.com".into(), "SendCommand".into());
    let read = |links: &mut LinkMap| {
        let mut batch = Batch::new(ClassifyContext::default());
        for record in [&launched, &command] {
            batch.add(&record.to_string(), Origin { file: "test", record: 1 });
        }
        let mut collected = batch.finish(links);
        let event = collected.events.remove(0);
        (event.instances.len(), event.unresolved)
    };
    assert_eq!(read(&mut LinkMap::default()), (1, vec!["*".to_owned()]), "others may live there");
    let mut listed = instance("i-0b22222222222222b", 'b', "10.0.0.2", [("a", "b"), ("c", "d")]);
    (listed.account, listed.region) = ("444455556666".into(), "eu-west-1".into());
    assert_eq!(read(&mut LinkMap::build([&listed], &[])).1, Vec::<String>::new());
}
