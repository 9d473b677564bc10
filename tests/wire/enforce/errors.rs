//! What a failed call says of what may have happened.

use std::time::Duration;

use cattleguard::aws::{AwsEnforcer, AwsSettings};
use cattleguard::remediate::{CloudWrite, WriteCall, WriteFailure};
use serde_json::json;

use super::Yard;
use crate::scene::{SHOP, settings};

fn stop(yard: &Yard) -> WriteCall {
    WriteCall::Stop { instance: yard.server.clone() }
}

async fn fault(yard: &Yard, action: &str, kind: &str) {
    yard.scene.emulator.steer("_faults", json!({"action": action, "kind": kind, "times": 1})).await;
}

#[tokio::test]
async fn each_failure_is_told_once_and_not_tried_again() {
    let yard = Yard::new().await;
    for (kind, failure) in [
        ("denied", WriteFailure::Denied),
        ("throttle", WriteFailure::Throttled),
        ("5xx", WriteFailure::Unavailable),
        ("reset", WriteFailure::Timeout),
        ("garbage", WriteFailure::Unavailable),
    ] {
        fault(&yard, "StopInstances", kind).await;
        let before = yard.enforcer.calls().get("ec2:StopInstances").copied().unwrap_or(0);
        let error = yard.try_call(&stop(&yard)).await.unwrap_err();
        assert_eq!((error.api, error.failure), ("ec2:StopInstances", failure), "{error}");
        assert_eq!(yard.enforcer.calls().get("ec2:StopInstances"), Some(&(before + 1)), "{kind}");
        assert_eq!(yard.detail().await.instance.state, "running", "{kind}");
    }
}

#[tokio::test]
async fn a_lost_answer_is_a_timeout_of_a_call_that_happened() {
    let yard = Yard::new().await;
    fault(&yard, "StopInstances", "lost").await;
    let error = yard.try_call(&stop(&yard)).await.unwrap_err();
    assert_eq!(error.failure, WriteFailure::Timeout, "{error}");
    assert_eq!(yard.detail().await.instance.state, "stopped", "it is asked, not repeated");
    assert_eq!(yard.enforcer.calls().get("ec2:StopInstances"), Some(&1));
}

#[tokio::test]
async fn silence_is_a_timeout() {
    let yard = Yard::new().await;
    fault(&yard, "StopInstances", "hang").await;
    let impatient = AwsSettings { attempt_timeout: Duration::from_millis(500), ..settings(&[SHOP]) };
    let enforcer = AwsEnforcer::with_base(yard.scene.base(), impatient).unwrap();
    let error = enforcer.call(&yard.context(), &stop(&yard)).await.unwrap_err();
    assert_eq!(error.failure, WriteFailure::Timeout, "{error}");
    assert_eq!(enforcer.calls().get("ec2:StopInstances"), Some(&1));
}

#[tokio::test]
async fn states_and_absence_are_told_apart() {
    let yard = Yard::new().await;
    yard.call(WriteCall::SetTerminationProtection { instance: yard.server.clone(), on: true }).await;
    let error = yard.try_call(&WriteCall::Terminate { instance: yard.server.clone() }).await.unwrap_err();
    assert_eq!(error.failure, WriteFailure::Conflict, "{error}");
    let error = yard.try_call(&WriteCall::Stop { instance: "i-0feed0feed0feed00".into() }).await.unwrap_err();
    assert_eq!(error.failure, WriteFailure::NotFound, "{error}");
    for (code, failure) in
        [("ScalingActivityInProgress", WriteFailure::Conflict), ("VolumeInUse", WriteFailure::Conflict)]
    {
        let order = json!({"action": "StopInstances", "kind": "error", "code": code, "times": 1});
        yard.scene.emulator.steer("_faults", order).await;
        assert_eq!(yard.try_call(&stop(&yard)).await.unwrap_err().failure, failure);
    }
}

#[tokio::test]
async fn a_rehearsal_changes_nothing_and_tells_a_refusal() {
    let yard = Yard::new().await;
    yard.enforcer.rehearse(&yard.context(), &stop(&yard)).await.unwrap();
    let terminate = WriteCall::Terminate { instance: yard.server.clone() };
    yard.enforcer.rehearse(&yard.context(), &terminate).await.unwrap();
    assert_eq!(yard.detail().await.instance.state, "running");
    fault(&yard, "TerminateInstances", "denied").await;
    let error = yard.enforcer.rehearse(&yard.context(), &terminate).await.unwrap_err();
    assert_eq!(error.failure, WriteFailure::Denied, "{error}");
    let standby = WriteCall::EnterStandby { group: "gone".to_owned(), instance: yard.server.clone(), decrement: false };
    yard.enforcer.rehearse(&yard.context(), &standby).await.unwrap();
    assert_eq!(yard.enforcer.calls().get("autoscaling:EnterStandby"), None, "there is no dry run to ask");
}
