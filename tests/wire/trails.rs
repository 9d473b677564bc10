//! Trails: their state, what they record, and the keys of their digest files.

use aws_sdk_cloudtrail::types::{AdvancedEventSelector, AdvancedFieldSelector, EventSelector, ReadWriteType};
use cattleguard::collect::{CloudRead, ReadFailure};
use cattleguard::types::Place;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::scene::{IRELAND, OHIO, SHOP, Scene, TRAIL, ireland};

const MAIN: &str = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/main";

async fn open(scene: &Scene, more: serde_json::Value) {
    let mut order = json!({"account": SHOP, "region": IRELAND, "name": "main"});
    order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    scene.emulator.steer("_trails", order).await;
}

#[tokio::test]
async fn trails_are_seen_from_every_region_that_they_record() {
    let scene = Scene::new().await;
    open(&scene, json!({"multi_region": true})).await;
    open(&scene, json!({"name": "local", "validation": false})).await;
    let cloud = scene.cloud();
    let names = |trails: Vec<cattleguard::types::Trail>| {
        let others = trails.into_iter().filter(|trail| trail.name != TRAIL);
        let mut names: Vec<_> = others.map(|trail| (trail.name, trail.home, trail.validation)).collect();
        names.sort();
        names
    };
    let here = names(cloud.trails(&ireland(SHOP)).await.unwrap());
    assert_eq!(here, [("local".into(), IRELAND.into(), false), ("main".into(), IRELAND.into(), true)]);
    let ohio = cloud.trails(&Place::new(SHOP, OHIO)).await.unwrap();
    assert_eq!((ohio[0].arn.as_str(), ohio[0].bucket.as_deref()), (MAIN, Some("trail")));
    assert_eq!(ohio[0].owner(), Some(SHOP.into()));
    assert_eq!(names(ohio), [("main".into(), IRELAND.into(), true)], "the home region tells that it is a shadow");
}

#[tokio::test]
async fn whether_a_trail_logs_and_delivers() {
    let scene = Scene::new().await;
    open(&scene, json!({})).await;
    let (cloud, place) = (scene.cloud(), ireland(SHOP));
    let status = cloud.trail_status(&place, MAIN).await.unwrap();
    assert!(status.logging && status.started_at.is_some() && status.delivered_at.is_some(), "{status:?}");
    assert_eq!((status.delivery_error, status.digest_at, status.digest_error), (None, None, None));

    let delivery = json!({
        "LatestDeliveryError": "AccessDenied", "LatestDigestDeliveryTime": 1_793_750_400,
        "LatestDigestDeliveryError": "",
    });
    open(&scene, delivery).await;
    let mia = scene.person("mia@example.com", SHOP, IRELAND).await;
    let trails = aws_sdk_cloudtrail::Client::new(&mia.config);
    trails.stop_logging().name(MAIN).send().await.unwrap();
    let status = cloud.trail_status(&place, MAIN).await.unwrap();
    assert!(!status.logging && status.stopped_at.is_some(), "{status:?}");
    assert_eq!((status.delivery_error.as_deref(), status.digest_error), (Some("AccessDenied"), None));
    assert_eq!(status.digest_at, Timestamp::from_second(1_793_750_400).ok());

    let gone = cloud.trail_status(&place, &MAIN.replace("main", "gone")).await.unwrap_err();
    assert_eq!(gone.failure, ReadFailure::NotFound, "{gone}");
}

#[tokio::test]
async fn what_a_trail_records() {
    let scene = Scene::new().await;
    open(&scene, json!({})).await;
    let (cloud, place) = (scene.cloud(), ireland(SHOP));
    let mia = scene.person("mia@example.com", SHOP, IRELAND).await;
    let trails = aws_sdk_cloudtrail::Client::new(&mia.config);
    assert!(cloud.trail_writes(&place, MAIN).await.unwrap(), "all, until it is told otherwise");
    let basic =
        |kind, management| EventSelector::builder().read_write_type(kind).include_management_events(management).build();
    let cases = [
        (basic(ReadWriteType::All, true), true),
        (basic(ReadWriteType::WriteOnly, true), true),
        (basic(ReadWriteType::ReadOnly, true), false),
        (basic(ReadWriteType::All, false), false),
    ];
    for (selector, records) in cases {
        let shown = format!("{selector:?}");
        trails.put_event_selectors().trail_name(MAIN).event_selectors(selector).send().await.unwrap();
        assert_eq!(cloud.trail_writes(&place, MAIN).await.unwrap(), records, "{shown}");
    }
    let is = |field: &str, value: &str| AdvancedFieldSelector::builder().field(field).equals(value).build().unwrap();
    let cases = [
        (vec![is("eventCategory", "Management")], true),
        (vec![is("eventCategory", "Management"), is("readOnly", "false")], true),
        (vec![is("eventCategory", "Management"), is("readOnly", "true")], false),
        (vec![is("eventCategory", "Data"), is("resources.type", "AWS::S3::Object")], false),
    ];
    for (fields, records) in cases {
        let shown = format!("{fields:?}");
        let selector = AdvancedEventSelector::builder().set_field_selectors(Some(fields)).build().unwrap();
        trails.put_event_selectors().trail_name(MAIN).advanced_event_selectors(selector).send().await.unwrap();
        assert_eq!(cloud.trail_writes(&place, MAIN).await.unwrap(), records, "{shown}");
    }
}

#[tokio::test]
async fn keys_are_those_of_the_region_and_time() {
    let scene = Scene::new().await;
    let (cloud, now) = (scene.cloud(), Timestamp::now());
    let ago = now - SignedDuration::from_hours(24);
    let page = cloud.public_keys(&Place::new(SHOP, OHIO), ago, now, None).await.unwrap();
    assert_eq!((page.items.len(), page.next), (1, None));
    assert_eq!(page.items[0].fingerprint, "fingerprint of us-east-2");
    assert_eq!(page.items[0].der, b"key of us-east-2");
}

#[tokio::test]
async fn what_keeps_a_trails_files() {
    let scene = Scene::new().await;
    let key = "arn:aws:kms:eu-west-1:111122223333:key/7e571e57-0000-4000-8000-000000000001";
    open(&scene, json!({"key": key, "topic": "trail-told"})).await;
    let trails = scene.cloud().trails(&ireland(SHOP)).await.unwrap();
    let of = |name: &str| trails.iter().find(|trail| trail.name == name).unwrap();
    let topic = "arn:aws:sns:eu-west-1:111122223333:trail-told";
    assert_eq!((of("main").key.as_deref(), of("main").topic.as_deref()), (Some(key), Some(topic)));
    assert_eq!((of(TRAIL).key.as_deref(), of(TRAIL).topic.as_deref()), (None, None));
}
