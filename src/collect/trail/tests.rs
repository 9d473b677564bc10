//! Whole path: fixture files -> change events, against a table of what each record means.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::*;
use crate::types::{
    AsgMembership, CallOutcome, ChangeEvent, Directness, Instance, MetadataOptions, NetworkInterface, Observed,
    Severity, Volume,
};

mod exports;
mod holders;
mod moved;
mod own;
mod properties;
mod rows;

const A: &str = "i-0a11111111111111a";
const B: &str = "i-0b22222222222222b";
const C: &str = "i-0c33333333333333c";

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn instance(id: &str, letter: char, address: &str, tags: [(&str, &str); 2]) -> Instance {
    let own = |prefix: &str| format!("{prefix}-0{letter}1");
    Instance {
        id: id.into(),
        account: "444455556666".into(),
        region: "eu-west-1".into(),
        zone: "eu-west-1a".to_owned(),
        image: "ami-0111".into(),
        instance_type: "m7g.large".to_owned(),
        architecture: None,
        state: "running".to_owned(),
        launched_at: time("2026-01-05T00:00:00Z"),
        lifecycle: None,
        platform: None,
        key_name: None,
        subnet: None,
        instance_profile: Some(format!("arn:aws:iam::444455556666:instance-profile/{}", tags[0].1)),
        profile_association: Some(own("iip-assoc")),
        metadata_options: MetadataOptions::default(),
        user_data: Observed::Unknown,
        source_dest_check: Some(true),
        interfaces: vec![NetworkInterface {
            id: own("eni").into(),
            attachment: Some(own("eni-attach")),
            attached_at: None,
            device_index: 0,
            groups: vec![format!("sg-{}", tags[0].1).into(), own("sg").into()],
            addresses: vec![address.to_owned()],
            address_associations: vec![own("eipassoc")],
            source_dest_check: Some(true),
            delete_on_termination: Some(true),
        }],
        volumes: vec![Volume {
            id: own("vol").into(),
            device: "/dev/xvda".to_owned(),
            root: true,
            attached_at: Some(time("2026-01-04T00:00:00Z")),
            delete_on_termination: Some(true),
            size_gib: None,
            volume_type: None,
            encrypted: None,
        }],
        tags: tags.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        operator: None,
        asg: (tags[0].1 == "web").then(|| AsgMembership {
            group: "web".to_owned(),
            lifecycle_state: None,
            health: None,
            min_size: None,
            desired: None,
            max_size: None,
            in_service: None,
        }),
        targets: Vec::new(),
        node: Observed::Unknown,
        inventory: BTreeMap::new(),
    }
}

fn fleet() -> LinkMap {
    let instances = [
        instance(A, 'a', "10.20.0.5", [("app", "web"), ("env", "prod")]),
        instance(B, 'b', "10.20.0.6", [("app", "web"), ("env", "test")]),
        instance(C, 'c', "10.20.0.7", [("app", "db"), ("env", "prod")]),
    ];
    LinkMap::build(&instances, &[])
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/trail").join(name)
}

fn collect(name: &str) -> Collected {
    let mut batch = Batch::new(ClassifyContext::default());
    read_path(&fixture(name), &mut |entry| match entry {
        Entry::Record { raw, origin } => batch.add(raw, origin),
        Entry::Problem(problem) => batch.set_aside(problem),
    });
    batch.finish(&mut fleet())
}

/// `eventID code severity [instances] {unresolved} display`, instances by their letter.
fn line(event: &ChangeEvent) -> String {
    let short: Vec<&str> = event
        .instances
        .iter()
        .map(|id| match id.as_str() {
            A => "A",
            B => "B",
            C => "C",
            other => other,
        })
        .collect();
    let failed = if event.outcome == CallOutcome::Succeeded { "" } else { " FAILED" };
    format!(
        "{} {} {} [{}] {{{}}} {}{failed}",
        event.id,
        event.code,
        event.severity,
        short.join(" "),
        event.unresolved.join(" "),
        event.actor.display
    )
}

/// Compares a fixture with the table beside it, `<name>.expected`.
fn check(name: &str) -> Collected {
    let collected = collect(&format!("{name}.json"));
    let got: Vec<String> = collected.events.iter().map(line).collect();
    let expected = std::fs::read_to_string(fixture(&format!("{name}.expected"))).unwrap_or_default();
    let expected: Vec<&str> = expected.lines().collect();
    assert!(got == expected, "{name} is now\n{}", got.join("\n"));
    assert!(collected.set_aside.is_empty(), "{:?}", collected.set_aside);
    collected
}

fn event<'c>(collected: &'c Collected, id: &str) -> &'c ChangeEvent {
    collected.events.iter().find(|event| event.id.as_str() == id).unwrap_or_else(|| panic!("{id} is missing"))
}

#[test]
fn flat_ec2_records() {
    let collected = check("ec2-flat");
    assert_eq!(collected.ignored[&IgnoredReason::NoInstance], 1, "tags of a snapshot concern no instance");
    let groups = event(&collected, "ModifyInstanceAttribute-3");
    assert_eq!(groups.summary, "replaced the security groups with sg-0d1, sg-0d2");
    let attach = event(&collected, "AttachVolume-13");
    assert_eq!(attach.actor.calling_instance, Some("i-0f99999999999999f".into()), "the caller is no target");
    let open = event(&collected, "AuthorizeSecurityGroupIngress-24");
    assert_eq!(open.summary, "opened tcp port 3389 from 0.0.0.0/0 in sg-0a1");
    let reboot = event(&collected, "RebootInstances-12");
    assert_eq!((reboot.actor.mfa, reboot.actor.invoked_by.as_deref()), (Some(true), None));
}

#[test]
fn wrapped_ec2_records() {
    let collected = check("ec2-wrapped");
    assert_eq!(collected.ignored[&IgnoredReason::NotAModification], 1, "a flow log that could not be deleted");
    let profile = event(&collected, "AssociateIamInstanceProfile-29");
    assert_eq!(profile.summary, "attached the instance profile admin");
    let root = event(&collected, "CreateReplaceRootVolumeTask-34");
    assert_eq!(root.execution.as_deref(), Some("replacevol-0123"));
}

#[test]
fn systems_manager_records() {
    let collected = check("ssm");
    assert_eq!(collected.inventory.len(), 1, "a report sent by another instance is no report, but a change");
    assert_eq!(collected.inventory[0].types[0].content_hash.as_deref(), Some("qqqqwwwweeeerrrrttttyy=="));
    let session = event(&collected, "StartSession-44");
    assert_eq!(session.execution.as_deref(), Some("hanna-0abc0abc"));
    assert_eq!(session.directness, Directness::Enabling);
    let patch = event(&collected, "SendCommand-52");
    assert_eq!(patch.severity, Severity::High);
    for (reason, count) in [(IgnoredReason::AgentChatter, 1), (IgnoredReason::NotAModification, 1)] {
        assert_eq!(collected.ignored[&reason], count, "{reason}");
    }
}

#[test]
fn records_of_other_services() {
    let collected = check("services");
    for (reason, count) in [
        (IgnoredReason::OtherService, 1),
        (IgnoredReason::ReadOnly, 1),
        (IgnoredReason::DryRun, 1),
        (IgnoredReason::Failed, 1),
        (IgnoredReason::Termination, 1),
        (IgnoredReason::Launch, 2),
        (IgnoredReason::LaunchNoise, 1),
        (IgnoredReason::NotAModification, 2),
    ] {
        assert_eq!(collected.ignored.get(&reason), Some(&count), "{reason}");
    }
}

#[test]
fn lookup_dumps_are_unwrapped() {
    let collected = check("lookup-dump");
    assert_eq!(collected.read, 1);
}

#[test]
fn broken_records_are_named_and_cost_only_themselves() {
    let collected = collect("broken.ndjson");
    let instances: Vec<&str> = collected.events.iter().map(|event| event.instances[0].as_str()).collect();
    assert_eq!(instances, [A, B]);
    let problems: Vec<&str> = collected.set_aside.iter().map(|aside| aside.problem.as_str()).collect();
    assert_eq!(
        problems,
        [
            "a string holds a line break or control character",
            "eventID is missing",
            "eventTime `yesterday` is not a time",
            "not a JSON object"
        ]
    );
    assert!(collected.set_aside.iter().all(|aside| aside.origin.contains("broken.ndjson: record ")));
}

#[test]
fn every_event_is_counted_once_even_when_it_is_delivered_twice() {
    let mut batch = Batch::new(ClassifyContext::default());
    for _ in 0..2 {
        read_path(&fixture("lookup-dump.json"), &mut |entry| {
            if let Entry::Record { raw, origin } = entry {
                batch.add(raw, origin);
            }
        });
    }
    let collected = batch.finish(&mut fleet());
    assert_eq!((collected.events.len(), collected.ignored[&IgnoredReason::Duplicate]), (1, 1));
}

#[test]
fn ingest_sums_up_a_folder() {
    let mut events = Vec::new();
    let paths = [fixture("")];
    let links = LinkMap::default();
    let request = IngestRequest {
        paths: &paths,
        links: &links,
        threads: 2,
        learn_all: true,
        form: Form::STATE,
        progress: &|_| {},
    };
    let summary = ingest(request, &mut |text| {
        events.push(serde_json::from_slice::<ChangeEvent>(text)?);
        Ok(())
    })
    .unwrap();
    assert_eq!(summary.files, 6);
    assert_eq!(summary.events_kept, events.len() as u64);
    assert!(events.is_sorted_by_key(|event| event.time), "oldest first");
    assert_eq!(summary.set_aside_total, 4);
    let ignored: u64 = summary.ignored.values().sum();
    assert_eq!(summary.ignored.get(&IgnoredReason::Inventory), Some(&1));
    assert_eq!(summary.events_read, summary.events_kept + ignored + 2, "every record is accounted for");
}

#[test]
fn remembered_links_explain_parts_that_are_gone() {
    let instances = [instance(A, 'a', "10.20.0.5", [("app", "web"), ("env", "prod")])];
    let remembered = LinkMap::build(&instances, &[]).links(time("2026-03-02T08:00:00Z"));
    assert!(remembered.iter().any(|link| link.key == "eni-attach-0a1=eni-0a1" && link.instance.as_str() == A));
    assert!(!remembered.iter().any(|link| link.key.starts_with("sg-")), "what it shares is one link");
    assert!(remembered.iter().any(|link| link.key == "held:asg:web\nprofile:web\nsg-0a1\nsg-web"));
    let later = LinkMap::build(&[], &remembered);
    let raw = r#"{"eventID":"d","eventTime":"2026-03-02T09:00:00Z","eventSource":"ec2.amazonaws.com","eventName":"DetachNetworkInterface",
        "awsRegion":"eu-west-1","recipientAccountId":"444455556666","requestParameters":{"attachmentId":"eni-attach-0a1"}}"#;
    let Classified::Change(change) = classify(raw, "test", &ClassifyContext::default()) else { panic!() };
    let event = resolve((*change).clone(), &later).unwrap();
    assert_eq!(event.instances, [A.into()]);
    assert_eq!(resolve(*change, &LinkMap::default()).unwrap().unresolved, ["eni-attach-0a1"]);
}

#[test]
fn executions_are_remembered_for_the_events_that_name_only_them() {
    let mut links = fleet();
    let keys = ["0e0e0e0e-1111".to_owned()];
    let place = crate::types::Place::new("444455556666", "eu-west-1");
    links.learn(&place, &keys, &[A.into(), B.into()], time("2026-03-02T09:00:00Z"));
    let remembered = links.links(time("2026-03-02T10:00:00Z"));
    let again = LinkMap::build(&[], &remembered);
    let raw = r#"{"eventID":"u","eventTime":"2026-03-09T09:00:00Z","eventSource":"ssm.amazonaws.com","eventName":"UpdateAssociation",
        "awsRegion":"eu-west-1","recipientAccountId":"444455556666","requestParameters":{"associationId":"0e0e0e0e-1111"}}"#;
    let Classified::Change(change) = classify(raw, "test", &ClassifyContext::default()) else { panic!() };
    assert_eq!(resolve(*change, &again).unwrap().instances, [A.into(), B.into()]);
    assert!(again.links(time("2026-03-10T00:00:00Z")).is_empty(), "what is remembered is not written again");
}

#[test]
fn a_service_is_excused_only_while_the_instance_is_launching() {
    let raw = |time: &str, who: &str| {
        format!(
            r#"{{"eventID":"t","eventTime":"{time}","eventSource":"ec2.amazonaws.com","eventName":"MonitorInstances","awsRegion":"eu-west-1",
            "recipientAccountId":"444455556666","userIdentity":{who},"requestParameters":{{"instancesSet":{{"items":[{{"instanceId":"{A}"}}]}}}}}}"#
        )
    };
    let kept = |time: &str, who: &str| match classify(&raw(time, who), "test", &ClassifyContext::default()) {
        Classified::Change(change) => resolve(*change, &fleet()).is_some(),
        other => panic!("{other:?}"),
    };
    let service = r#"{"type":"AWSService","invokedBy":"autoscaling.amazonaws.com"}"#;
    let person = r#"{"type":"IAMUser","userName":"pavel"}"#;
    // Its root volume was attached at 2026-01-04T00:00:00Z; the launch time is of a later start.
    assert!(!kept("2026-01-04T00:09:00Z", service));
    assert!(kept("2026-01-04T00:09:00Z", person));
    assert!(kept("2026-01-04T00:11:00Z", service));
    assert!(kept("2026-01-05T00:05:00Z", service), "a restart is no launch");
}

/// A record in which only the time is odd.
fn record_at(when: &str) -> String {
    serde_json::json!({
        "eventID": "0000-odd", "eventTime": when, "eventSource": "ssm.amazonaws.com", "eventName": "SendCommand",
        "awsRegion": "eu-west-1", "recipientAccountId": "444455556666", "readOnly": false,
        "userIdentity": {"type": "AWSService", "invokedBy": "events.amazonaws.com"},
        "requestParameters": {"documentName": "AWS-RunShellScript", "instanceIds": [A],
            "targets": [{"key": "tag:app", "values": ["web"]}]},
    })
    .to_string()
}

#[test]
fn times_at_the_ends_of_the_calendar_are_read_like_any_other() {
    for when in ["9999-12-30T22:00:00Z", "-009999-01-02T01:59:59Z"] {
        let mut batch = Batch::new(ClassifyContext::default());
        batch.add(&record_at(when), "test");
        let known = instance(A, 'a', "10.0.0.1", [("app", "web"), ("env", "prod")]);
        let collected = batch.finish(&mut LinkMap::build(&[known], &[]));
        assert_eq!(collected.events.len() + collected.set_aside.len(), 1, "{when}: {collected:?}");
    }
}

#[test]
fn a_group_that_a_large_fleet_shares_costs_no_more_for_each_server() {
    let web = |number: u32| {
        let mut one = instance(A, 'a', "10.0.0.1", [("app", "web"), ("env", "prod")]);
        one.id = format!("i-{number:017x}").into();
        one.volumes.clear();
        one.profile_association = None;
        for interface in &mut one.interfaces {
            interface.id = format!("eni-{number:017x}").into();
            (interface.attachment, interface.addresses) = (None, Vec::new());
            interface.address_associations.clear();
        }
        one
    };
    let fleet: Vec<_> = (0..3_000).map(web).collect();
    let links = LinkMap::build(&fleet, &[]);
    let owners = links.owners_of(&fleet[0].place(), "sg-web", time("2026-02-01T00:00:00Z"));
    assert_eq!(owners.len(), 3_000);
}
