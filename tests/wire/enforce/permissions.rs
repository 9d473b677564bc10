//! What the enforcing principal may do, and that the printed policy is enough.

use std::path::Path;

use cattleguard::app::{config, iam_policy};
use cattleguard::collect::ReadFailure;
use cattleguard::remediate::{
    CloudProbe, CutMode, Method, Moves, PROBE_ACTIONS, RoleDetail, Settings, WriteCall, actions_for,
};
use cattleguard::types::OperationKind;
use serde_json::json;

use super::Yard;
use crate::grounds::launch_template;
use crate::scene::{SHOP, enforcer};

async fn grant(yard: &Yard, document: &str) {
    let iam = aws_sdk_iam::Client::new(&yard.mia.config);
    iam.put_role_policy().role_name("enforcer").policy_name("p").policy_document(document).send().await.unwrap();
}

fn printed(roles: &[String]) -> String {
    let text = format!(
        "[[account]]\nid = \"{SHOP}\"\nregions = [\"eu-west-1\"]\nenforce_role = \"{}\"\n\
         [[fleet]]\nname = \"web\"\ngolden = \"web\"\nselect = {{ tags = {{ app = \"web\" }} }}\n",
        enforcer(SHOP)
    );
    let (config, _) = config::parse("test.toml", Path::new("/"), &text, &[], &[]).unwrap();
    iam_policy::enforce_policy(&config, roles).to_string()
}

#[tokio::test]
async fn the_printed_policy_lacks_nothing() {
    let yard = Yard::new().await;
    grant(&yard, &printed(&["arn:aws:iam::111122223333:role/web".to_owned()])).await;
    let moves = Moves { addresses: true, private_ips: true, interfaces: true, volumes: true };
    for (cut, method) in [(CutMode::Nacl, Method::Launch), (CutMode::Stop, Method::RootVolume)] {
        let settings = Settings { cut, method, moves, ..Settings::default() };
        let actions = actions_for(OperationKind::Rollback, &settings);
        assert_eq!(yard.enforcer.missing_permissions(&yard.place, &actions).await.unwrap(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let yard = Yard::new().await;
    let few = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["ec2:*", "iam:SimulatePrincipalPolicy"], "Resource": "*"},
        {"Effect": "Deny", "Action": ["ec2:TerminateInstances", "iam:PassRole"], "Resource": "*"},
    ]});
    grant(&yard, &few.to_string()).await;
    let asked = ["ec2:StopInstances", "ec2:TerminateInstances", "iam:PassRole", "autoscaling:EnterStandby"];
    let missing = yard.enforcer.missing_permissions(&yard.place, &asked).await.unwrap();
    assert_eq!(missing, ["ec2:TerminateInstances", "iam:PassRole", "autoscaling:EnterStandby"]);
}

#[tokio::test]
async fn a_refused_simulation_is_an_error_and_no_empty_list() {
    let yard = Yard::new().await;
    let order = json!({"action": "SimulatePrincipalPolicy", "kind": "denied", "times": 10});
    yard.scene.emulator.steer("_faults", order).await;
    let error = yard.enforcer.missing_permissions(&yard.place, &["ec2:StopInstances"]).await.unwrap_err();
    assert_eq!(error.failure, ReadFailure::Denied, "{error}");
}

/// Every probe, whether it finds anything or not: what they call is what is asked for.
#[tokio::test]
async fn only_the_published_actions_are_called_to_look() {
    let yard = Yard::new().await;
    let (probe, place) = (&yard.enforcer, &yard.place);
    let scaling = aws_sdk_autoscaling::Client::new(&yard.mia.config);
    let request =
        scaling.create_launch_configuration().launch_configuration_name("old").image_id("ami-0123456789abcdef0");
    request.instance_type("t3.micro").send().await.unwrap();
    let request = scaling.create_auto_scaling_group().auto_scaling_group_name("old").launch_configuration_name("old");
    let subnet = yard.subnet(0).await.0;
    request.min_size(0).max_size(1).vpc_zone_identifier(&subnet).send().await.unwrap();
    launch_template(&yard.mia, "web", "ami-0123456789abcdef0").await;
    let template = aws_sdk_autoscaling::types::LaunchTemplateSpecification::builder().launch_template_name("web");
    let request = scaling.create_auto_scaling_group().auto_scaling_group_name("new").launch_template(template.build());
    request.min_size(0).max_size(1).vpc_zone_identifier(&subnet).send().await.unwrap();
    yard.scene
        .emulator
        .steer("_nodes", json!({"account": SHOP, "region": "eu-west-1", "instance": yard.server.as_str()}))
        .await;
    yard.scene.emulator.steer("_associations", json!({"content": false})).await;

    let _ = probe.instance(place, &yard.server).await;
    let _ = probe.launched_with(place, "t").await;
    let _ = probe.status(place, &yard.server).await;
    let _ = probe.targets(place, "arn:gone").await;
    let _ = probe.group(place, "old").await;
    let _ = probe.group(place, "new").await;
    let _ = probe.snapshots(place, "k", "v").await;
    let _ = probe.volumes(place, &["vol-0feed0feed0feed00".into()]).await;
    let _ = probe.root_replacements(place, &yard.server).await;
    let _ = probe.security_group(place, "vpc-1", "web").await;
    let _ = probe.subnet_acl(place, &subnet).await;
    let _: Result<Option<RoleDetail>, _> = probe.role_of(place, "arn:aws:iam::111122223333:instance-profile/web").await;
    let _ = probe.role_policy(place, "web", "p").await;
    let _ = probe.console_output(place, &yard.server).await;
    let _ = probe.parameter(place, "/p").await;
    let _ = probe.alarms(place, &["a".to_owned()]).await;
    let _ = probe.missing_permissions(place, &["ec2:StopInstances"]).await;
    let _ = yard.try_call(&WriteCall::RefreshInventory { instance: yard.server.clone() }).await;
    let mut called: Vec<String> = probe.calls().into_keys().collect();
    called.retain(|call| !matches!(call.as_str(), "sts:AssumeRole" | "ssm:SendCommand"));
    let mut published: Vec<&str> = PROBE_ACTIONS.to_vec();
    // Asked only of credentials that are no enforcing role.
    published.retain(|action| !matches!(*action, "iam:GetRole" | "sts:GetCallerIdentity"));
    assert_eq!(called, published);
}
