//! The demo's story leaves the traces it promises.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use crate::collect::CloudRead;
use crate::testing::scenario::{command_everywhere, demo_scenario, mischief, scatter};
use crate::testing::{FakeCloud, FleetBuilder};
use crate::types::{Instance, InstanceId, InventoryType};

async fn instances(cloud: &FakeCloud) -> BTreeMap<InstanceId, Instance> {
    let mut all = BTreeMap::new();
    for place in cloud.places() {
        let page = cloud.instances(&place, None).await.unwrap();
        all.extend(page.items.into_iter().map(|one| (one.id.clone(), one)));
    }
    all
}

async fn delivered(cloud: &FakeCloud) -> Vec<Value> {
    let mut all = Vec::new();
    for place in cloud.places() {
        let mut next = None;
        loop {
            let page = cloud.lookup_events(&place, Timestamp::UNIX_EPOCH, cloud.clock().now(), next).await.unwrap();
            all.extend(page.items.iter().map(|text| serde_json::from_str::<Value>(text).unwrap()));
            next = page.next;
            if next.is_none() {
                break;
            }
        }
    }
    all
}

#[tokio::test]
async fn the_fleet_is_big_and_clean_and_each_part_is_played_by_another_server() {
    let (cloud, _, facts) = demo_scenario().unwrap();
    assert_eq!((facts.members.len(), facts.places.len()), (44, 4));
    let parts = [
        &facts.upgraded,
        &facts.ssh_key,
        &facts.regrouped,
        &facts.edited,
        &facts.unmanaged,
        &facts.attempted,
        &facts.reference,
    ];
    assert_eq!(parts.iter().collect::<BTreeSet<_>>().len(), parts.len());
    let seen = instances(&cloud).await;
    let members = seen.values().filter(|one| one.tags.get("app").map(String::as_str) == Some("web"));
    assert_eq!(members.map(|one| one.id.clone()).collect::<BTreeSet<_>>(), facts.members.iter().cloned().collect());
    let west = &seen[&facts.regrouped];
    assert_eq!(west.place(), seen[&facts.reference].place(), "the golden knows the groups of this region");
    assert_eq!(west.security_groups(), seen[&facts.reference].security_groups());
    assert!(delivered(&cloud).await.is_empty());
}

#[tokio::test]
async fn the_bad_morning_changes_what_the_facts_say_and_nothing_else() {
    let (cloud, _, facts) = demo_scenario().unwrap();
    let before = instances(&cloud).await;
    let done = mischief(&cloud, &facts).unwrap();
    let after = instances(&cloud).await;
    let changed: BTreeSet<_> =
        after.iter().filter(|(id, one)| before.get(*id) != Some(*one)).map(|(id, _)| id).collect();
    assert_eq!(changed, BTreeSet::from([&facts.regrouped, &facts.edited, &done.launched]));
    assert_eq!(after[&facts.regrouped].interfaces[0].groups, std::slice::from_ref(&facts.debug_group));
    let place = after[&facts.edited].place();
    let data = cloud.user_data(&place, &facts.edited).await.unwrap().unwrap();
    assert!(data.ends_with(b"fix.sh]\n"));
    let kind = InventoryType::new("AWS:Application");
    let mut versions = BTreeMap::new();
    for place in cloud.places() {
        for record in cloud.inventory(&place, &kind, &[], None).await.unwrap().items {
            let row = record.entries.iter().find(|row| &*row["Name"] == facts.package.0).unwrap();
            versions.insert(record.instance, row["Version"].to_string());
        }
    }
    assert!(!versions.contains_key(&facts.unmanaged));
    assert!(versions.contains_key(&done.launched));
    let drifted: Vec<_> = versions.iter().filter(|(_, version)| *version != facts.package.1).collect();
    assert_eq!(drifted, [(&facts.upgraded, &facts.package.2.to_owned())]);
}

#[tokio::test]
async fn the_trail_holds_the_story_and_a_second_telling_is_the_same() {
    let (cloud, _, facts) = demo_scenario().unwrap();
    let done = mischief(&cloud, &facts).unwrap();
    let events = delivered(&cloud).await;
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    for event in &events {
        *names.entry(event["eventName"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    let reports = names.remove("PutInventory").unwrap();
    assert!(reports > 44, "chatter and the run at the end: {reports}");
    let expected = [
        ("ModifyInstanceAttribute", 2),
        ("ModifyNetworkInterfaceAttribute", 1),
        ("RegisterTargets", 1),
        ("RunInstances", 1),
        ("SendSSHPublicKey", 1),
        ("StartInstances", 1),
        ("StartSession", 1),
        ("StopInstances", 1),
        ("TerminateInstances", 1),
        ("TerminateSession", 1),
    ];
    assert_eq!(names, expected.map(|(name, count)| (name.to_owned(), count)).into());
    let session = events.iter().find(|event| event["eventName"] == "StartSession").unwrap();
    assert!(session["userIdentity"]["arn"].as_str().unwrap().ends_with("/alice@example.com"));
    assert_eq!(session["requestParameters"]["target"], facts.upgraded.as_str());
    let (again, _, same) = demo_scenario().unwrap();
    assert_eq!(mischief(&again, &same).unwrap().session, done.session);
    assert_eq!(delivered(&again).await, events);
    command_everywhere(&again, &same).unwrap();
    assert_eq!(delivered(&again).await.len(), events.len() + 4);
}

#[tokio::test]
async fn scattered_changes_hit_different_servers() {
    let fleet = FleetBuilder::new("web").standalone(40).group(10).packages(30).build().unwrap();
    let before = instances(&fleet.cloud).await;
    let chosen = scatter(&fleet, 10).unwrap();
    assert_eq!(chosen.iter().collect::<BTreeSet<_>>().len(), 10);
    let after = instances(&fleet.cloud).await;
    let changed = after.iter().filter(|(id, one)| before[*id] != **one).count();
    assert_eq!(changed, 6, "groups, user data and volumes show in DescribeInstances, twice each");
    let records = [("StartSession", 2), ("SendSSHPublicKey", 2), ("PutInventory", 2), ("AttachVolume", 2)];
    for (name, count) in records {
        let found = delivered(&fleet.cloud).await.iter().filter(|event| event["eventName"] == name).count();
        assert_eq!(found, count, "{name}");
    }
}
