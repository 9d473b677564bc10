//! Inventory runs, late events, noise, groups, and failures by rule.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::collect::{CloudRead, ReadFailure};
use crate::testing::{FailRule, FailingCloud, Fault, FleetBuilder, PageSizes, SimActor, SimFleet, When};
use crate::types::{InstanceId, InventoryType, Place};

fn place() -> Place {
    Place::new("000000000000", "eu-west-1")
}

fn fleet() -> (SimFleet, InstanceId) {
    let fleet = FleetBuilder::new("web").standalone(4).group(2).packages(30).build().unwrap();
    let target = fleet.standalone[&place()][0].clone();
    (fleet, target)
}

async fn events(fleet: &SimFleet) -> Vec<Value> {
    let now = fleet.clock.now();
    let page = fleet.cloud.lookup_events(&place(), Timestamp::UNIX_EPOCH, now, None).await.unwrap();
    page.items.iter().map(|text| serde_json::from_str(text).unwrap()).collect()
}

async fn version(fleet: &SimFleet, id: &InstanceId, name: &str) -> Option<String> {
    let kind = InventoryType::new("AWS:Application");
    let page = fleet.cloud.inventory(&place(), &kind, &[], None).await.unwrap();
    let record = page.items.into_iter().find(|record| record.instance == *id)?;
    let row = record.entries.into_iter().find(|row| &*row["Name"] == name)?;
    Some(row["Version"].to_string())
}

#[tokio::test]
async fn a_change_inside_shows_at_the_next_inventory_run_with_another_hash() {
    let (fleet, id) = fleet();
    let cloud = &fleet.cloud;
    cloud.run_inventory(&id).unwrap();
    cloud.upgrade_package(&id, "openssl", "3.2.4").unwrap();
    cloud.install_package(&id, "nmap", "7.95").unwrap();
    cloud.remove_package(&id, "bash").unwrap();
    assert!(cloud.upgrade_package(&id, "no-such-package", "1").is_err());
    assert_eq!(version(&fleet, &id, "openssl").await.as_deref(), Some("3.2.2"), "not reported yet");
    cloud.run_inventory(&id).unwrap();
    assert_eq!(version(&fleet, &id, "openssl").await.as_deref(), Some("3.2.4"));
    assert_eq!(version(&fleet, &id, "nmap").await.as_deref(), Some("7.95"));
    assert_eq!(version(&fleet, &id, "bash").await, None);
    let other = &fleet.standalone[&place()][1];
    assert_eq!(version(&fleet, other, "openssl").await.as_deref(), Some("3.2.2"), "the shared list is untouched");
    cloud.run_inventory(other).unwrap();
    fleet.clock.advance(Duration::from_secs(300));
    let events = events(&fleet).await;
    let hash = |event: &Value| {
        let items = event["requestParameters"]["items"].as_array().unwrap().clone();
        items.into_iter().find(|item| item["typeName"] == "AWS:Application").unwrap()["contentHash"].clone()
    };
    assert_eq!(events.len(), 3);
    assert_eq!(hash(&events[0]), hash(&events[2]), "pristine servers report equal hashes");
    assert_ne!(hash(&events[1]), hash(&events[2]));
    assert!(events[1]["userIdentity"]["arn"].as_str().unwrap().ends_with(id.as_str()));
}

#[tokio::test]
async fn silent_and_unmanaged_servers_report_nothing() {
    let (fleet, id) = fleet();
    let unmanaged = &fleet.standalone[&place()][1];
    fleet.cloud.silence_agent(&id).unwrap();
    fleet.cloud.unmanage(unmanaged).unwrap();
    let silent_since = fleet.clock.now();
    fleet.clock.advance(Duration::from_secs(7200));
    fleet.cloud.run_inventory_all().unwrap();
    assert_eq!(fleet.cloud.trail_records(&place()).len(), 5, "7 servers, 2 of them silent");
    let nodes = fleet.cloud.managed_nodes(&place(), None).await.unwrap().items;
    assert_eq!(nodes.len(), 6);
    let node = &nodes.iter().find(|node| node.instance == id).unwrap().node;
    assert_eq!((node.ping_status.as_str(), node.last_ping), ("ConnectionLost", Some(silent_since)));
    assert_eq!(version(&fleet, unmanaged, "openssl").await, None);
}

#[tokio::test]
async fn events_arrive_late_newest_first_and_without_reads() {
    let (fleet, id) = fleet();
    let cloud = &fleet.cloud;
    cloud.start_session(&SimActor::iam_user("bob"), &id).unwrap();
    fleet.clock.advance(Duration::from_secs(60));
    cloud.read_only_call(&SimActor::iam_user("bob"), &place(), "ec2", "DescribeInstances").unwrap();
    cloud.failed_call(&SimActor::iam_user("bob"), &id, "ec2", "ModifyInstanceMetadataOptions", "AccessDenied").unwrap();
    cloud.dry_run(&SimActor::iam_user("bob"), &id, "TerminateInstances").unwrap();
    assert!(events(&fleet).await.is_empty());
    fleet.clock.advance(Duration::from_secs(240));
    assert_eq!(events(&fleet).await.len(), 1);
    fleet.clock.advance(Duration::from_secs(60));
    let events = events(&fleet).await;
    let summary: Vec<_> =
        events.iter().map(|event| (event["eventName"].as_str().unwrap(), &event["errorCode"])).collect();
    assert_eq!(summary[0], ("TerminateInstances", &Value::from("Client.DryRunOperation")));
    assert_eq!(summary[1], ("ModifyInstanceMetadataOptions", &Value::from("AccessDenied")));
    assert_eq!(summary[2], ("StartSession", &Value::Null));
    assert_eq!(summary.len(), 3);
    assert_eq!(cloud.trail_records(&place()).len(), 4);
    let file: Value = serde_json::from_str(&cloud.trail_log_file(&place())).unwrap();
    assert_eq!(file["Records"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn a_group_launch_joins_its_group_and_target_group_by_the_service() {
    let (fleet, _) = fleet();
    let group = &fleet.groups[&place()][0];
    let new = fleet.cloud.asg_launch(&place(), &group.name).unwrap();
    let state_of = async || {
        let members = fleet.cloud.asg_members(&place(), None).await.unwrap().items;
        let member = members.into_iter().find(|member| member.instance == new).unwrap().membership;
        let groups = fleet.cloud.target_groups(&place(), None).await.unwrap().items;
        let health = fleet.cloud.target_health(&place(), &groups[0]).await.unwrap();
        let target = health.into_iter().find(|target| target.target == new.as_str()).unwrap();
        (member.lifecycle_state.unwrap(), member.in_service.unwrap(), target.state)
    };
    assert_eq!(state_of().await, ("Pending".to_owned(), 2, "initial".to_owned()));
    fleet.clock.advance(Duration::from_secs(60));
    assert_eq!(state_of().await, ("InService".to_owned(), 3, "healthy".to_owned()));
    fleet.cloud.set_target_health(&place(), &group.target_group, &new, false).unwrap();
    assert_eq!(state_of().await.2, "unhealthy");
    fleet.cloud.deregister_target(&SimActor::iam_user("bob"), &new, &group.target_group).unwrap();
    assert_eq!(state_of().await.2, "draining");
    let text = fleet.cloud.trail_log_file(&place());
    let file: Value = serde_json::from_str(&text).unwrap();
    let records = file["Records"].as_array().unwrap();
    assert_eq!(records[0]["userIdentity"]["invokedBy"], "autoscaling.amazonaws.com");
    assert_eq!(records[1]["requestParameters"]["targets"][0]["id"], new.as_str());
    assert_eq!(records.len(), 3);
}

#[tokio::test]
async fn rules_fail_the_calls_they_name_and_no_others() {
    let (fleet, _) = fleet();
    let cloud = FailingCloud::new(fleet.cloud.clone())
        .with(FailRule::fail(ReadFailure::Denied).api("ec2:DescribeVolumes").place(&place()))
        .with(FailRule::fail(ReadFailure::Throttled).api("ec2:DescribeAddresses").when(When::Nth(2)))
        .with(FailRule::fail(ReadFailure::Timeout).api("sts:GetCallerIdentity").when(When::First(1)))
        .with(FailRule::fail(ReadFailure::Unavailable).api("ec2:DescribeImages").when(When::After(1)))
        .with(FailRule::new(Fault::EndAfter(1)).api("ssm:DescribeInstanceInformation"));
    assert_eq!(cloud.volumes(&place(), None).await.unwrap_err().failure, ReadFailure::Denied);
    assert!(cloud.addresses(&place()).await.is_ok());
    assert_eq!(cloud.addresses(&place()).await.unwrap_err().failure, ReadFailure::Throttled);
    assert!(cloud.addresses(&place()).await.is_ok());
    assert_eq!(cloud.caller(&place()).await.unwrap_err().failure, ReadFailure::Timeout);
    assert!(cloud.caller(&place()).await.is_ok());
    let images: Vec<_> = fleet.images.values().cloned().collect();
    assert_eq!(cloud.images(&place(), &images).await.unwrap().len(), 1);
    assert_eq!(cloud.images(&place(), &images).await.unwrap_err().failure, ReadFailure::Unavailable);
    let nodes = cloud.managed_nodes(&place(), None).await.unwrap();
    assert_eq!((nodes.items.len(), nodes.next), (1, None));
    assert!(cloud.instances(&place(), None).await.is_ok());
    assert_eq!(cloud.failures().values().sum::<u64>(), 4);
    assert_eq!(cloud.calls()["ec2:DescribeAddresses"], 3, "failed calls count too");
    assert_eq!(fleet.cloud.calls()["ec2:DescribeAddresses"], 2);
    cloud.heal();
    assert!(cloud.volumes(&place(), None).await.is_ok());
}

#[tokio::test]
async fn a_page_rule_fails_the_same_page_of_every_listing() {
    let (fleet, _) = fleet();
    fleet.cloud.configure(|settings| settings.pages = PageSizes::all(3));
    let rule = FailRule::fail(ReadFailure::Unavailable).api("ec2:DescribeInstances").when(When::Page(2));
    let cloud = FailingCloud::new(fleet.cloud.clone()).with(rule);
    for _ in 0..2 {
        let first = cloud.instances(&place(), None).await.unwrap();
        assert_eq!(first.items.len(), 3);
        assert!(cloud.instances(&place(), first.next).await.is_err());
    }
}
