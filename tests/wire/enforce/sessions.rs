//! As whom calls are made: a session for each operation, narrowed to its instances.

use cattleguard::aws::AwsEnforcer;
use cattleguard::collect::ReadFailure;
use cattleguard::remediate::{CallContext, CloudProbe, CloudWrite, WriteCall, WriteFailure};
use serde_json::{Value, json};

use super::Yard;
use crate::scene::{EXTERNAL_ID, HOME, SHOP, enforcer, ireland, settings};

/// The trail's records of one call, oldest first.
async fn recorded(yard: &Yard, account: &str, name: &str) -> Vec<Value> {
    let person = yard.scene.person("auditor", account, &yard.mia.region).await;
    let trail = aws_sdk_cloudtrail::Client::new(&person.config);
    let events = trail.lookup_events().send().await.unwrap().events.unwrap();
    let records = events.into_iter().filter_map(|event| event.cloud_trail_event);
    let mut records: Vec<Value> = records.map(|text| serde_json::from_str(&text).unwrap()).collect();
    records.retain(|record| record["eventName"] == name);
    records.reverse();
    records
}

#[tokio::test]
async fn calls_are_made_in_the_name_of_the_operation() {
    let yard = Yard::new().await;
    let answered = yard.call(WriteCall::Stop { instance: yard.server.clone() }).await;
    let records = recorded(&yard, SHOP, "StopInstances").await;
    let arn = records[0]["userIdentity"]["arn"].as_str().unwrap();
    assert_eq!(arn, format!("arn:aws:sts::{SHOP}:assumed-role/enforcer/cattleguard-{}", yard.operation));
    assert_eq!(records[0]["requestID"].as_str(), answered.request_id.as_deref(), "the trail knows the call by its id");
    assert_eq!(yard.enforcer.principal(&yard.place).await.unwrap(), enforcer(SHOP));
}

#[tokio::test]
async fn sessions_are_narrowed_to_what_the_operation_is_about() {
    let yard = Yard::new().await;
    yard.call(WriteCall::Stop { instance: yard.server.clone() }).await;
    yard.call(WriteCall::Start { instance: yard.server.clone() }).await;
    let other = yard.another().await;
    let context = CallContext { replacement: Some(&other), ..yard.context() };
    yard.enforcer.call(&context, &WriteCall::Stop { instance: other.clone() }).await.unwrap();
    yard.detail().await;
    let sessions: Vec<Value> = recorded(&yard, HOME, "AssumeRole").await;
    let policies: Vec<(String, Value)> = sessions
        .iter()
        .map(|record| &record["requestParameters"])
        .filter(|asked| asked["roleArn"] == enforcer(SHOP))
        .map(|asked| {
            assert_eq!(asked["externalId"], EXTERNAL_ID);
            assert_eq!(asked["sourceIdentity"], "cattleguard-tests");
            let policy = serde_json::from_str(asked["policy"].as_str().unwrap()).unwrap();
            (asked["roleSessionName"].as_str().unwrap().to_owned(), policy)
        })
        .collect();
    let mut names: Vec<&str> = policies.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    let named = format!("cattleguard-{}", yard.operation);
    assert_eq!(names, ["cattleguard", &named, &named], "one to look, one for the old, one for both");
    let arn = |id| format!("arn:aws:ec2:eu-west-1:{SHOP}:instance/{id}");
    let narrowed: Vec<&Value> = policies
        .iter()
        .filter(|(name, _)| *name == named)
        .map(|(_, policy)| &policy["Statement"][0]["Resource"])
        .collect();
    assert!(narrowed.contains(&&json!([arn(&yard.server)])), "{narrowed:?}");
    assert!(narrowed.contains(&&json!([arn(&yard.server), arn(&other)])), "{narrowed:?}");
}

#[tokio::test]
async fn an_enforcing_role_that_is_refused_changes_nothing() {
    let yard = Yard::new().await;
    let mut settings = settings(&[SHOP]);
    settings.accounts[0].external_id = Some("guessed".into());
    let enforcer = AwsEnforcer::with_base(yard.scene.base(), settings).unwrap();
    let stop = WriteCall::Stop { instance: yard.server.clone() };
    let error = enforcer.call(&yard.context(), &stop).await.unwrap_err();
    assert_eq!(error.failure, WriteFailure::Credentials, "{error}");
    assert!(error.detail.contains("cannot assume") && !error.to_string().contains("guessed"), "{error}");
    let error = enforcer.instance(&yard.place, &yard.server).await.unwrap_err();
    assert_eq!(error.failure, ReadFailure::Denied, "{error}");
    assert_eq!(yard.detail().await.instance.state, "running");
}

#[tokio::test]
async fn without_an_enforcing_role_the_reading_credentials_are_used() {
    let yard = Yard::new().await;
    let mut settings = settings(&[SHOP]);
    settings.accounts[0].enforce_role = None;
    let enforcer = AwsEnforcer::with_base(yard.scene.base(), settings).unwrap();
    enforcer.call(&yard.context(), &WriteCall::Stop { instance: yard.server.clone() }).await.unwrap();
    let records = recorded(&yard, SHOP, "StopInstances").await;
    let arn = format!("arn:aws:sts::{SHOP}:assumed-role/reader/cattleguard");
    assert_eq!(records[0]["userIdentity"]["arn"], arn);
    assert_eq!(enforcer.principal(&yard.place).await.unwrap(), format!("arn:aws:iam::{SHOP}:role/reader"));
}

#[tokio::test]
async fn base_credentials_change_only_their_own_account() {
    let yard = Yard::new().await;
    let mut settings = settings(&[]);
    settings.accounts = vec![cattleguard::aws::AwsAccount::new(SHOP), cattleguard::aws::AwsAccount::new(HOME)];
    let enforcer = AwsEnforcer::with_base(yard.scene.base(), settings).unwrap();
    let stop = WriteCall::Stop { instance: yard.server.clone() };
    let error = enforcer.call(&yard.context(), &stop).await.unwrap_err();
    assert_eq!(error.failure, WriteFailure::Credentials, "{error}");
    assert_eq!(enforcer.calls().get("ec2:StopInstances"), None);
    let home = ireland(HOME);
    let context = CallContext { place: &home, ..yard.context() };
    let error = enforcer.call(&context, &stop).await.unwrap_err();
    assert_eq!(error.failure, WriteFailure::NotFound, "{error}");
}
