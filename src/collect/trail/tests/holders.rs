//! Whom a change concerns that names no instance: who held the thing then, also when that is over by now.

use serde_json::{Value, json};

use super::super::batch::Batch;
use super::*;
use crate::store::Link;

/// The launch of the fleet in these tests.
const BORN: &str = "2026-03-01T12:00:00Z";

pub(super) fn raw(at: &str, on: &str, name: &str, request: &Value, response: &Value) -> String {
    json!({"eventVersion": "1.11", "eventID": format!("{name}-{at}"), "eventTime": format!("2026-03-02T{at}:00Z"),
        "eventSource": format!("{on}.amazonaws.com"), "eventName": name, "awsRegion": "eu-west-1",
        "recipientAccountId": "444455556666", "readOnly": false, "requestParameters": request, "responseElements": response,
        "userIdentity": {"type": "IAMUser", "userName": "maria", "accountId": "444455556666"}})
    .to_string()
}

/// A server of the web fleet that has been there since yesterday.
pub(super) fn server(id: &str, letter: char) -> Instance {
    let mut one = instance(id, letter, "10.20.0.5", [("app", "web"), ("env", "prod")]);
    one.launched_at = time(BORN);
    one.volumes[0].attached_at = Some(time(BORN));
    one
}

pub(super) fn read(records: &[String], now: &[Instance], remembered: &[Link]) -> (Vec<ChangeEvent>, Vec<Link>) {
    let mut batch = Batch::new(ClassifyContext::default());
    records.iter().for_each(|raw| batch.add(raw, "test"));
    let mut links = LinkMap::build(now, remembered);
    let collected = batch.finish(&mut links);
    assert!(collected.set_aside.is_empty(), "{:?}", collected.set_aside);
    (collected.events, links.links(time("2026-03-02T20:00:00Z")))
}

/// `name: instances {unresolved}` of each event.
pub(super) fn whose(records: &[String], now: &[Instance], remembered: &[Link]) -> Vec<String> {
    let list = |ids: &[crate::types::InstanceId]| {
        let letters: Vec<&str> = ids.iter().map(|id| id.as_str().get(3..4).unwrap_or("?")).collect();
        letters.concat()
    };
    let (events, _) = read(records, now, remembered);
    let shown =
        |event: &ChangeEvent| format!("{}: {} {{{}}}", event.id, list(&event.instances), event.unresolved.join(" "));
    events.iter().map(shown).collect()
}

/// What a scan at 08:00 remembers of these.
pub(super) fn memory(instances: &[Instance]) -> Vec<Link> {
    LinkMap::build(instances, &[]).links(time("2026-03-02T08:00:00Z"))
}

fn open_port(at: &str, group: &str) -> String {
    let request = json!({"groupId": group, "ipPermissions": {"items": [{"ipProtocol": "tcp", "fromPort": 22}]}});
    raw(at, "ec2", "AuthorizeSecurityGroupIngress", &request, &json!({"_return": true}))
}

fn attach_policy(at: &str, role: &str) -> String {
    raw(
        at,
        "iam",
        "AttachRolePolicy",
        &json!({"roleName": role, "policyArn": "arn:aws:iam::aws:policy/Admin"}),
        &Value::Null,
    )
}

fn terminate(at: &str, id: &str) -> String {
    raw(at, "ec2", "TerminateInstances", &json!({"instancesSet": {"items": [{"instanceId": id}]}}), &Value::Null)
}

#[test]
fn a_change_before_its_birth_concerns_no_server() {
    let mut late = server(B, 'b');
    late.launched_at = time("2026-03-02T10:00:00Z");
    late.volumes[0].attached_at = Some(time("2026-03-02T10:00:00Z"));
    let now = [server(A, 'a'), late];
    let suspend =
        raw("09:30", "autoscaling", "SuspendProcesses", &json!({"autoScalingGroupName": "web"}), &Value::Null);
    let records = [open_port("09:00", "sg-web"), attach_policy("09:10", "web"), suspend];
    let before: Vec<String> = whose(&records, &now, &[]);
    assert_eq!(
        before,
        ["AuthorizeSecurityGroupIngress-09:00: a {}", "AttachRolePolicy-09:10: a {}", "SuspendProcesses-09:30: a {}"]
    );
    let about = [open_port("09:58", "sg-web"), open_port("09:59", "sg-web"), open_port("10:01", "sg-web")];
    let got = whose(&about, &now, &[]);
    let clocks = ["09:58: a {}", "09:59: ab {}", "10:01: ab {}"];
    assert_eq!(got, clocks.map(|end| format!("AuthorizeSecurityGroupIngress-{end}")), "clocks differ by a minute");
}

#[test]
fn a_group_that_was_swapped_is_judged_by_when_it_was_there() {
    let before = memory(&[server(A, 'a')]);
    let mut now = server(A, 'a');
    now.interfaces[0].groups = vec!["sg-debug".into()];
    let request = json!({"networkInterfaceId": "eni-0a1", "groupSet": {"items": [{"groupId": "sg-debug"}]}});
    let swap = raw("12:00", "ec2", "ModifyNetworkInterfaceAttribute", &request, &json!({"_return": true}));
    let mut records = vec![swap];
    for at in ["11:00", "13:00"] {
        records.extend([open_port(at, "sg-web"), open_port(at, "sg-debug")]);
    }
    for (number, record) in records.iter_mut().enumerate() {
        *record = record.replacen("\"eventID\":\"", &format!("\"eventID\":\"{number}"), 1);
    }
    let got = whose(&records, &[now], &before);
    assert_eq!(
        got,
        [
            "1AuthorizeSecurityGroupIngress-11:00: a {}",
            "2AuthorizeSecurityGroupIngress-11:00:  {sg-debug}",
            "0ModifyNetworkInterfaceAttribute-12:00: a {}",
            "3AuthorizeSecurityGroupIngress-13:00:  {sg-web}",
            "4AuthorizeSecurityGroupIngress-13:00: a {}",
        ]
    );
}

#[test]
fn a_replaced_profile_concerns_the_server_until_it_was_replaced() {
    let before = memory(&[server(A, 'a')]);
    let mut now = server(A, 'a');
    now.instance_profile = Some("arn:aws:iam::444455556666:instance-profile/admin".to_owned());
    now.profile_association = Some("iip-assoc-0f9".to_owned());
    let request = json!({"ReplaceIamInstanceProfileAssociationRequest": {"AssociationId": "iip-assoc-0a1",
        "IamInstanceProfile": {"Name": "admin"}}});
    let replace = raw("12:00", "ec2", "ReplaceIamInstanceProfileAssociation", &request, &Value::Null);
    let add = |at: &str| {
        let request = json!({"instanceProfileName": "web", "roleName": "web-role"});
        raw(at, "iam", "AddRoleToInstanceProfile", &request, &Value::Null)
    };
    let got = whose(&[add("13:00"), replace, add("11:00"), attach_policy("14:00", "admin")], &[now], &before);
    assert_eq!(
        got,
        [
            "AddRoleToInstanceProfile-11:00: a {}",
            "ReplaceIamInstanceProfileAssociation-12:00: a {}",
            "AddRoleToInstanceProfile-13:00:  {profile:web}",
            "AttachRolePolicy-14:00: a {}",
        ]
    );
}

#[test]
fn a_server_that_is_gone_is_named_for_what_was_done_while_it_lived() {
    let before = memory(&[server(A, 'a'), server(B, 'b')]);
    let records = [
        terminate("12:00", B),
        open_port("11:00", "sg-web"),
        open_port("13:00", "sg-web"),
        raw("11:30", "ec2", "ModifyVolumeAttribute", &json!({"volumeId": "vol-0b1"}), &Value::Null),
    ];
    let got = whose(&records, &[server(A, 'a')], &before);
    assert_eq!(
        got,
        [
            "AuthorizeSecurityGroupIngress-11:00: ab {}",
            "ModifyVolumeAttribute-11:30: b {}",
            "AuthorizeSecurityGroupIngress-13:00: a {}"
        ]
    );
    let denied = terminate("10:00", A)
        .replace("\"responseElements\"", "\"errorCode\":\"Client.DryRunOperation\",\"responseElements\"");
    let got = whose(&[denied, open_port("11:00", "sg-web")], &[server(A, 'a')], &before);
    assert_eq!(got, ["AuthorizeSecurityGroupIngress-11:00: a {}"], "nobody was terminated");
}

#[test]
fn a_server_that_came_and_went_between_two_scans_is_known_by_its_launch() {
    let response = json!({"instancesSet": {"items": [{"instanceId": C, "groupSet": {"items": [{"groupId": "sg-web"}]},
        "iamInstanceProfile": {"arn": "arn:aws:iam::444455556666:instance-profile/apps/web", "id": "AIPA"},
        "networkInterfaceSet": {"items": [{"networkInterfaceId": "eni-0c1", "groupSet": {"items": [{"groupId": "sg-web"}]}}]}}]}});
    let run = raw("10:00", "ec2", "RunInstances", &json!({}), &response);
    let records = [
        run,
        terminate("12:00", C),
        open_port("09:00", "sg-web"),
        open_port("11:00", "sg-web"),
        attach_policy("11:10", "web"),
        open_port("13:00", "sg-web"),
    ];
    let got = whose(&records, &[server(A, 'a')], &[]);
    let ends: Vec<&str> = got.iter().map(|line| line.split_once(": ").unwrap().1).collect();
    assert_eq!(ends, ["a {}", "ac {}", "ac {}", "a {}"]);
}

#[test]
fn a_call_to_a_tag_concerns_those_that_lived_and_its_id_is_known_afterwards() {
    let targets = json!([{"key": "tag:app", "values": ["web"]}]);
    let command = json!({"command": {"commandId": "c0ffee00-1111"}});
    let send = raw(
        "09:00",
        "ssm",
        "SendCommand",
        &json!({"documentName": "AWS-RunShellScript", "targets": targets}),
        &command,
    );
    let cancel = raw("09:05", "ssm", "CancelCommand", &json!({"commandId": "c0ffee00-1111"}), &Value::Null);
    let now = [server(A, 'a'), server(B, 'b')];
    let got = whose(&[cancel.clone(), send], &now, &[]);
    assert_eq!(got, ["SendCommand-09:00: ab {}", "CancelCommand-09:05: ab {}"]);
    assert_eq!(whose(&[cancel], &now, &[]), ["CancelCommand-09:05:  {c0ffee00-1111}"], "unresolved, and not dropped");

    let created = json!({"associationDescription": {"associationId": "0e0e0e0e-2222"}});
    let create =
        raw("09:10", "ssm", "CreateAssociation", &json!({"name": "AWS-RunShellScript", "targets": targets}), &created);
    let (_, links) = read(&[create], &now, &[]);
    let once =
        raw("19:00", "ssm", "StartAssociationsOnce", &json!({"associationIds": ["0e0e0e0e-2222"]}), &Value::Null);
    assert_eq!(whose(&[once], &now, &links), ["StartAssociationsOnce-19:00: ab {}"], "by a later scan");
}

#[test]
fn all_nodes_are_all_and_a_resource_group_stays_unresolved() {
    let send = |at: &str, targets: Value| {
        raw(at, "ssm", "SendCommand", &json!({"documentName": "AWS-RunShellScript", "targets": targets}), &Value::Null)
    };
    let records = [
        send("09:00", json!([{"key": "InstanceIds", "values": ["*"]}])),
        send("09:01", json!([{"key": "resource-groups:Name", "values": ["web-fleet"]}])),
        send("09:02", json!([{"key": "tag:app", "values": ["web"]}, {"key": "tag:env", "values": ["test"]}])),
        send("09:03", json!([{"key": "tag-key", "values": ["env"]}])),
    ];
    let got = whose(&records, &[server(A, 'a'), server(B, 'b')], &[]);
    assert_eq!(
        got,
        [
            "SendCommand-09:00: ab {}",
            "SendCommand-09:01:  {resource-groups:Name=web-fleet}",
            "SendCommand-09:02:  {tag:app=web & tag:env=test}",
            "SendCommand-09:03: ab {}",
        ]
    );
}

#[test]
fn templates_images_environments_and_target_groups_are_known_by_what_servers_say_of_them() {
    let mut one = server(A, 'a');
    one.tags.insert("aws:ec2launchtemplate:id".to_owned(), "lt-0a1".to_owned());
    one.tags.insert("elasticbeanstalk:environment-name".to_owned(), "shop".to_owned());
    one.tags.insert("aws:elasticmapreduce:job-flow-id".to_owned(), "j-0A1".to_owned());
    let group = "arn:aws:elasticloadbalancing:eu-west-1:444455556666:targetgroup/web/0a1b";
    one.targets.push(crate::types::TargetMembership {
        target_group: group.to_owned(),
        health: "healthy".to_owned(),
        port: None,
        healthy_in_group: 2,
        healthy_in_zone: 1,
    });
    let template = json!({"ModifyLaunchTemplateRequest": {"LaunchTemplateName": "web", "SetDefaultVersion": "7"}});
    let answer = json!({"ModifyLaunchTemplateResponse": {"launchTemplate": {"launchTemplateId": "lt-0a1"}}});
    let records = [
        raw("09:00", "ec2", "ModifyLaunchTemplate", &template, &answer),
        raw("09:02", "elasticloadbalancing", "ModifyTargetGroup", &json!({"targetGroupArn": group}), &Value::Null),
        raw(
            "09:01",
            "elasticloadbalancing",
            "RegisterTargets",
            &json!({"targetGroupArn": group, "targets": [{"id": "10.20.0.5"}]}),
            &Value::Null,
        ),
        raw("09:03", "ec2", "DeregisterImage", &json!({"imageId": "ami-0111"}), &Value::Null),
        raw("09:04", "elasticbeanstalk", "UpdateEnvironment", &json!({"environmentName": "shop"}), &Value::Null),
        raw("09:05", "elasticmapreduce", "AddJobFlowSteps", &json!({"jobFlowId": "j-0A1"}), &Value::Null),
    ];
    let got = whose(&records, &[one], &[]);
    assert!(got.len() == 6 && got.iter().all(|line| line.ends_with(": a {}")), "{got:#?}");
}

#[test]
fn the_role_of_a_server_is_known_by_what_its_agent_reports() {
    let mut report: Value = serde_json::from_str(&raw("09:00", "ssm", "PutInventory",
        &json!({"instanceId": A, "items": [{"typeName": "AWS:Application", "contentHash": "q", "schemaVersion": "1.1"}]}), &Value::Null)).unwrap();
    report["userIdentity"] = json!({"type": "AssumedRole", "accountId": "444455556666", "principalId": format!("AROA:{A}"),
        "arn": format!("arn:aws:sts::444455556666:assumed-role/shop-Role-1X2Y/{A}"),
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": "arn:aws:iam::444455556666:role/apps/shop-Role-1X2Y"}}});
    let (_, links) = read(&[report.to_string()], &[server(A, 'a')], &[]);
    let change = [attach_policy("11:00", "shop-Role-1X2Y")];
    assert_eq!(whose(&change, &[server(A, 'a')], &links), ["AttachRolePolicy-11:00: a {}"]);
    assert_eq!(whose(&change, &[server(A, 'a')], &[]), ["AttachRolePolicy-11:00:  {role:shop-Role-1X2Y}"]);
}

#[test]
fn what_is_changed_for_a_subnet_a_patch_group_or_a_container_instance_concerns_its_servers() {
    let mut one = server("i-0a11111111111111a", 'a');
    one.subnet = Some("subnet-1".to_owned());
    let mut two = server("i-0b22222222222222b", 'b');
    two.subnet = Some("subnet-2".to_owned());
    two.tags.insert("Patch Group".to_owned(), "weekly".to_owned());
    let routed = |at, subnet: &str| {
        raw(at, "ec2", "AssociateRouteTable", &json!({"routeTableId": "rtb-1", "subnetId": subnet}), &Value::Null)
    };
    let arn = "arn:aws:ecs:eu-west-1:444455556666:container-instance/web/0a1b";
    let joined = json!({"containerInstance": {"containerInstanceArn": arn, "ec2InstanceId": "i-0b22222222222222b"}});
    let baseline = json!({"patchGroup": "weekly", "baselineId": "pb-1"});
    let records = [
        routed("09:00", "subnet-1"),
        routed("09:01", "subnet-9"),
        raw("09:02", "ssm", "RegisterPatchBaselineForPatchGroup", &baseline, &Value::Null),
        raw("09:03", "ecs", "RegisterContainerInstance", &json!({"cluster": "web"}), &joined),
        raw("09:04", "ecs", "UpdateContainerAgent", &json!({"cluster": "web", "containerInstance": arn}), &Value::Null),
        raw(
            "09:05",
            "ecs",
            "UpdateContainerAgent",
            &json!({"cluster": "web", "containerInstance": "0a1b"}),
            &Value::Null,
        ),
    ];
    let now = [one, two];
    assert_eq!(
        whose(&records, &now, &[]),
        [
            "AssociateRouteTable-09:00: a {}",
            "AssociateRouteTable-09:01:  {subnet-9}",
            "RegisterPatchBaselineForPatchGroup-09:02: b {}",
            "RegisterContainerInstance-09:03: b {}",
            "UpdateContainerAgent-09:04: b {}",
            "UpdateContainerAgent-09:05:  {0a1b}",
        ]
    );
    let (_, remembered) = read(&records[3..4], &now, &[]);
    assert_eq!(
        whose(&records[4..5], &now, &remembered),
        ["UpdateContainerAgent-09:04: b {}"],
        "by a later scan as well"
    );
}
