//! Target groups.

use cattleguard::remediate::{CloudProbe, WriteCall, WriteFailure};

use super::Yard;
use crate::grounds;

async fn target_group(yard: &Yard) -> String {
    grounds::target_group(&yard.mia, "web", &yard.detail().await.vpc.unwrap()).await
}

#[tokio::test]
async fn a_target_is_registered_drains_and_is_gone() {
    let yard = Yard::new().await;
    let group = target_group(&yard).await;
    let target = yard.server.to_string();
    let register =
        WriteCall::RegisterTarget { group: group.clone(), target: target.clone(), port: Some(8080), zone: None };
    yard.call(register).await;
    let found = yard.enforcer.targets(&yard.place, &group).await.unwrap();
    assert_eq!((found.len(), &found[0].target, found[0].port), (1, &target, Some(8080)));
    assert_eq!(found[0].state, "healthy");
    let deregister = |port| WriteCall::DeregisterTarget { group: group.clone(), target: target.clone(), port };
    yard.call(deregister(None)).await;
    let found = yard.enforcer.targets(&yard.place, &group).await.unwrap();
    assert_eq!(found[0].state, "healthy", "the group's own port is another registration");
    yard.call(deregister(Some(8080))).await;
    let mut states = Vec::new();
    for _ in 0..3 {
        states.extend(yard.enforcer.targets(&yard.place, &group).await.unwrap().into_iter().map(|one| one.state));
    }
    assert_eq!(states, ["draining", "draining"]);
    yard.call(deregister(Some(8080))).await;
}

#[tokio::test]
async fn a_target_that_does_not_run_is_a_conflict() {
    let yard = Yard::new().await;
    let group = target_group(&yard).await;
    yard.call(WriteCall::Stop { instance: yard.server.clone() }).await;
    let target = yard.server.to_string();
    let error =
        yard.try_call(&WriteCall::RegisterTarget { group, target: target.clone(), port: None, zone: None }).await;
    assert_eq!(error.unwrap_err().failure, WriteFailure::Conflict);
    let group = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/gone/0123456789abcdef".to_owned();
    let error = yard.try_call(&WriteCall::DeregisterTarget { group, target, port: None }).await.unwrap_err();
    assert_eq!(error.failure, WriteFailure::NotFound, "{error}");
}
