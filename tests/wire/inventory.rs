//! Managed nodes and what they report.

use std::collections::HashMap;

use aws_sdk_ssm::types::InventoryItem;
use cattleguard::collect::{CloudRead, ReadFailure};
use cattleguard::types::{InstanceId, InventoryType};
use serde_json::json;

use crate::scene::{IRELAND, Person, SHOP, Scene, ireland};

/// The node reports packages captured at a fixed time.
pub(crate) async fn report(person: &Person, id: &str, packages: &[(&str, &str)]) {
    report_at(person, id, packages, "2026-11-02T03:04:05Z".parse().unwrap()).await;
}

/// The node reports packages, as its agent would.
pub(crate) async fn report_at(person: &Person, id: &str, packages: &[(&str, &str)], at: jiff::Timestamp) {
    let rows = packages.iter().map(|(name, version)| {
        HashMap::from([("Name".to_owned(), (*name).to_owned()), ("Version".to_owned(), (*version).to_owned())])
    });
    let item = InventoryItem::builder()
        .type_name("AWS:Application")
        .schema_version("1.1")
        .capture_time(at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        .set_content(Some(rows.collect()))
        .build()
        .unwrap();
    person.ssm.put_inventory().instance_id(id).items(item).send().await.unwrap();
}

#[tokio::test]
async fn nodes_tell_when_they_were_last_heard() {
    let scene = Scene::new().await;
    let mia = scene.person("mia@example.com", SHOP, IRELAND).await;
    let ids = mia.launch("ami-0123456789abcdef0", "web", 3).await;
    report(&mia, &ids[0], &[("openssl", "3.0.7")]).await;
    report(&mia, &ids[1], &[("openssl", "3.0.7")]).await;
    let lost = json!({"account": SHOP, "region": IRELAND, "instance": ids[1], "PingStatus": "ConnectionLost"});
    scene.emulator.steer("_nodes", lost).await;
    let mut nodes = scene.cloud().managed_nodes(&ireland(SHOP), None).await.unwrap().items;
    nodes.sort_by_key(|one| ids.iter().position(|id| id == one.instance.as_str()));
    let status: Vec<_> = nodes.iter().map(|one| (one.instance.as_str(), one.node.ping_status.as_str())).collect();
    assert_eq!(status, [(ids[0].as_str(), "Online"), (ids[1].as_str(), "ConnectionLost")], "the third never reported");
    assert!(nodes[0].node.last_ping.is_some());
    assert_eq!(nodes[0].node.platform_name.as_deref(), Some("Amazon Linux"));
}

#[tokio::test]
async fn one_call_reads_a_type_of_the_whole_place() {
    let scene = Scene::new().await;
    let mia = scene.person("mia@example.com", SHOP, IRELAND).await;
    let ids = mia.launch("ami-0123456789abcdef0", "web", 3).await;
    for id in &ids {
        report(&mia, id, &[("openssl", "3.0.7"), ("bash", "5.2.15")]).await;
    }
    report(&mia, &ids[1], &[("openssl", "3.0.8"), ("bash", "5.2.15")]).await;
    mia.ec2.terminate_instances().instance_ids(&ids[2]).send().await.unwrap();
    let cloud = scene.cloud();
    let kind = InventoryType::new("AWS:Application");
    let records = cloud.inventory(&ireland(SHOP), &kind, &[], None).await.unwrap().items;
    assert_eq!(records.len(), 2, "inventory of a terminated node is not asked for");
    let changed = records.iter().find(|one| one.instance.as_str() == ids[1]).unwrap();
    assert_eq!(changed.schema_version, "1.1");
    assert_eq!(changed.captured_at, Some("2026-11-02T03:04:05Z".parse().unwrap()));
    let versions: Vec<_> = changed.entries.iter().map(|row| (&*row["Name"], &*row["Version"])).collect();
    assert_eq!(versions, [("openssl", "3.0.8"), ("bash", "5.2.15")]);
    assert_eq!(cloud.calls().get("ssm:GetInventory"), Some(&1));
}

#[tokio::test]
async fn a_type_nobody_reported_is_empty() {
    let scene = Scene::new().await;
    let mia = scene.person("mia@example.com", SHOP, IRELAND).await;
    let id = mia.launch("ami-0123456789abcdef0", "web", 1).await.remove(0);
    report(&mia, &id, &[("openssl", "3.0.7")]).await;
    let cloud = scene.cloud();
    for kind in ["AWS:Service", "Custom:CattleguardFiles"] {
        let page = cloud.inventory(&ireland(SHOP), &InventoryType::new(kind), &[], None).await.unwrap();
        assert!(page.items.is_empty(), "{kind}");
    }
}

#[tokio::test]
async fn the_rows_of_one_node_are_paged() {
    let scene = Scene::new().await;
    let mia = scene.person("mia@example.com", SHOP, IRELAND).await;
    let id = mia.launch("ami-0123456789abcdef0", "web", 1).await.remove(0);
    let names: Vec<String> = (0..120).map(|number| format!("package-{number:03}")).collect();
    let packages: Vec<_> = names.iter().map(|name| (name.as_str(), "1")).collect();
    report(&mia, &id, &packages).await;
    let cloud = scene.cloud();
    let (place, node, kind) = (ireland(SHOP), InstanceId::new(&id), InventoryType::new("AWS:Application"));
    let (mut next, mut sizes, mut read) = (None, Vec::new(), Vec::new());
    loop {
        let page = cloud.inventory_entries(&place, &node, &kind, next).await.unwrap();
        let record = page.items.into_iter().next().unwrap();
        assert_eq!(record.captured_at, Some("2026-11-02T03:04:05Z".parse().unwrap()));
        sizes.push(record.entries.len());
        read.extend(record.entries.iter().map(|row| row["Name"].to_string()));
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(sizes, [50, 50, 20]);
    assert_eq!(read, names);
    let error = cloud.inventory_entries(&place, &"i-0feed0feed0feed00".into(), &kind, None).await.unwrap_err();
    assert_eq!(error.failure, ReadFailure::NotFound, "{error}");
}
