use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::evaluate::{HistoryFacts, RecentOperation, canonical_json, validate_input};
use crate::types::{
    Attribution, Code, Exception, Finding, FindingStatus, Fleet, Golden, Instance, ManagedNode, Observed,
    OperationKind, ScanId, Severity, Source, Verdict, VerdictReason,
};

/// The time that is now in these tests.
pub(in crate::evaluate) fn now() -> jiff::Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

pub(in crate::evaluate) fn instance() -> Instance {
    serde_json::from_value(json!({
        "id": "i-0aa11bb22cc33dd44", "account": "111122223333", "region": "eu-west-1", "zone": "eu-west-1a",
        "image": "ami-0aa", "instance_type": "m7g.large", "state": "running",
        "launched_at": "2026-11-01T00:00:00Z", "lifecycle": null, "platform": null, "key_name": null,
        "subnet": "subnet-0aa", "instance_profile": "arn:aws:iam::111122223333:instance-profile/web",
        "profile_association": null,
        "metadata_options": {"http_tokens": "required", "http_endpoint": "enabled",
            "http_put_response_hop_limit": 2, "instance_metadata_tags": null},
        "user_data": {"seen": "sha256:aa"}, "source_dest_check": true,
        "interfaces": [{"id": "eni-0aa", "attachment": "eni-attach-0aa", "device_index": 0, "groups": ["sg-0aa"],
            "addresses": ["10.0.0.4"], "address_associations": [], "source_dest_check": true,
            "delete_on_termination": true}],
        "volumes": [{"id": "vol-0aa", "device": "/dev/xvda", "root": true, "attached_at": null,
            "delete_on_termination": true, "size_gib": 8, "volume_type": "gp3", "encrypted": true}],
        "tags": {"app": "web", "Name": "web-1"}, "operator": null,
        "asg": {"group": "web", "lifecycle_state": "InService", "health": "Healthy", "min_size": 1, "desired": 2,
            "max_size": 4, "in_service": 2},
        "targets": [{"target_group": "arn:tg", "health": "healthy", "port": 443, "healthy_in_group": 2,
            "healthy_in_zone": 1}],
        "node": "unknown", "inventory": {}
    }))
    .unwrap()
}

pub(in crate::evaluate) fn golden() -> Golden {
    serde_json::from_value(json!({
        "line": "web", "version": "1", "status": "promoted",
        "images": [{"account": null, "region": "eu-west-1", "image": "ami-0aa"}],
        "contract": {}, "baseline": {}, "reference_instance": null, "recorded_by": "ada",
        "recorded_at": "2026-10-01T00:00:00Z", "promoted_at": "2026-10-02T00:00:00Z", "note": null
    }))
    .unwrap()
}

pub(in crate::evaluate) fn fleet() -> Fleet {
    serde_json::from_value(json!({
        "name": "web", "select": {"tags": {"app": "web"}, "asg": null, "accounts": []}, "golden": "web",
        "enforcement": "replace", "budget_count": 1, "budget_percent": 5.0, "allow_min_one": true,
        "budget_cooldown": {"secs": 1800, "nanos": 0}, "windows": [],
        "mass_drift": {"at_least": 3, "percent": 10.0}, "one_zone_at_a_time": true, "min_healthy": 1, "approval": false,
        "inventory_max_age": {"secs": 86400, "nanos": 0}, "expect_inventory": true, "expect_agent": false,
        "sanctioned_principals": ["arn:aws:sts::111122223333:assumed-role/patcher/*"]
    }))
    .unwrap()
}

pub(in crate::evaluate) fn finding(code: &'static str, severity: Severity) -> Finding {
    let instance = instance();
    let code = Code::known(code);
    Finding {
        id: Finding::identity(&code, &instance.account, &instance.region, &instance.id, "s"),
        fingerprint: Finding::fingerprint_of(&code, "s", &json!(null), &json!({"v": 2})),
        code,
        instance: instance.id,
        account: instance.account,
        region: instance.region,
        fleet: Some("web".into()),
        golden: Some(golden().reference()),
        severity,
        subject: "s".to_owned(),
        summary: "something changed".to_owned(),
        expected: json!(null),
        actual: json!({"v": 2}),
        source: Source::Cloudtrail,
        attribution: vec![Attribution {
            principal: "arn:aws:sts::111122223333:assumed-role/admin/ada".to_owned(),
            display: "Ada".to_owned(),
            event_id: "e-1".into(),
            event_name: "StartSession".to_owned(),
            event_time: "2026-11-20T11:00:00Z".parse().unwrap(),
            source_ip: Some("192.0.2.7".to_owned()),
            mfa: Some(true),
            execution: None,
            because: "the call is the change itself".to_owned(),
            caller: None,
        }],
        first_seen: "2026-11-20T11:30:00Z".parse().unwrap(),
        last_seen: now(),
        times_seen: 2,
        status: FindingStatus::Open,
        exception: None,
    }
}

pub(in crate::evaluate) fn facts<'a>(
    scan: &'a ScanId,
    instance: &'a Instance,
    golden: &'a Golden,
    fleet: &'a Fleet,
    findings: &'a [&'a Finding],
) -> InputFacts<'a> {
    InputFacts {
        scan,
        now: now(),
        mode: fleet.enforcement,
        instance,
        golden: Some(golden),
        fleet: Some(fleet),
        findings,
        verdict: if findings.is_empty() { Verdict::Clean } else { Verdict::Drifted },
        missing: &[],
        sources: &[Source::Ec2, Source::Cloudtrail],
        history: HistoryFacts::default(),
        exceptions: &[],
    }
}

fn valid(document: &Value) {
    assert_eq!(validate_input(document), Vec::<String>::new(), "{document:#}");
}

#[test]
fn a_full_document_is_valid_and_says_what_is_known() {
    let (scan, golden, fleet) = (ScanId::new("s-1"), golden(), fleet());
    let instance = Instance {
        node: Observed::Seen(Some(ManagedNode {
            ping_status: "Online".to_owned(),
            last_ping: Some(now()),
            agent_version: Some("3.3".to_owned()),
            platform_name: None,
            platform_version: None,
            association_status: None,
        })),
        ..instance()
    };
    let finding = finding("event-interactive-session", Severity::High);
    let findings = [&finding];
    let exception = Exception {
        id: "x-1".into(),
        fleet: Some("web".into()),
        account: None,
        instance: None,
        code: Some("event-*".to_owned()),
        fingerprint: None,
        subject: None,
        path: None,
        reason: "migration".to_owned(),
        ticket: "T-1".to_owned(),
        approver: "ben".to_owned(),
        created_at: "2026-11-19T00:00:00Z".parse().unwrap(),
        expires_at: "2026-11-21T00:00:00Z".parse().unwrap(),
    };
    let expired = Exception { id: "x-0".into(), expires_at: now(), ..exception.clone() };
    let missing = [VerdictReason { source: Some(Source::Ssm), reason: "timed out".to_owned() }];
    let document = build_input(&InputFacts {
        missing: &missing,
        exceptions: &[&exception, &expired],
        history: HistoryFacts {
            lineage_generation: 1,
            replacements_24h: 1,
            same_fingerprint_hosts: 2,
            recent_operations: vec![RecentOperation {
                kind: OperationKind::Replace,
                state: "succeeded".to_owned(),
                started_at: now(),
            }],
        },
        ..facts(&scan, &instance, &golden, &fleet, &findings)
    });
    valid(&document);
    assert_eq!(document["scan"]["time_ns"], json!(1_795_176_000_000_000_000_i64));
    assert_eq!(document["instance"]["owner"], json!({"kind": "asg", "name": "web"}));
    assert_eq!(document["drift"]["findings"][0]["age_s"], json!(1_800));
    assert_eq!(document["observation"]["complete"], json!(false));
    assert_eq!(document["exceptions"].as_array().unwrap().len(), 1, "an expired exception is not active");
}

#[test]
fn what_is_unknown_is_absent() {
    let scan = ScanId::new("s-1");
    let instance = Instance { user_data: Observed::Unknown, asg: None, tags: BTreeMap::new(), ..instance() };
    let (golden, fleet) = (golden(), fleet());
    let document =
        build_input(&InputFacts { golden: None, fleet: None, ..facts(&scan, &instance, &golden, &fleet, &[]) });
    valid(&document);
    for absent in ["/golden", "/fleet", "/instance/user_data", "/instance/asg", "/instance/name", "/instance/managed"] {
        assert_eq!(document.pointer(absent), None, "{absent}");
    }
    assert_eq!(document["instance"]["owner"], json!({"kind": "standalone"}));
}

#[test]
fn long_lists_and_texts_are_bounded_and_say_so() {
    let (scan, golden, fleet) = (ScanId::new("s-1"), golden(), fleet());
    let instance = Instance { tags: (0..500).map(|n| (format!("k{n}"), "v".repeat(9_000))).collect(), ..instance() };
    let one = Finding {
        actual: json!({"added": (0..5_000).map(|n| format!("package-{n}")).collect::<Vec<_>>()}),
        ..finding("software-package-added", Severity::Low)
    };
    let worst = finding("config-user-data", Severity::Critical);
    let mut findings = vec![&one; 300];
    findings.push(&worst);
    let document = build_input(&facts(&scan, &instance, &golden, &fleet, &findings));
    valid(&document);
    assert_eq!(document["drift"]["truncated"], json!(true));
    assert_eq!(document["drift"]["total"], json!(301));
    assert_eq!(document["drift"]["findings"][0]["code"], json!("config-user-data"), "the worst is never cut");
    assert_eq!(document["drift"]["findings"][1]["truncated"], json!(true));
    assert_eq!(document["instance"]["truncated"], json!(true));
}

#[test]
fn the_order_of_facts_does_not_matter() {
    let (scan, instance, golden, fleet) = (ScanId::new("s-1"), instance(), golden(), fleet());
    let (a, b) = (finding("config-volumes", Severity::High), finding("event-ssh-key-pushed", Severity::High));
    let one = build_input(&facts(&scan, &instance, &golden, &fleet, &[&a, &b]));
    let two = build_input(&facts(&scan, &instance, &golden, &fleet, &[&b, &a]));
    assert_eq!(canonical_json(&one), canonical_json(&two));
}

#[test]
fn the_schema_is_closed_everywhere() {
    fn open(schema: &Value, at: &str, found: &mut Vec<String>) {
        if schema["type"] == "object" && schema.get("additionalProperties").is_none() {
            found.push(at.to_owned());
        }
        if schema.get("description").is_none() && schema.get("$ref").is_none() && schema.get("type").is_some() {
            let item = at.ends_with("/items") || at.ends_with("/additionalProperties");
            if !item {
                found.push(format!("{at} has no description"));
            }
        }
        for key in ["properties", "$defs"] {
            for (name, member) in schema[key].as_object().into_iter().flatten() {
                open(member, &format!("{at}/{name}"), found);
            }
        }
        for key in ["items", "additionalProperties"] {
            if schema[key].is_object() {
                open(&schema[key], &format!("{at}/{key}"), found);
            }
        }
    }
    let mut found = Vec::new();
    open(crate::evaluate::input_schema(), "", &mut found);
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn validation_finds_each_kind_of_mistake() {
    let (scan, instance, golden, fleet) = (ScanId::new("s-1"), instance(), golden(), fleet());
    let document = build_input(&facts(&scan, &instance, &golden, &fleet, &[]));
    let broken = |edit: fn(&mut Value)| {
        let mut copy = document.clone();
        edit(&mut copy);
        validate_input(&copy).len()
    };
    assert_eq!(broken(|document| document["surprise"] = json!(1)), 1);
    assert_eq!(broken(|document| document["scan"]["mode"] = json!("terminate")), 1);
    assert_eq!(broken(|document| document["scan"]["time_ns"] = json!("now")), 1);
    assert_eq!(broken(|document| document["schema"] = json!("other")), 1);
    assert_eq!(broken(|document| document["instance"]["volumes"][0]["root"] = json!(1)), 1);
    assert_eq!(broken(|document| document["drift"]["total"] = json!(-1)), 1);
    assert_eq!(broken(|document| drop(document.as_object_mut().unwrap().remove("history"))), 1);
}
