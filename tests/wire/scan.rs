//! The built binary against the emulator, as a user runs it: record a golden, scan, let people change servers, scan
//! again, and read what it says.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::desk::Desk;
use crate::inventory::report_at;
use crate::scene::{IRELAND, Person, SHOP, Scene};

const GOLDEN: &[(&str, &str)] = &[("openssl", "3.0.7"), ("bash", "5.2.15")];

/// A server reports its packages in its own name, as its agent does: by a session of its role that bears its id.
async fn reports(scene: &Scene, id: &str, packages: &[(&str, &str)]) {
    let agent = scene.person(id, SHOP, IRELAND).await;
    report_at(&agent, id, packages, Timestamp::now()).await;
}

/// A fleet of four and a reference server beside it, all equal, all with inventory, and `web@1` recorded from it.
async fn fleet(scene: &Scene, desk: &Desk) -> (Person, Vec<String>) {
    let mia = scene.person("mia@example.com", SHOP, IRELAND).await;
    let image = mia.image("web-1").await;
    let members = mia.launch(&image, "web", 4).await;
    let reference = mia.launch(&image, "reference", 1).await.remove(0);
    for id in members.iter().chain([&reference]) {
        reports(scene, id, GOLDEN).await;
    }
    desk.ok(&[
        "golden",
        "record",
        "web",
        "--version",
        "1",
        "--ami",
        &image,
        "--reference-instance",
        &reference,
        "--promote",
    ]);
    (mia, members)
}

fn codes_of(document: &Value, instance: &str) -> Vec<String> {
    let mut codes: Vec<String> = document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["instance"] == instance)
        .map(|finding| finding["code"].as_str().unwrap().to_owned())
        .collect();
    codes.sort();
    codes
}

fn verdict_of<'a>(document: &'a Value, instance: &str) -> &'a Value {
    let all = document["instances"].as_array().unwrap();
    &all.iter().find(|one| one["id"] == instance).unwrap()["verdict"]
}

#[tokio::test]
async fn what_people_do_to_servers_is_found_and_named() {
    let scene = Scene::new().await;
    let desk = Desk::new(&scene);
    let (mia, members) = fleet(&scene, &desk).await;
    let (code, before) = desk.scan();
    assert_eq!((code, &before["summary"]["clean"]), (0, &json!(5)), "{before:#}");

    let ben = scene.person("ben@example.com", SHOP, IRELAND).await;
    let open = ben.ec2.create_security_group().group_name("open").description("open").send().await.unwrap();
    let group = open.group_id.unwrap();
    ben.ec2.modify_instance_attribute().instance_id(&members[0]).groups(&group).send().await.unwrap();
    mia.ssm.start_session().target(&members[1]).send().await.unwrap();
    reports(&scene, &members[1], &[("openssl", "3.0.8"), ("bash", "5.2.15")]).await;
    let key = json!({"InstanceId": members[2], "InstanceOSUser": "ec2-user", "SSHPublicKey": "ssh-ed25519 AAAA"});
    let target = "AWSEC2InstanceConnectService.SendSSHPublicKey";
    scene.emulator.json_call(&ben.key, &ben.region, "ec2-instance-connect", target, key).await;

    let (code, after) = desk.scan();
    assert_eq!(code, 1, "{after:#}");
    assert_eq!(codes_of(&after, &members[0]), ["config-security-groups", "event-security-groups-changed"]);
    assert_eq!(codes_of(&after, &members[1]), ["event-interactive-session", "software-package-changed"]);
    assert_eq!(codes_of(&after, &members[2]), ["event-ssh-key-pushed"]);
    assert_eq!(verdict_of(&after, &members[3]), "clean");
    let findings = after["findings"].as_array().unwrap();
    let who = |code: &str| {
        let finding = findings.iter().find(|finding| finding["code"] == code).unwrap();
        finding["attribution"][0]["display"].as_str().unwrap().to_owned()
    };
    assert_eq!(who("config-security-groups"), "ben@example.com");
    assert_eq!(who("software-package-changed"), "mia@example.com");

    let explained = desk.ok(&["explain", &members[1]]);
    assert!(explained.contains("openssl") && explained.contains("mia@example.com"), "{explained}");
    let timeline = desk.ok(&["timeline", &members[0]]);
    assert!(timeline.contains("ben@example.com"), "{timeline}");
    assert!(desk.ok(&["pets"]).contains(&members[2]));
    assert!(desk.ok(&["findings", "list"]).contains("event-ssh-key-pushed"));

    let calls = |document: &Value| document["calls"]["ec2:DescribeInstanceAttribute"].clone();
    assert_eq!(calls(&before), json!(5), "user data is read once per launch");
    assert_eq!(calls(&after), json!(null), "and not again");
}

#[tokio::test]
async fn a_refused_source_leaves_its_servers_unjudged_and_resolves_nothing() {
    let scene = Scene::new().await;
    let desk = Desk::new(&scene);
    let (_, members) = fleet(&scene, &desk).await;
    reports(&scene, &members[0], &[("openssl", "3.0.8"), ("bash", "5.2.15")]).await;
    let (code, drifted) = desk.scan();
    assert_eq!((code, codes_of(&drifted, &members[0])), (1, vec!["software-package-changed".to_owned()]));
    reports(&scene, &members[0], GOLDEN).await;
    // What is clean by its content hash would not be asked for.
    reports(&scene, &members[1], &[("openssl", "3.0.9"), ("bash", "5.2.15")]).await;

    let denied = json!({"service": "ssm", "kind": "denied", "times": 100});
    scene.emulator.steer("_faults", denied).await;
    let (code, blind) = desk.scan();
    assert_eq!(code, 3, "{blind:#}");
    assert_eq!(codes_of(&blind, &members[0]), ["software-package-changed"], "unseen is not fixed");
    assert_eq!(verdict_of(&blind, &members[1]), "unjudged");
    let source = blind["coverage"].as_array().unwrap().iter().find(|entry| entry["source"] == "ssm").unwrap();
    assert_eq!((&source["status"], &source["denied"]), (&json!("failed"), &json!(true)));
}

#[tokio::test]
async fn software_is_read_only_where_its_content_hash_is_not_known() {
    let scene = Scene::new().await;
    let desk = Desk::new(&scene);
    let (_, members) = fleet(&scene, &desk).await;
    let read = |document: &Value| document["calls"]["ssm:GetInventory"].clone();
    let (_, first) = desk.scan();
    assert_ne!(read(&first), json!(null));
    let (code, second) = desk.scan();
    assert_eq!((code, read(&second)), (0, json!(null)), "{second:#}");
    reports(&scene, &members[0], &[("openssl", "3.0.8"), ("bash", "5.2.15")]).await;
    let (code, third) = desk.scan();
    assert_eq!((code, read(&third)), (1, json!(1)), "one filter, one type");
    assert_eq!(codes_of(&third, &members[0]), ["software-package-changed"]);
}

#[tokio::test]
async fn without_credentials_one_sentence_says_so() {
    let scene = Scene::new().await;
    let desk = Desk::new(&scene);
    let output = desk.run_as(&["scan"], &[]);
    assert_eq!(output.status.code(), Some(77));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("credentials") && text.contains("tried"), "{text}");
    assert!(text.lines().count() <= 3, "{text}");
    assert!(!desk.path("state.db").exists() || output.stdout.is_empty());
}

#[tokio::test]
async fn a_reference_that_somebody_touched_is_refused() {
    let scene = Scene::new().await;
    let desk = Desk::new(&scene);
    let (mia, members) = fleet(&scene, &desk).await;
    mia.ssm.start_session().target(&members[0]).send().await.unwrap();
    assert_eq!(desk.scan().0, 1);
    let image = mia.ec2.describe_instances().instance_ids(&members[0]).send().await.unwrap();
    let image = image.reservations()[0].instances()[0].image_id().unwrap().to_owned();
    let output =
        desk.run(&["golden", "record", "web", "--version", "2", "--ami", &image, "--reference-instance", &members[0]]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && text.contains("not pristine") && text.contains("SSM session"), "{text}");
}
