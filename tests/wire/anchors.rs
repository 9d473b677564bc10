//! Heads of the audit log in a bucket with object lock, as S3 keeps them.

use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration, ObjectLockMode};
use cattleguard::aws::ANCHOR_ACTIONS;
use cattleguard::collect::{CloudRead as _, LogAccess, ObjectName, ReadFailure};
use cattleguard::report::anchor::{AnchorVault as _, LockMode, Put, Version};
use jiff::{SignedDuration, Timestamp};

use crate::desk::Desk;
use crate::scene::{EXTERNAL_ID, IRELAND, Person, SHOP, Scene, ireland, reader};

const BUCKET: &str = "shop-anchors";

fn shop() -> LogAccess {
    LogAccess {
        place: ireland(SHOP),
        role: Some(reader(SHOP)),
        external_id: Some(EXTERNAL_ID.to_owned()),
        source_identity: None,
    }
}

fn name(key: &str) -> ObjectName {
    ObjectName { bucket: BUCKET.to_owned(), key: key.to_owned() }
}

async fn bucket(mia: &Person, name: &str, locked: bool) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::config::Builder::from(&mia.config).force_path_style(true).build();
    let s3 = aws_sdk_s3::Client::from_conf(config);
    let place = CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::EuWest1).build();
    let request = s3.create_bucket().bucket(name).create_bucket_configuration(place);
    request.object_lock_enabled_for_bucket(locked).send().await.unwrap();
    s3
}

#[tokio::test]
async fn an_object_is_put_once_and_locked() {
    let scene = Scene::new().await;
    let mia = scene.person("mia@example.com", SHOP, IRELAND).await;
    let s3 = bucket(&mia, BUCKET, true).await;
    let cloud = scene.cloud();
    assert!(cloud.locks(&shop(), BUCKET).await.unwrap());
    let until = Timestamp::now() + SignedDuration::from_hours(24 * 30);
    let put = |body: &[u8]| {
        let body = body.to_vec();
        let cloud = &cloud;
        async move { cloud.put_locked(&shop(), &name("a/1.json"), body, LockMode::Compliance, until).await.unwrap() }
    };
    assert_eq!(put(b"one").await, Put::New);
    assert_eq!(put(b"two").await, Put::There);
    let kept = s3.get_object().bucket(BUCKET).key("a/1.json").send().await.unwrap();
    assert_eq!(kept.object_lock_mode(), Some(&ObjectLockMode::Compliance));
    assert_eq!(kept.object_lock_retain_until_date().unwrap().secs(), until.as_second());
    let id = kept.version_id().unwrap().to_owned();
    assert_eq!(kept.body.collect().await.unwrap().into_bytes().as_ref(), b"one", "the first stays");
    assert!(s3.delete_object().bucket(BUCKET).key("a/1.json").version_id(id).send().await.is_err(), "locked");

    // A delete without a version hides it from plain listings only.
    s3.delete_object().bucket(BUCKET).key("a/1.json").send().await.unwrap();
    let page = cloud.versions(&shop(), BUCKET, "a/", None).await.unwrap();
    let version = |hides| Version { key: "a/1.json".to_owned(), hides };
    assert_eq!((page.items, page.next), (vec![version(false), version(true)], None));

    // IAM has other words for two of them (Service Authorization Reference), and S3 itself checks one more for a put that
    // locks: see `ANCHOR_ACTIONS`.
    let called: Vec<String> = cloud.calls().into_keys().filter(|call| call.starts_with("s3:")).collect();
    assert_eq!(called, ["s3:GetObjectLockConfiguration", "s3:ListObjectVersions", "s3:PutObject"]);
}

#[tokio::test]
async fn a_bucket_that_cannot_lock_says_so() {
    let scene = Scene::new().await;
    let mia = scene.person("mia@example.com", SHOP, IRELAND).await;
    bucket(&mia, BUCKET, false).await;
    let cloud = scene.cloud();
    assert!(!cloud.locks(&shop(), BUCKET).await.unwrap());
    let gone = cloud.locks(&shop(), "nowhere-at-all").await.unwrap_err();
    assert_eq!((gone.api, gone.failure), ("s3:GetBucketObjectLockConfiguration", ReadFailure::NotFound), "{gone}");
    assert!(ANCHOR_ACTIONS.contains(&gone.api));
}

#[tokio::test]
async fn versions_come_page_by_page() {
    let scene = Scene::new().await;
    let mia = scene.person("mia@example.com", SHOP, IRELAND).await;
    let s3 = bucket(&mia, BUCKET, true).await;
    for number in 0..1_003 {
        let request = s3.put_object().bucket(BUCKET).key(format!("a/{number:04}.json"));
        request.body(aws_sdk_s3::primitives::ByteStream::from_static(b"x")).send().await.unwrap();
    }
    let cloud = scene.cloud();
    let first = cloud.versions(&shop(), BUCKET, "a/", None).await.unwrap();
    assert_eq!(first.items.len(), 1_000);
    let rest = cloud.versions(&shop(), BUCKET, "a/", first.next).await.unwrap();
    let keys: Vec<String> = rest.items.into_iter().map(|version| version.key).collect();
    assert_eq!(keys, ["a/1000.json", "a/1001.json", "a/1002.json"]);
    assert!(rest.next.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_anchors_its_log_and_a_replaced_state_is_found() {
    let scene = Scene::new().await;
    let mia = scene.person("mia@example.com", SHOP, IRELAND).await;
    bucket(&mia, BUCKET, true).await;
    let desk = Desk::with(&scene, &format!("[audit.anchor]\nbucket = \"{BUCKET}\"\n"), "", "");
    desk.scan();
    let (exit, told) = desk.json(&["audit", "verify", "--anchors"]);
    assert_eq!((exit, &told["anchors"]["compared"]), (0, &1.into()), "{told}");
    desk.run(&["doctor"]);

    // What the adapter calls is what is printed, and nothing more.
    let printed: serde_json::Value = serde_json::from_str(&desk.ok(&["iam-policy"])).unwrap();
    let statements = printed["Statement"].as_array().unwrap();
    let printed = statements.iter().flat_map(|statement| statement["Action"].as_array().unwrap());
    let mut printed: Vec<&str> = printed.filter_map(|action| action.as_str()?.strip_prefix("s3:")).collect();
    printed.sort_unstable();
    let needed = ANCHOR_ACTIONS.map(|action| action.trim_start_matches("s3:"));
    assert_eq!(printed, needed);

    for part in ["state.db", "state.db-wal", "state.db-shm"] {
        let _ = std::fs::remove_file(desk.path(part));
    }
    // Long enough to reach the anchored entry again, with another one.
    for _ in 0..2 {
        desk.scan();
    }
    let (exit, told) = desk.json(&["audit", "verify", "--anchors"]);
    assert_eq!(exit, 2, "{told}");
    assert_eq!(desk.json(&["audit", "verify"]).0, 0, "alone it shows nothing");
}
