//! Who reads which account, and what is said when that does not work.

use cattleguard::aws::{AwsAccount, AwsCloud, AwsSettings, READ_ACTIONS};
use cattleguard::collect::source::TargetGroup;
use cattleguard::collect::{CloudRead, ReadFailure};
use cattleguard::types::{InstanceId, InventoryType};
use serde_json::json;

use crate::scene::{BANK, HOME, IRELAND, OHIO, SHOP, Scene, ireland, settings};

fn without_role(account: &str) -> AwsAccount {
    AwsAccount::new(account)
}

#[tokio::test]
async fn a_role_session_reads_each_account() {
    let scene = Scene::new().await;
    let cloud = scene.cloud();
    for account in [SHOP, BANK] {
        let caller = cloud.caller(&ireland(account)).await.unwrap();
        assert_eq!(caller, format!("arn:aws:sts::{account}:assumed-role/reader/cattleguard"));
        cloud.caller(&cattleguard::types::Place::new(account, OHIO)).await.unwrap();
    }
    let calls = cloud.calls();
    assert_eq!(calls.get("sts:AssumeRole"), Some(&2), "a session is shared by the regions of its account");
    assert_eq!(calls.get("sts:GetCallerIdentity"), Some(&2));
}

#[tokio::test]
async fn a_wrong_external_id_is_a_refusal_that_names_the_role() {
    let scene = Scene::new().await;
    let mut settings = settings(&[SHOP]);
    settings.accounts[0].external_id = Some("guessed".into());
    let cloud = AwsCloud::with_base(scene.base(), settings).unwrap();
    let error = cloud.instances(&ireland(SHOP), None).await.unwrap_err();
    assert_eq!(error.failure, ReadFailure::Denied, "{error}");
    let text = error.to_string();
    assert!(text.contains("cannot assume arn:aws:iam::111122223333:role/reader: AccessDenied"), "{text}");
    assert!(!text.contains("guessed"), "{text}");
}

#[tokio::test]
async fn base_credentials_read_only_their_own_account() {
    let scene = Scene::new().await;
    let mut settings = settings(&[]);
    settings.accounts = vec![without_role(HOME), without_role(SHOP)];
    let cloud = AwsCloud::with_base(scene.base(), settings).unwrap();
    assert!(cloud.instances(&ireland(HOME), None).await.unwrap().items.is_empty());
    let error = cloud.instances(&ireland(SHOP), None).await.unwrap_err();
    assert_eq!(error.failure, ReadFailure::Credentials);
    assert!(error.detail.contains("belong to account 123456789012, not to 111122223333"), "{error}");
    let error = cloud.caller(&ireland(SHOP)).await.unwrap_err();
    assert_eq!((error.api, error.failure), ("sts:GetCallerIdentity", ReadFailure::Credentials));
    let error = cloud.instances(&ireland(BANK), None).await.unwrap_err();
    assert!(error.detail.contains("not configured"), "{error}");
}

#[tokio::test]
async fn no_credentials_is_said_in_one_sentence() {
    let scene = Scene::new().await;
    let mut base_only = settings(&[]);
    base_only.accounts = vec![without_role(HOME)];
    let by_role = settings(&[SHOP]);
    for (settings, account) in [(base_only, HOME), (by_role, SHOP)] {
        let cloud = AwsCloud::with_base(scene.without_credentials(), settings).unwrap();
        let error = cloud.instances(&ireland(account), None).await.unwrap_err();
        assert_eq!(error.failure, ReadFailure::Credentials, "{error}");
        assert!(error.detail.contains("none found in the environment"), "{error}");
    }
}

/// Run by the next test in a process of its own, because it reads the environment.
#[tokio::test]
#[ignore = "runs with the environment that its parent test gives"]
async fn connected_by_environment() {
    let region = Some(IRELAND.to_owned());
    let cloud = AwsCloud::connect(AwsSettings { base_region: region, ..settings(&[SHOP]) }).await.unwrap();
    match cloud.caller(&ireland(SHOP)).await {
        Ok(caller) => println!("\nread as {caller}"),
        Err(error) => println!("\nfailed: {error}"),
    }
}

#[tokio::test]
async fn the_environment_gives_endpoint_and_credentials() {
    let scene = Scene::new().await;
    let run = |keys: &[(&str, &str)]| {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "accounts::connected_by_environment", "--ignored", "--nocapture"]).env_clear();
        child.envs([("AWS_ENDPOINT_URL", scene.emulator.url.as_str()), ("AWS_EC2_METADATA_DISABLED", "true")]);
        let output = child.envs(keys.iter().copied()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let with = run(&[("AWS_ACCESS_KEY_ID", "AKIABASE"), ("AWS_SECRET_ACCESS_KEY", "secret")]);
    assert!(with.contains("read as arn:aws:sts::111122223333:assumed-role/reader/cattleguard"), "{with}");
    let without = run(&[]);
    assert!(without.contains("failed: sts:GetCallerIdentity in 111122223333/eu-west-1: no usable"), "{without}");
    assert!(without.contains("none found in the environment"), "{without}");
}

#[tokio::test]
async fn only_the_published_actions_are_called() {
    let scene = Scene::new().await;
    let (cloud, place, now) = (scene.cloud(), ireland(SHOP), jiff::Timestamp::now());
    let (node, kind) = (InstanceId::new("i-0feed0feed0feed00"), InventoryType::new("AWS:Application"));
    let group = TargetGroup { arn: "arn:gone".to_owned(), target_type: "ip".to_owned() };
    // Whether they find anything does not matter here.
    let _ = cloud.caller(&place).await;
    let _ = cloud.instances(&place, None).await;
    let _ = cloud.volumes(&place, None).await;
    let _ = cloud.images(&place, &["ami-0feed0feed0feed00".into()]).await;
    let _ = cloud.profile_associations(&place, None).await;
    let _ = cloud.addresses(&place).await;
    let _ = cloud.user_data(&place, &node).await;
    let _ = cloud.asg_members(&place, None).await;
    let _ = cloud.target_groups(&place, None).await;
    let _ = cloud.target_health(&place, &group).await;
    let _ = cloud.managed_nodes(&place, None).await;
    let _ = cloud.inventory(&place, &kind, &[], None).await;
    let _ = cloud.inventory_entries(&place, &node, &kind, None).await;
    let _ = cloud.lookup_events(&place, now, now, None).await;
    let _ = cloud.trails(&place).await;
    let _ = cloud.trail_status(&place, "arn:gone").await;
    let _ = cloud.trail_writes(&place, "arn:gone").await;
    let _ = cloud.public_keys(&place, now, now, None).await;
    let called: Vec<String> = cloud.calls().into_keys().collect();
    assert_eq!(called, READ_ACTIONS);
}

#[tokio::test]
async fn a_refused_role_does_not_touch_the_other_account() {
    let scene = Scene::new().await;
    let order = json!({"service": "ec2", "account": BANK, "kind": "denied", "times": 5});
    scene.emulator.steer("_faults", order).await;
    let cloud = scene.cloud();
    let mia = scene.person("mia@example.com", SHOP, IRELAND).await;
    mia.launch("ami-0123456789abcdef0", "web", 1).await;
    assert_eq!(cloud.instances(&ireland(BANK), None).await.unwrap_err().failure, ReadFailure::Denied);
    assert_eq!(cloud.instances(&ireland(SHOP), None).await.unwrap().items.len(), 1);
}
