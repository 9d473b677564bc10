//! Buckets of log files and queues that tell of them.

use std::io::Write as _;
use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Event, NotificationConfiguration, QueueConfiguration};
use cattleguard::aws::{AwsCloud, LOG_ACTIONS};
use cattleguard::collect::{
    CloudRead as _, Listing, LogAccess, LogObject, LogQueue as _, LogStore as _, ObjectName, PageToken, ReadFailure,
};
use cattleguard::testing::digests::{TrailFolder, TrailSigner};
use cattleguard::types::Place;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::desk::Desk;
use crate::inventory::report;
use crate::scene::{EXTERNAL_ID, IRELAND, Person, SHOP, Scene, ireland, reader};

const BUCKET: &str = "shop-trail";

/// The bucket's account by its reader role.
fn shop() -> LogAccess {
    LogAccess {
        place: ireland(SHOP),
        role: Some(reader(SHOP)),
        external_id: Some(EXTERNAL_ID.to_owned()),
        source_identity: Some("cattleguard-tests".to_owned()),
    }
}

/// A person's clients for both services.
struct Store {
    s3: aws_sdk_s3::Client,
    sqs: aws_sdk_sqs::Client,
}

impl Store {
    async fn new(person: &Person) -> Self {
        let config = aws_sdk_s3::config::Builder::from(&person.config).force_path_style(true).build();
        let this = Self { s3: aws_sdk_s3::Client::from_conf(config), sqs: aws_sdk_sqs::Client::new(&person.config) };
        let place = aws_sdk_s3::types::BucketLocationConstraint::EuWest1;
        let place = aws_sdk_s3::types::CreateBucketConfiguration::builder().location_constraint(place).build();
        this.s3.create_bucket().bucket(BUCKET).create_bucket_configuration(place).send().await.unwrap();
        this
    }

    async fn put(&self, key: &str, bytes: &[u8]) {
        let body = ByteStream::from(bytes.to_vec());
        self.s3.put_object().bucket(BUCKET).key(key).body(body).send().await.unwrap();
    }

    async fn put_small(&self, key: String) {
        self.put(&key, b"x").await;
    }

    async fn queue(&self) -> String {
        self.sqs.create_queue().queue_name("trail").send().await.unwrap().queue_url.unwrap()
    }

    async fn send(&self, queue: &str, body: &str) {
        self.sqs.send_message().queue_url(queue).message_body(body).send().await.unwrap();
    }
}

fn name(key: &str) -> ObjectName {
    ObjectName { bucket: BUCKET.to_owned(), key: key.to_owned() }
}

async fn all(cloud: &AwsCloud, listing: &Listing) -> Vec<LogObject> {
    let (mut all, mut next): (Vec<LogObject>, Option<PageToken>) = (Vec::new(), None);
    loop {
        let page = cloud.list_objects(&shop(), listing, next).await.unwrap();
        all.extend(page.items);
        next = page.next;
        if next.is_none() {
            return all;
        }
    }
}

#[tokio::test]
async fn a_listing_goes_on_after_a_key_page_by_page() {
    let scene = Scene::new().await;
    let store = Store::new(&scene.person("mia@example.com", SHOP, IRELAND).await).await;
    let keys: Vec<String> = (0..1010).map(|number| format!("logs/{number:04}.json.gz")).collect();
    futures::stream::iter(&keys).for_each_concurrent(16, |key| store.put(key, b"x")).await;
    store.put("other/1.json.gz", b"x").await;
    let cloud = scene.cloud();
    let listing = |after: Option<&str>| Listing {
        bucket: BUCKET.to_owned(),
        prefix: "logs/".to_owned(),
        after: after.map(str::to_owned),
    };
    let listed: Vec<String> = all(&cloud, &listing(None)).await.into_iter().map(|object| object.key).collect();
    assert_eq!(listed, keys);
    assert_eq!(cloud.calls().get("s3:ListObjectsV2"), Some(&2));
    let rest = all(&cloud, &listing(Some("logs/1007"))).await;
    assert_eq!(rest.len(), 3);
    let LogObject { key, etag, size, modified } = &rest[0];
    // MD5 of `x`, as S3 has it for an object of one part.
    assert_eq!((key.as_str(), etag.as_str(), *size), ("logs/1007.json.gz", "9dd4e461268c8034f5c8564e155c67a6", 1));
    assert!(modified.is_some_and(|at| Timestamp::now().duration_since(at).abs() < SignedDuration::from_mins(5)));
}

#[tokio::test]
async fn an_object_comes_whole_or_not_at_all() {
    let scene = Scene::new().await;
    let store = Store::new(&scene.person("mia@example.com", SHOP, IRELAND).await).await;
    let bytes: Vec<u8> = (0..300_000_u32).map(|number| u8::try_from(number % 251).unwrap()).collect();
    store.put("a b/ä+c.json.gz", &bytes).await;
    let cloud = scene.cloud();
    let name = name("a b/ä+c.json.gz");
    assert_eq!(cloud.object(&shop(), &name, 300_000).await.unwrap(), Some(bytes));
    assert_eq!(cloud.object(&shop(), &name, 299_999).await.unwrap(), None, "too large");
    let gone = cloud.object(&shop(), &ObjectName { key: "gone".to_owned(), ..name.clone() }, 10).await.unwrap_err();
    assert_eq!((gone.failure, gone.api), (ReadFailure::NotFound, "s3:GetObject"));
    let wrong = LogAccess { external_id: Some("another".to_owned()), ..shop() };
    let refused = cloud.object(&wrong, &name, 10).await.unwrap_err();
    assert_eq!(refused.failure, ReadFailure::Denied, "{refused}");
    assert!(refused.detail.contains("role/reader"), "{refused}");
    let nowhere = Listing { bucket: "no-such-bucket".to_owned(), prefix: String::new(), after: None };
    assert_eq!(cloud.list_objects(&shop(), &nowhere, None).await.unwrap_err().failure, ReadFailure::NotFound);
}

#[tokio::test]
async fn messages_are_hidden_extended_and_deleted() {
    let scene = Scene::new().await;
    let store = Store::new(&scene.person("mia@example.com", SHOP, IRELAND).await).await;
    let (cloud, queue) = (scene.cloud(), store.queue().await);
    for number in 0..12 {
        store.send(&queue, &number.to_string()).await;
    }
    let receive = async |seconds| {
        let visibility = Duration::from_secs(seconds);
        cloud.receive(&shop(), &queue, Duration::from_secs(1), visibility).await.unwrap()
    };
    let mut held = Vec::new();
    while held.len() < 12 {
        let some = receive(600).await;
        assert!(!some.is_empty() && some.len() <= 10);
        held.extend(some);
    }
    assert!(receive(600).await.is_empty());
    assert!(held.iter().all(|message| message.receives == 1 && message.sent_at.is_some()));
    let handles: Vec<String> = held.iter().map(|message| message.handle.clone()).collect();
    let depth = cloud.depth(&shop(), &queue).await.unwrap();
    assert_eq!((depth.waiting, depth.in_flight), (0, 12));
    cloud.extend(&shop(), &queue, &handles, Duration::ZERO).await.unwrap();
    assert_eq!(cloud.depth(&shop(), &queue).await.unwrap().waiting, 12, "shown again at once");
    let again = receive(600).await;
    assert!(again.iter().all(|message| message.receives == 2));
    let again: Vec<String> = again.into_iter().map(|message| message.handle).collect();
    cloud.delete(&shop(), &queue, &again).await.unwrap();
    cloud.delete(&shop(), &queue, &again).await.expect("what is gone is deleted");
    let depth = cloud.depth(&shop(), &queue).await.unwrap();
    assert_eq!(depth.waiting + depth.in_flight, 12 - again.len() as u64);
    let nowhere = cloud.depth(&shop(), &queue.replace("/trail", "/none")).await.unwrap_err();
    assert_eq!((nowhere.failure, nowhere.api), (ReadFailure::NotFound, "sqs:GetQueueAttributes"));
    assert!(LOG_ACTIONS.contains(&nowhere.api));
}

/// The records that the emulator kept of an account, as a log file.
async fn log_file(cloud: &AwsCloud, place: &Place) -> Vec<u8> {
    let now = Timestamp::now();
    let (from, to) = (now - SignedDuration::from_hours(1), now + SignedDuration::from_mins(1));
    let records = cloud.lookup_events(place, from, to, None).await.unwrap().items;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    write!(encoder, "{{\"Records\":[{}]}}", records.join(",")).unwrap();
    encoder.finish().unwrap()
}

fn key(number: u32) -> String {
    let (day, minute) = (Timestamp::now().strftime("%Y/%m/%d"), Timestamp::now().strftime("%Y%m%dT%H%MZ"));
    format!("AWSLogs/{SHOP}/CloudTrail/{IRELAND}/{day}/{SHOP}_CloudTrail_{IRELAND}_{minute}_{number:016}.json.gz")
}

#[tokio::test]
async fn what_the_bucket_and_the_queue_tell_is_found_by_a_scan() {
    let scene = Scene::new().await;
    let mia = scene.person("mia@example.com", SHOP, IRELAND).await;
    let store = Store::new(&mia).await;
    let queue = store.queue().await;
    let arn = format!("arn:aws:sqs:{IRELAND}:{SHOP}:trail");
    let told = QueueConfiguration::builder().queue_arn(arn).events(Event::S3ObjectCreatedPut).build().unwrap();
    let told = NotificationConfiguration::builder().queue_configurations(told).build();
    let request = store.s3.put_bucket_notification_configuration().bucket(BUCKET).notification_configuration(told);
    request.send().await.unwrap();

    let image = mia.image("web-1").await;
    let ids = mia.launch(&image, "web", 2).await;
    for id in &ids {
        let agent = scene.person(id, SHOP, IRELAND).await;
        report(&agent, id, &[("openssl", "3.0.7")]).await;
    }
    mia.ssm.start_session().target(&ids[0]).send().await.unwrap();
    store.put(&key(1), &log_file(&scene.cloud(), &ireland(SHOP)).await).await;
    store.send(&queue, "what is this?").await;
    let sqs = format!("{{ sqs = \"{queue}\", buckets = [\"{BUCKET}\"] }}");
    let desk = Desk::with(&scene, &format!("[collect]\ntrail = [{sqs}, {{ s3 = \"{BUCKET}\" }}]"), "", "");
    let codes = |document: &serde_json::Value, id: &str| -> Vec<String> {
        let findings = document["findings"].as_array().unwrap().iter();
        let mine = findings.filter(|finding| finding["instance"] == id && finding["source"] == "cloudtrail");
        mine.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
    };

    let (code, first) = desk.scan();
    assert_eq!(code, 3, "{first:#}");
    assert_eq!(codes(&first, &ids[0]), ["event-interactive-session"], "{first:#}");
    let letters = first["dead_letters"].as_array().unwrap();
    assert_eq!(letters.len(), 1, "{letters:#?}");
    assert!(letters[0]["reason"].as_str().unwrap().contains("not JSON"), "{letters:#?}");
    for source in first["trail"].as_array().unwrap() {
        let ours = source["name"].as_str().unwrap();
        assert_eq!(source["unread"], 0, "{source}");
        assert_eq!(source["status"], if ours.starts_with("sqs:") { "partial" } else { "complete" }, "{source}");
    }
    let calls = |document: &serde_json::Value, api: &str| document["calls"][api].as_u64().unwrap_or(0);
    assert_eq!(calls(&first, "s3:GetObject"), 2, "by both sources");
    let depth = scene.cloud().depth(&shop(), &queue).await.unwrap();
    assert_eq!(depth.waiting + depth.in_flight, 0, "all are committed and deleted");

    mia.ssm.start_session().target(&ids[1]).send().await.unwrap();
    store.put(&key(2), &log_file(&scene.cloud(), &ireland(SHOP)).await).await;
    let (_, second) = desk.scan();
    assert_eq!(codes(&second, &ids[1]), ["event-interactive-session"]);
    let finding = second["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["instance"] == ids[0].as_str() && finding["code"] == "event-interactive-session");
    assert_eq!(finding.unwrap()["actual"]["events"], json!(1), "the second file repeats what the first one held");
    assert_eq!(calls(&second, "s3:GetObject"), 2, "the first file is known");
    assert_eq!(calls(&second, "cloudtrail:LookupEvents"), 0);
}

#[tokio::test]
async fn folders_are_listed_page_by_page_and_metadata_is_that_of_the_object() {
    let scene = Scene::new().await;
    let store = Store::new(&scene.person("mia@example.com", SHOP, IRELAND).await).await;
    let accounts: Vec<String> = (0..1010_u64).map(|number| format!("{:012}", 100_000_000_000 + number)).collect();
    futures::stream::iter(&accounts)
        .for_each_concurrent(16, |account| store.put_small(format!("a/AWSLogs/{account}/x.json.gz")))
        .await;
    store.put("a/AWSLogs/loose.json.gz", b"x").await;
    let cloud = scene.cloud();
    let (mut listed, mut next) = (Vec::new(), None);
    loop {
        let page = cloud.folders(&shop(), BUCKET, "a/AWSLogs/", next).await.unwrap();
        listed.extend(page.items);
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    let expected: Vec<String> = accounts.iter().map(|account| format!("a/AWSLogs/{account}/")).collect();
    assert_eq!(listed, expected);
    let tagged = store.s3.put_object().bucket(BUCKET).key("d.json.gz").body(ByteStream::from_static(b"x"));
    tagged.metadata("signature", "0a1b").metadata("signature-algorithm", "SHA256withRSA").send().await.unwrap();
    let metadata = cloud.metadata(&shop(), &name("d.json.gz")).await.unwrap();
    assert_eq!((&*metadata["signature"], &*metadata["signature-algorithm"]), ("0a1b", "SHA256withRSA"));
    assert!(cloud.metadata(&shop(), &name(&format!("a/AWSLogs/{}/x.json.gz", accounts[0]))).await.unwrap().is_empty());
    let gone = cloud.metadata(&shop(), &name("gone")).await.unwrap_err();
    assert_eq!(gone.failure, ReadFailure::NotFound, "an answer to HEAD has no body: {gone}");
}

#[tokio::test]
async fn a_bucket_is_verified_by_its_digest_files() {
    let scene = Scene::new().await;
    let store = Store::new(&scene.person("mia@example.com", SHOP, IRELAND).await).await;
    let desk = Desk::new(&scene);
    let start = Timestamp::now() - SignedDuration::from_hours(4);
    let mut trail = TrailFolder::new(&desk.path("logs"), &ireland(SHOP), "main", start);
    let mut last = None;
    for _ in 0..3 {
        let hour = trail.hour(&["{\"Records\":[]}"]).unwrap();
        for file in hour.logs.iter().chain([&hour.digest]) {
            let key = format!("audit/{}", file.strip_prefix(desk.path("logs")).unwrap().display());
            let body = ByteStream::from(std::fs::read(file).unwrap());
            let request = store.s3.put_object().bucket(BUCKET).key(&key).body(body);
            let is_digest = *file == hour.digest;
            let signature = is_digest.then(|| [("signature".to_owned(), hour.signature.clone())].into());
            request.set_metadata(signature).send().await.unwrap();
            if !is_digest {
                last = Some(key);
            }
        }
    }
    std::fs::write(desk.path("keys.json"), TrailSigner::trusted().listing().unwrap().to_string()).unwrap();
    let keys = desk.path("keys.json");
    let verify = || desk.json(&["trail", "verify", "s3://shop-trail/audit", "--public-keys", keys.to_str().unwrap()]);
    let (code, whole) = verify();
    assert_eq!((code, &whole["summary"]["logs_proven"]), (0, &json!(3)), "{whole:#}");
    assert_eq!(whole["summary"]["digests_proven"], 3);
    store.put(&last.unwrap(), b"{\"Records\":[1]}").await;
    let (code, altered) = verify();
    assert_eq!((code, &altered["breaks"][0]["kind"]), (1, &json!("log-altered")), "{altered:#}");
}
