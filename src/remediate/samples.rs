//! Values for the stage's own tests.

mod probe;

pub(super) use probe::StubProbe;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    BeforeImage, Facts, InstanceDetail, InterfaceDetail, OperationRecord, OperationStatus, PlacementDetail, Requested,
    Settings, Tracking,
};
use crate::types::*;

/// A running on-demand server with one interface, one root volume and a profile.
pub(super) fn detail(id: &str) -> InstanceDetail {
    InstanceDetail {
        instance: instance(id),
        vpc: Some("vpc-1".to_owned()),
        termination_protected: false,
        stop_protected: false,
        shutdown_behavior: "stop".to_owned(),
        addresses: Vec::new(),
        auto_public_ip: None,
        interfaces: vec![interface("eni-1", 0)],
        placement: PlacementDetail { tenancy: Some("default".to_owned()), ..PlacementDetail::default() },
        ebs_root: true,
        instance_store: false,
        profile: Some(("iip-assoc-1".to_owned(), "arn:aws:iam::000000000000:instance-profile/web".to_owned())),
    }
}

pub(super) fn interface(id: &str, device_index: i32) -> InterfaceDetail {
    InterfaceDetail {
        id: EniId::new(id),
        attachment: format!("eni-attach-{id}"),
        device_index,
        groups: BTreeSet::from([SecurityGroupId::new("sg-web")]),
        private_ips: vec![format!("10.0.0.{}", device_index + 1)],
        ipv6: Vec::new(),
        subnet: "subnet-1".to_owned(),
        delete_on_termination: device_index == 0,
        tracking: Tracking::default(),
    }
}

pub(super) fn volume(id: &str, device: &str, root: bool) -> Volume {
    Volume {
        id: VolumeId::new(id),
        device: device.to_owned(),
        root,
        attached_at: None,
        delete_on_termination: Some(root),
        size_gib: Some(20),
        volume_type: Some("gp3".to_owned()),
        encrypted: Some(true),
    }
}

fn instance(id: &str) -> Instance {
    Instance {
        key_name: Some("ops".to_owned()),
        instance_profile: Some("arn:aws:iam::000000000000:instance-profile/web".to_owned()),
        metadata_options: MetadataOptions {
            http_tokens: Some("required".to_owned()),
            http_endpoint: Some("enabled".to_owned()),
            http_put_response_hop_limit: Some(1),
            instance_metadata_tags: Some("disabled".to_owned()),
        },
        user_data: Observed::Unknown,
        volumes: vec![volume("vol-root", "/dev/xvda", true)],
        tags: BTreeMap::from([("app".to_owned(), "web".to_owned())]),
        ..crate::types::sample::instance(id)
    }
}

pub(super) fn before() -> BeforeImage {
    BeforeImage {
        detail: detail("i-1"),
        targets: Vec::new(),
        group: None,
        role: None,
        isolation_group: SecurityGroupId::new("sg-isolate"),
        open_group: None,
        quarantine_profile: Some("arn:aws:iam::000000000000:instance-profile/cattleguard-quarantine".to_owned()),
        no_substitute: false,
        acls: BTreeMap::new(),
        user_data: Some(Digest::new("sha256:aa")),
    }
}

/// That hour of a day.
pub(super) fn time(hour: u8) -> Timestamp {
    format!("2026-11-02T{hour:02}:00:00Z").parse().unwrap()
}

/// A quarantine of `i-1` without steps.
pub(super) fn record(id: &str) -> OperationRecord {
    OperationRecord {
        id: id.into(),
        kind: OperationKind::Quarantine,
        place: Place::new("000000000000", "eu-west-1"),
        instance: "i-1".into(),
        fleet: "web".into(),
        golden: None,
        track: Track::Hygiene,
        severity: Severity::High,
        requested: Requested {
            by: "cattleguard".to_owned(),
            reasons: Vec::new(),
            plan: None,
            operation: None,
            findings: Vec::new(),
            fingerprints: Vec::new(),
            overridden: None,
        },
        undoes: None,
        settings: Settings::default(),
        before: before(),
        generation: 0,
        created_at: time(8),
        deadline: time(14),
        status: OperationStatus::Running,
        note: None,
        steps: Vec::new(),
        facts: Facts::default(),
        ended_at: None,
    }
}
