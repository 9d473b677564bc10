//! Properties that hold for any input.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::super::normalise;
use super::super::tree::Tree;
use super::*;

/// Any JSON, with the names that the normaliser looks for among the keys.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ -~é\u{1b}\u{202e}]{0,12}".prop_map(Value::from),
        Just(json!("i-0123456789abcdef0")),
    ];
    leaf.prop_recursive(5, 48, 5, |inner| {
        let key = prop_oneof![
            Just("tag".to_owned()),
            Just("Tag".to_owned()),
            Just("content".to_owned()),
            Just("item".to_owned()),
            Just("items".to_owned()),
            Just("InstanceId".to_owned()),
            Just("XRequest".to_owned()),
            Just("XResponse".to_owned()),
            "[a-zA-Z]{0,6}",
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn instance_ids() -> impl Strategy<Value = Vec<String>> {
    prop::collection::btree_set("i-[0-9a-f]{17}", 1..6).prop_map(|set| set.into_iter().collect())
}

fn record(name: &str, identity: Value, request: &Value, response: &Value) -> String {
    json!({"eventVersion": "1.11", "eventID": "p", "eventTime": "2026-03-02T09:00:00Z", "eventSource": "ec2.amazonaws.com",
        "eventName": name, "awsRegion": "eu-west-1", "recipientAccountId": "444455556666", "readOnly": false,
        "userIdentity": identity, "requestParameters": request, "responseElements": response})
    .to_string()
}

fn instances_of(raw: &str) -> Vec<String> {
    match classify(raw, "test", &ClassifyContext::default()) {
        Classified::Change(change) => {
            let event = resolve(*change, &LinkMap::default()).unwrap();
            event.instances.iter().map(ToString::to_string).collect()
        }
        other => panic!("{other:?}"),
    }
}

proptest! {
    #[test]
    fn any_json_has_a_normal_form(value in any_json()) {
        let text = value.to_string();
        let once = normalise::request(Tree::read(&text));
        normalise::texts(&once, "instancesSet.instanceId");
        normalise::response(Tree::read(&text));
    }

    #[test]
    fn any_json_and_any_text_is_classified(value in any_json(), text in "\\PC{0,60}", name in "[A-Z][A-Za-z]{3,12}|StopInstances|SendCommand|RunInstances|TerminateInstances|TerminateSession") {
        classify(&value.to_string(), "test", &ClassifyContext::default());
        classify(&text, "test", &ClassifyContext::default());
        let raw = record(&name, value.clone(), &value, &value);
        classify(&raw, "test", &ClassifyContext::default());
    }

    #[test]
    fn wrapped_and_flat_forms_of_one_request_name_the_same_instances(ids in instance_ids(), one_as_object in any::<bool>()) {
        let flat = json!({"instancesSet": {"items": ids.iter().map(|id| json!({"instanceId": id})).collect::<Vec<_>>()}});
        let mut members: Vec<Value> =
            ids.iter().enumerate().map(|(n, id)| json!({"tag": n + 1, "content": id})).collect();
        let list = if members.len() == 1 && one_as_object { members.remove(0) } else { Value::from(members) };
        let wrapped = json!({"StopInstancesRequest": {"InstanceId": list}});
        let as_items = json!({"StopInstancesRequest": {"InstancesSet": {"item": ids.iter().map(|id| json!({"InstanceId": id})).collect::<Vec<_>>()}}});
        for request in [&flat, &wrapped, &as_items] {
            prop_assert_eq!(&instances_of(&record("StopInstances", json!({}), request, &Value::Null)), &ids);
        }
    }

    #[test]
    fn ids_of_the_caller_are_never_targets(ids in instance_ids(), caller in "i-[0-9a-f]{17}") {
        prop_assume!(!ids.contains(&caller));
        let identity = json!({"type": "AssumedRole", "principalId": format!("AROA:{caller}"), "instanceId": caller, "arn":
            format!("arn:aws:sts::444455556666:assumed-role/web/{caller}")});
        let request = json!({"instancesSet": {"items": ids.iter().map(|id| json!({"instanceId": id})).collect::<Vec<_>>()}});
        let echo = json!({"caller": caller, "instances": [{"instanceId": caller}]});
        for name in ["StopInstances", "RebootInstances", "SomethingNobodyMapped"] {
            prop_assert_eq!(&instances_of(&record(name, identity.clone(), &request, &echo)), &ids);
        }
    }

    #[test]
    fn kept_text_is_bounded_and_free_of_control_characters(agent in "\\PC{0,20}\u{1b}\\[2J\u{202e}.{0,600}") {
        let mut value: Value = serde_json::from_str(&record("StopInstances", json!({"userName": agent, "type": "IAMUser"}),
            &json!({"instancesSet": {"items": [{"instanceId": "i-0123456789abcdef0"}]}}), &Value::Null)).unwrap();
        value["userAgent"] = json!(agent);
        let Classified::Change(change) = classify(&value.to_string(), "test", &ClassifyContext::default()) else { panic!() };
        for text in [change.event.actor.user_agent.unwrap_or_default(), change.event.actor.display] {
            let clean = text.chars().count() <= 256 && !text.chars().any(|c| c.is_control() || c == '\u{202e}');
            prop_assert!(clean);
        }
    }
}
