//! Values for the stage's own tests.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::types::*;

pub(super) fn time(clock: &str) -> Timestamp {
    format!("2026-11-02T{clock}:00Z").parse().unwrap()
}

pub(super) fn actor() -> Actor {
    Actor {
        principal: "arn:aws:sts::000000000000:assumed-role/Admin/alice".to_owned(),
        display: "alice".to_owned(),
        kind: ActorKind::AssumedRole,
        issuer: None,
        session_name: Some("alice".to_owned()),
        source_identity: None,
        source_ip: Some("192.0.2.7".to_owned()),
        user_agent: None,
        mfa: Some(true),
        invoked_by: None,
        vpc_endpoint: None,
        calling_instance: None,
    }
}

pub(super) fn event(id: &str, clock: &str, directness: Directness, explains: &[Aspect]) -> ChangeEvent {
    ChangeEvent {
        id: EventId::new(id),
        time: time(clock),
        event_source: "ssm.amazonaws.com".to_owned(),
        event_name: "StartSession".to_owned(),
        account: "000000000000".into(),
        region: "eu-west-1".into(),
        category: Category::InteractiveSession,
        code: Code::known("event-interactive-session"),
        severity: Severity::High,
        instances: vec!["i-1".into()],
        unresolved: Vec::new(),
        actor: actor(),
        explains: explains.iter().copied().collect(),
        directness,
        outcome: CallOutcome::Succeeded,
        execution: None,
        reason: None,
        summary: "opened an SSM session".to_owned(),
    }
}

pub(super) fn packages(list: &[(&str, &str)]) -> Vec<InventoryEntry> {
    list.iter()
        .map(|(name, version)| {
            [("Name", *name), ("Version", *version)]
                .into_iter()
                .map(|(key, value)| (Arc::from(key), Arc::from(value)))
                .collect()
        })
        .collect()
}

pub(super) fn item(list: &[(&str, &str)], captured: &str) -> InventoryItem {
    InventoryItem {
        captured_at: Some(time(captured)),
        schema_version: "1.1".to_owned(),
        content: Arc::new(InventoryContent { entries: packages(list), digest: format!("{list:?}") }),
    }
}

pub(super) fn instance(id: &str) -> Instance {
    Instance {
        subnet: None,
        instance_profile: Some("arn:aws:iam::000000000000:instance-profile/web".to_owned()),
        metadata_options: MetadataOptions { http_tokens: Some("required".to_owned()), ..MetadataOptions::default() },
        user_data: Observed::Seen(Some(Digest::new("sha256:aa"))),
        interfaces: vec![NetworkInterface {
            id: EniId::new(format!("eni-{id}")),
            attachment: None,
            attached_at: None,
            device_index: 0,
            groups: vec!["sg-web".into()],
            addresses: vec!["10.0.0.1".to_owned()],
            address_associations: Vec::new(),
            source_dest_check: Some(true),
            delete_on_termination: Some(true),
        }],
        volumes: vec![Volume {
            id: VolumeId::new(format!("vol-{id}")),
            device: "/dev/xvda".to_owned(),
            root: true,
            attached_at: None,
            delete_on_termination: Some(true),
            size_gib: Some(8),
            volume_type: Some("gp3".to_owned()),
            encrypted: Some(true),
        }],
        tags: BTreeMap::from([("app".to_owned(), "web".to_owned())]),
        node: Observed::Seen(Some(ManagedNode {
            ping_status: "Online".to_owned(),
            last_ping: None,
            agent_version: None,
            platform_name: None,
            platform_version: None,
            association_status: None,
        })),
        inventory: BTreeMap::from([(
            InventoryType::new("AWS:Application"),
            item(&[("bash", "5.1"), ("openssl", "3.0.1")], "11:50"),
        )]),
        ..crate::types::sample::instance(id)
    }
}

pub(super) fn golden() -> Golden {
    let mut contract = LaunchContract {
        instance_profile: Some(Some("web".to_owned())),
        instance_types: Some(BTreeSet::from(["m7g.large".to_owned()])),
        metadata_options: Some(MetadataOptions {
            http_tokens: Some("required".to_owned()),
            ..MetadataOptions::default()
        }),
        user_data: Some(Some(Digest::new("sha256:aa"))),
        volumes: Some(vec![VolumeContract {
            device: "/dev/xvda".to_owned(),
            size_gib: Some(8),
            volume_type: Some("gp3".to_owned()),
            encrypted: Some(true),
        }]),
        source_dest_check: Some(true),
        interfaces: Some(1),
        ..LaunchContract::default()
    };
    contract.security_groups.insert("000000000000/eu-west-1".to_owned(), BTreeSet::from(["sg-web".to_owned()]));
    Golden {
        line: "web".into(),
        version: "1".into(),
        status: GoldenStatus::Promoted,
        images: vec![GoldenImage { account: None, region: "eu-west-1".into(), image: "ami-1".into() }],
        contract,
        baseline: Baseline {
            inventory: BTreeMap::from([(
                InventoryType::new("AWS:Application"),
                BaselineItem { entries: packages(&[("bash", "5.1"), ("openssl", "3.0.1")]), captured_at: None },
            )]),
            manifest_root: None,
        },
        reference_instance: None,
        recorded_by: "test".to_owned(),
        recorded_at: time("00:00"),
        promoted_at: Some(time("00:00")),
        note: None,
    }
}

pub(super) fn fleet() -> Fleet {
    crate::types::sample::fleet()
}

pub(super) fn coverage(source: Source, status: CoverageStatus) -> Coverage {
    Coverage {
        account: "000000000000".into(),
        region: "eu-west-1".into(),
        source,
        status,
        through: None,
        reason: (status != CoverageStatus::Complete).then(|| "access denied".to_owned()),
        api: None,
        denied: status != CoverageStatus::Complete,
    }
}

pub(super) fn snapshot(instances: Vec<Instance>, events: Vec<ChangeEvent>) -> Snapshot {
    Snapshot {
        scan_id: "scan".into(),
        started_at: time("12:00"),
        finished_at: time("12:01"),
        instances,
        images: BTreeMap::new(),
        events,
        coverage: [Source::Ec2, Source::Autoscaling, Source::Elb, Source::Ssm, Source::Cloudtrail]
            .map(|source| coverage(source, CoverageStatus::Complete))
            .to_vec(),
        trails: Vec::new(),
        untrailed: Vec::new(),
        trail_breaks: Vec::new(),
        set_aside: Vec::new(),
        trail_sources: Vec::new(),
        calls: BTreeMap::new(),
        calls_saved: 0,
    }
}
