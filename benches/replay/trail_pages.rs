//! Pages of event history: heartbeats of agents for the most part, and a few changes.

use serde_json::json;

use crate::fleet::{ACCOUNT, Fleet, instance_id};
use crate::server::Call;

/// The largest page.
const PAGE: usize = 50;

/// The page of a call.
pub(crate) fn page(call: &Call, fleet: Fleet) -> String {
    let (range, next) = Fleet::page(fleet.events, call.token().as_deref(), PAGE);
    let events: Vec<_> = range.map(|number| event(number, fleet.instances.max(1))).collect();
    match next {
        Some(next) => json!({"Events": events, "NextToken": next}).to_string(),
        None => json!({"Events": events}).to_string(),
    }
}

fn event(number: usize, instances: usize) -> serde_json::Value {
    let id = instance_id(number % instances);
    let (source, name, request) = match number % 100 {
        0 => ("ssm", "StartSession", json!({"target": id})),
        1 => ("ec2", "ModifyInstanceAttribute", json!({"instanceId": id, "userData": "<sensitiveDataRemoved>"})),
        _ => ("ssm", "UpdateInstanceInformation", json!({"instanceId": id, "agentVersion": "3.3.2299.0"})),
    };
    let event_id = format!("00000000-0000-4000-8000-{number:012x}");
    let record = json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": "AROAEXAMPLE:mia@example.com",
            "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/operators/mia@example.com"),
            "accountId": ACCOUNT,
            "sessionContext": {
                "sessionIssuer": {"type": "Role", "arn": format!("arn:aws:iam::{ACCOUNT}:role/operators")},
                "attributes": {"creationDate": "2026-11-02T03:00:00Z", "mfaAuthenticated": "true"},
            },
        },
        "eventTime": "2026-11-02T03:04:05Z",
        "eventSource": format!("{source}.amazonaws.com"),
        "eventName": name,
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "203.0.113.9",
        "userAgent": "aws-cli/2.31.0",
        "requestParameters": request,
        "responseElements": null,
        "requestID": event_id,
        "eventID": event_id,
        "readOnly": false,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    });
    json!({
        "EventId": event_id,
        "EventName": name,
        "ReadOnly": "false",
        "EventTime": 1_793_588_645,
        "EventSource": format!("{source}.amazonaws.com"),
        "Username": "mia@example.com",
        "Resources": [],
        "CloudTrailEvent": record.to_string(),
    })
}
