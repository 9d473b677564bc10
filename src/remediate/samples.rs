//! Values for the stage's own tests.

use std::collections::{BTreeMap, BTreeSet};

use super::{BeforeImage, InstanceDetail, InterfaceDetail, PlacementDetail, Tracking};
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
        id: id.into(),
        account: "000000000000".into(),
        region: "eu-west-1".into(),
        zone: "eu-west-1a".to_owned(),
        image: "ami-1".into(),
        instance_type: "m7g.large".to_owned(),
        state: "running".to_owned(),
        launched_at: "2026-11-01T00:00:00Z".parse().unwrap(),
        lifecycle: None,
        platform: None,
        key_name: Some("ops".to_owned()),
        subnet: Some("subnet-1".to_owned()),
        instance_profile: Some("arn:aws:iam::000000000000:instance-profile/web".to_owned()),
        profile_association: None,
        metadata_options: MetadataOptions {
            http_tokens: Some("required".to_owned()),
            http_endpoint: Some("enabled".to_owned()),
            http_put_response_hop_limit: Some(1),
            instance_metadata_tags: Some("disabled".to_owned()),
        },
        user_data: Observed::Unknown,
        source_dest_check: Some(true),
        interfaces: Vec::new(),
        volumes: vec![volume("vol-root", "/dev/xvda", true)],
        tags: BTreeMap::from([("app".to_owned(), "web".to_owned())]),
        operator: None,
        asg: None,
        targets: Vec::new(),
        node: Observed::Unknown,
        inventory: BTreeMap::new(),
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
        acls: BTreeMap::new(),
        user_data: Some(Digest::new("sha256:aa")),
    }
}
