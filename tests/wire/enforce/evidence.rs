//! Console output, parameters, alarms, fresh inventory.

use cattleguard::collect::CloudRead;
use cattleguard::plan::AlarmState;
use cattleguard::remediate::{CloudProbe, Output, WriteCall, WriteFailure};
use cattleguard::types::InventoryType;
use jiff::Timestamp;
use serde_json::json;

use super::Yard;
use crate::scene::{IRELAND, SHOP};

#[tokio::test]
async fn the_console_is_read_and_nobody_has_none() {
    let yard = Yard::new().await;
    let output = yard.enforcer.console_output(&yard.place, &yard.server).await.unwrap().unwrap();
    assert!(output.contains("Linux"), "{output}");
    let nobody = "i-0feed0feed0feed00".into();
    assert_eq!(yard.enforcer.console_output(&yard.place, &nobody).await.unwrap(), None);
}

#[tokio::test]
async fn an_older_hypervisor_is_asked_without_latest() {
    let yard = Yard::new().await;
    let order = json!({"action": "GetConsoleOutput", "kind": "error", "code": "UnsupportedOperation", "times": 1});
    yard.scene.emulator.steer("_faults", order).await;
    assert!(yard.enforcer.console_output(&yard.place, &yard.server).await.unwrap().is_some());
    assert_eq!(yard.enforcer.calls().get("ec2:GetConsoleOutput"), Some(&2));
}

#[tokio::test]
async fn a_parameter_is_read_or_absent() {
    let yard = Yard::new().await;
    let name = "/cattleguard/enforcement";
    assert_eq!(yard.enforcer.parameter(&yard.place, name).await.unwrap(), None);
    let put = yard.mia.ssm.put_parameter().name(name).value("on").r#type(aws_sdk_ssm::types::ParameterType::String);
    put.send().await.unwrap();
    assert_eq!(yard.enforcer.parameter(&yard.place, name).await.unwrap().as_deref(), Some("on"));
    let order = json!({"action": "GetParameter", "kind": "denied", "times": 1});
    yard.scene.emulator.steer("_faults", order).await;
    let error = yard.enforcer.parameter(&yard.place, name).await.unwrap_err();
    assert_eq!(error.failure, cattleguard::collect::ReadFailure::Denied, "unreadable is not absent");
}

#[tokio::test]
async fn alarms_are_told_by_name() {
    let yard = Yard::new().await;
    for (name, state, composite) in
        [("5xx", "ALARM", false), ("cpu", "OK", false), ("all", "OK", true), ("new", "INSUFFICIENT_DATA", false)]
    {
        let order = json!({"account": SHOP, "region": IRELAND, "name": name, "state": state, "composite": composite});
        yard.scene.emulator.steer("_alarms", order).await;
    }
    let names = ["5xx", "cpu", "all", "new", "gone"].map(str::to_owned);
    let found = yard.enforcer.alarms(&yard.place, &names).await.unwrap();
    let states = names.each_ref().map(|name| found.get(name).copied());
    use AlarmState::{Firing, Ok, Unknown};
    assert_eq!(states, [Some(Firing), Some(Ok), Some(Ok), Some(Unknown), None], "what is nowhere says nothing");
    assert!(yard.enforcer.alarms(&yard.place, &[]).await.unwrap().is_empty());
}

async fn report(yard: &Yard) {
    let item = json!({"TypeName": "AWS:Application", "SchemaVersion": "1.1", "CaptureTime": "2026-01-01T00:00:00Z",
        "Content": [{"Name": "openssl", "Version": "3.0.7"}]});
    let body = json!({"InstanceId": yard.server.as_str(), "Items": [item]});
    yard.scene.emulator.json_call(&yard.mia.key, IRELAND, "ssm", "AmazonSSM.PutInventory", body).await;
}

async fn captured(yard: &Yard) -> Timestamp {
    let kind = InventoryType::new("AWS:Application");
    let page = yard.scene.cloud().inventory_entries(&yard.place, &yard.server, &kind, None).await.unwrap();
    page.items[0].captured_at.unwrap()
}

#[tokio::test]
async fn one_node_reports_its_inventory_now() {
    for content in [true, false] {
        let yard = Yard::new().await;
        yard.scene.emulator.steer("_associations", json!({"content": content})).await;
        report(&yard).await;
        let before = captured(&yard).await;
        let answered = yard.call(WriteCall::RefreshInventory { instance: yard.server.clone() }).await;
        assert!(matches!(answered.output, Output::Task(_)), "{answered:?}");
        assert!(captured(&yard).await > before);
        assert_eq!(yard.enforcer.calls().get("ssm:SendCommand"), Some(&1));
    }
}

#[tokio::test]
async fn a_node_that_is_not_managed_cannot_report() {
    let yard = Yard::new().await;
    let error = yard.try_call(&WriteCall::RefreshInventory { instance: yard.server.clone() }).await.unwrap_err();
    assert_eq!(error.failure, WriteFailure::NotFound, "{error}");
    assert_eq!(yard.enforcer.calls().get("ssm:SendCommand"), None, "an empty list would run everything");
}
