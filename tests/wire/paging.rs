//! Pages fit together: nothing is lost between them and nothing comes twice.

use cattleguard::collect::CloudRead;
use cattleguard::types::{InstanceId, InventoryType};
use serde_json::json;

use crate::inventory::report;
use crate::scene::{IRELAND, SHOP, Scene, ireland};

#[tokio::test]
async fn instances_nodes_and_inventory_are_paged() {
    let scene = Scene::new().await;
    let mia = scene.person("mia@example.com", SHOP, IRELAND).await;
    let mut ids = mia.launch("ami-0123456789abcdef0", "web", 5).await;
    ids.sort_unstable();
    for id in &ids {
        report(&mia, id, &[("openssl", "3.0.7")]).await;
    }
    for operation in ["DescribeInstances", "DescribeInstanceInformation", "GetInventory"] {
        scene.emulator.steer("_pages", json!({"operation": operation, "size": 2})).await;
    }
    let cloud = scene.cloud();
    let (place, kind) = (ireland(SHOP), InventoryType::new("AWS:Application"));
    let (mut instances, mut nodes, mut records) = (Vec::<InstanceId>::new(), Vec::new(), Vec::new());
    let mut next = None;
    loop {
        let page = cloud.instances(&place, next).await.unwrap();
        instances.extend(page.items.into_iter().map(|one| one.id));
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    loop {
        let page = cloud.managed_nodes(&place, next).await.unwrap();
        nodes.extend(page.items.into_iter().map(|one| one.instance));
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    loop {
        let page = cloud.inventory(&place, &kind, &[], next).await.unwrap();
        records.extend(page.items.into_iter().map(|one| one.instance));
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    for mut found in [instances, nodes, records] {
        found.sort_unstable();
        assert_eq!(found.iter().map(InstanceId::as_str).collect::<Vec<_>>(), ids);
    }
    let calls = cloud.calls();
    for call in ["ec2:DescribeInstances", "ssm:DescribeInstanceInformation", "ssm:GetInventory"] {
        assert_eq!(calls.get(call), Some(&3), "{call}");
    }
    assert_eq!(calls.get("sts:AssumeRole"), Some(&1), "one role, one session: {calls:?}");
}

#[tokio::test]
async fn unknown_ids_do_not_hide_the_known_ones() {
    let scene = Scene::new().await;
    let mia = scene.person("mia@example.com", SHOP, IRELAND).await;
    let ids = mia.launch("ami-0123456789abcdef0", "web", 2).await;
    let cloud = scene.cloud();
    let mut asked: Vec<InstanceId> = ids.iter().map(InstanceId::new).collect();
    asked.extend(["i-0feed0feed0feed00".into(), "i-0feed0feed0feed01".into()]);
    let found = cloud.instances_by_id(&ireland(SHOP), &asked).await.unwrap();
    assert_eq!(found.len(), 2);
    let none = cloud.instances_by_id(&ireland(SHOP), &asked[2..]).await.unwrap();
    assert!(none.is_empty());
    assert!(cloud.instances_by_id(&ireland(SHOP), &[]).await.unwrap().is_empty(), "no ids, not all instances");
}
