//! Change events as the calls themselves made them.

use aws_sdk_ec2::types::HttpTokensState;
use cattleguard::collect::{CloudRead, PageToken};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::inventory::report;
use crate::placement::scale_out;
use crate::scene::{BANK, IRELAND, SHOP, Scene, ireland};

async fn events(cloud: &dyn CloudRead, account: &str) -> Vec<Value> {
    let now = Timestamp::now();
    let (from, to) = (now - SignedDuration::from_hours(1), now + SignedDuration::from_mins(1));
    let (mut all, mut next): (Vec<Value>, Option<PageToken>) = (Vec::new(), None);
    loop {
        let page = cloud.lookup_events(&ireland(account), from, to, next).await.unwrap();
        all.extend(page.items.iter().map(|record| serde_json::from_str::<Value>(record).unwrap()));
        next = page.next;
        if next.is_none() {
            return all;
        }
    }
}

fn named<'a>(events: &'a [Value], name: &str) -> &'a Value {
    events.iter().find(|event| event["eventName"] == name).unwrap_or_else(|| panic!("no {name}"))
}

#[tokio::test]
async fn calls_become_records_in_their_real_shapes() {
    let scene = Scene::new().await;
    let mia = scene.person("mia@example.com", SHOP, IRELAND).await;
    let id = mia.launch("ami-0123456789abcdef0", "web", 1).await.remove(0);
    report(&mia, &id, &[("openssl", "3.0.7")]).await;
    mia.ec2.stop_instances().instance_ids(&id).send().await.unwrap();
    mia.ec2.start_instances().instance_ids(&id).send().await.unwrap();
    let options = mia.ec2.modify_instance_metadata_options().instance_id(&id);
    options.http_tokens(HttpTokensState::Optional).send().await.unwrap();
    let session = mia.ssm.start_session().target(&id).send().await.unwrap().session_id.unwrap();
    let key = json!({"InstanceId": id, "InstanceOSUser": "ec2-user", "SSHPublicKey": "ssh-ed25519 AAAA mia"});
    let target = "AWSEC2InstanceConnectService.SendSSHPublicKey";
    scene.emulator.json_call(&mia.key, &mia.region, "ec2-instance-connect", target, key).await;
    let missing = mia.ec2.reboot_instances().instance_ids("i-0feed0feed0feed00").send().await;
    assert!(missing.is_err());

    let cloud = scene.cloud();
    let events = events(&cloud, SHOP).await;
    let flat = named(&events, "StopInstances");
    assert_eq!(flat["requestParameters"]["instancesSet"]["items"][0]["instanceId"], id.as_str());
    let wrapped = named(&events, "ModifyInstanceMetadataOptions");
    assert_eq!(wrapped["requestParameters"]["ModifyInstanceMetadataOptionsRequest"]["InstanceId"], id.as_str());
    let opened = named(&events, "StartSession");
    assert_eq!(opened["requestParameters"]["target"], id.as_str());
    assert_eq!(opened["responseElements"]["sessionId"], session.as_str());
    assert_eq!(opened["responseElements"]["tokenValue"], "Value hidden due to security reasons.");
    let pushed = named(&events, "SendSSHPublicKey");
    assert_eq!(pushed["eventSource"], "ec2-instance-connect.amazonaws.com");
    assert_eq!(pushed["requestParameters"]["instanceId"], id.as_str());
    let reported = &named(&events, "PutInventory")["requestParameters"]["items"][0];
    assert!(reported["contentHash"].is_string() && reported.get("content").is_none(), "{reported}");
    assert_eq!(named(&events, "RebootInstances")["errorCode"], "Client.InvalidInstanceID.NotFound");
    assert_eq!(named(&events, "RunInstances")["requestParameters"]["userData"], "<sensitiveDataRemoved>");
    for event in &events {
        assert_eq!(event["readOnly"], false, "{}", event["eventName"]);
        assert_eq!(event["recipientAccountId"], SHOP);
        assert_eq!(event["userIdentity"]["type"], "AssumedRole");
        let arn = format!("arn:aws:sts::{SHOP}:assumed-role/operators/mia@example.com");
        assert_eq!(event["userIdentity"]["arn"], arn.as_str(), "{}", event["eventName"]);
    }
}

#[tokio::test]
async fn what_auto_scaling_launches_is_its_own_call() {
    let scene = Scene::new().await;
    let mia = scene.person("mia@example.com", SHOP, IRELAND).await;
    let ids = scale_out(&mia, 1).await;
    let replace = mia.ec2.create_replace_root_volume_task().instance_id(&ids[0]);
    replace.send().await.unwrap();
    let events = events(&scene.cloud(), SHOP).await;
    let launch = named(&events, "RunInstances");
    assert_eq!(launch["userIdentity"]["invokedBy"], "autoscaling.amazonaws.com");
    assert_eq!(launch["responseElements"]["instancesSet"]["items"][0]["instanceId"], ids[0].as_str());
    let group = named(&events, "CreateAutoScalingGroup");
    assert_eq!(group["requestParameters"]["autoScalingGroupName"], "web");
    assert!(group["userIdentity"]["arn"].as_str().unwrap().ends_with("/mia@example.com"));
    let replaced = named(&events, "CreateReplaceRootVolumeTask");
    assert_eq!(replaced["requestParameters"]["CreateReplaceRootVolumeTaskRequest"]["InstanceId"], ids[0].as_str());
}

#[tokio::test]
async fn events_come_by_fifty_without_gap_or_repeat() {
    let scene = Scene::new().await;
    let mia = scene.person("mia@example.com", SHOP, IRELAND).await;
    let id = mia.launch("ami-0123456789abcdef0", "web", 1).await.remove(0);
    for _ in 0..59 {
        mia.ec2.reboot_instances().instance_ids(&id).send().await.unwrap();
    }
    let ben = scene.person("ben@example.com", BANK, IRELAND).await;
    ben.launch("ami-0123456789abcdef0", "pay", 1).await;
    let cloud = scene.cloud();
    let events = events(&cloud, SHOP).await;
    let mut ids: Vec<_> = events.iter().map(|event| event["eventID"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((events.len(), ids.len()), (60, 60), "and none of the other account's");
    assert_eq!(cloud.calls().get("cloudtrail:LookupEvents"), Some(&2));
}

#[tokio::test]
async fn the_time_range_is_respected() {
    let scene = Scene::new().await;
    let mia = scene.person("mia@example.com", SHOP, IRELAND).await;
    mia.launch("ami-0123456789abcdef0", "web", 1).await;
    let hour = SignedDuration::from_hours(1);
    let (from, to) = (Timestamp::now() - hour - hour, Timestamp::now() - hour);
    let page = scene.cloud().lookup_events(&ireland(SHOP), from, to, None).await.unwrap();
    assert!(page.items.is_empty() && page.next.is_none());
}
