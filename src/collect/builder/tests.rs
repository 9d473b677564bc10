use std::sync::Arc;

use super::*;
use crate::collect::ReadFailure;

use crate::types::{InventoryEntry, MetadataOptions, NetworkInterface};

fn place() -> Place {
    Place::new("000000000000", "eu-west-1")
}

pub(in crate::collect) fn instance(id: &str, zone: &str, address: &str) -> Instance {
    Instance {
        id: id.into(),
        account: "000000000000".into(),
        region: "eu-west-1".into(),
        zone: zone.to_owned(),
        image: "ami-1".into(),
        instance_type: "t4g.small".to_owned(),
        architecture: None,
        state: "running".to_owned(),
        launched_at: Timestamp::UNIX_EPOCH,
        lifecycle: None,
        platform: None,
        key_name: None,
        subnet: None,
        instance_profile: None,
        profile_association: None,
        metadata_options: MetadataOptions::default(),
        user_data: Observed::Unknown,
        source_dest_check: None,
        interfaces: vec![NetworkInterface {
            id: format!("eni-{id}").into(),
            attachment: None,
            attached_at: None,
            device_index: 0,
            groups: Vec::new(),
            addresses: vec![address.to_owned()],
            address_associations: Vec::new(),
            source_dest_check: None,
            delete_on_termination: None,
        }],
        volumes: Vec::new(),
        tags: BTreeMap::new(),
        operator: None,
        asg: None,
        targets: Vec::new(),
        node: Observed::Unknown,
        inventory: BTreeMap::new(),
    }
}

fn built(builder: Builder) -> Snapshot {
    builder.build("s".into(), Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH, BTreeMap::new())
}

fn rows(names: &[&str]) -> Vec<InventoryEntry> {
    names.iter().map(|name| BTreeMap::from([(Arc::from("Name"), Arc::from(*name))])).collect()
}

fn record(id: &str, names: &[&str]) -> InventoryRecord {
    InventoryRecord {
        instance: id.into(),
        inventory_type: "AWS:Application".into(),
        schema_version: "1.1".to_owned(),
        captured_at: None,
        entries: rows(names),
    }
}

#[test]
fn equal_inventories_share_one_allocation_whatever_their_order_and_paging() {
    let mut builder = Builder::default();
    builder.found_instances(&place(), vec![instance("i-1", "a", "10.0.0.1"), instance("i-2", "a", "10.0.0.2")]);
    builder.found_inventory(vec![record("i-1", &["a", "b", "c"])]);
    builder.found_inventory(vec![record("i-2", &["c"])]);
    builder.found_inventory(vec![record("i-2", &["b", "a"])]);
    let snapshot = built(builder);
    let contents: Vec<_> =
        snapshot.instances.iter().flat_map(|instance| instance.inventory.values().map(|item| &item.content)).collect();
    assert!(Arc::ptr_eq(contents[0], contents[1]));
}

#[test]
fn not_managed_is_said_only_of_instances_that_ssm_was_asked_about() {
    let mut builder = Builder::default();
    builder.found_instances(&place(), vec![instance("i-1", "a", "10.0.0.1"), instance("i-2", "a", "10.0.0.2")]);
    builder.found_nodes(&["i-2".into()], vec![]);
    let snapshot = built(builder);
    assert_eq!(snapshot.instances[0].node, Observed::Unknown);
    assert_eq!(snapshot.instances[1].node, Observed::Seen(None));
}

#[test]
fn ip_targets_are_found_by_address_and_health_is_counted_by_zone() {
    let mut builder = Builder::default();
    builder.found_instances(&place(), vec![instance("i-1", "a", "10.0.0.1"), instance("i-2", "b", "10.0.0.2")]);
    let target = |target: &str, state: &str| TargetHealth {
        target: target.to_owned(),
        port: Some(80),
        zone: None,
        state: state.to_owned(),
    };
    builder.found_targets(&place(), "tg".to_owned(), vec![target("10.0.0.1", "healthy"), target("i-2", "healthy")]);
    let snapshot = built(builder);
    let membership = &snapshot.instances[0].targets[0];
    assert_eq!((membership.healthy_in_group, membership.healthy_in_zone), (2, 1));
}

#[test]
fn a_server_on_two_ports_of_a_target_group_is_one_healthy_server() {
    let mut builder = Builder::default();
    builder.found_instances(&place(), vec![instance("i-1", "a", "10.0.0.1"), instance("i-2", "a", "10.0.0.2")]);
    let target = |target: &str, port: i32| TargetHealth {
        target: target.to_owned(),
        port: Some(port),
        zone: None,
        state: "healthy".to_owned(),
    };
    let both = vec![target("i-1", 80), target("i-1", 81), target("10.0.0.1", 82), target("10.9.9.9", 80)];
    builder.found_targets(&place(), "tg".to_owned(), both);
    let membership = &built(builder).instances[0].targets[0];
    assert_eq!((membership.healthy_in_group, membership.healthy_in_zone), (2, 1), "it, and one of somebody else's");
}

#[test]
fn the_worst_report_of_a_source_stays_and_the_earliest_end_counts() {
    let mut builder = Builder::default();
    let error = ReadError {
        api: "ec2:DescribeVolumes",
        place: place(),
        failure: ReadFailure::Denied,
        detail: "UnauthorizedOperation".to_owned(),
    };
    builder.covered(&place(), Source::Ec2, CoverageStatus::Complete, None);
    builder.failed(Source::Ec2, &error, true);
    builder.covered(&place(), Source::Ec2, CoverageStatus::Complete, None);
    let entry = built(builder).coverage.remove(0);
    assert_eq!((entry.status, entry.denied), (CoverageStatus::Partial, true));
    assert_eq!(entry.reason.as_deref(), Some("ec2:DescribeVolumes access denied: UnauthorizedOperation"));
}
