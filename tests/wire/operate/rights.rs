//! `iam-policy` beside the calls that the emulator saw: what is printed is what is needed, no more.
//!
//! That nothing more is *needed* every test here shows: the enforcing role has only what is printed. This one shows that
//! nothing more is *printed*, but for what is named here with its reason.

use std::collections::BTreeSet;

use serde_json::Value;

use super::site::Site;

/// Printed for the reading role, and not called on the way here: a scan of the event history has no digest files.
const NOT_READ: &[&str] = &["cloudtrail:ListPublicKeys"];

/// Printed for the enforcing role, and not called by these operations. Other tests make these calls with the same
/// rights: what a fleet may move, root volumes, cuts by network ACL, profiles, groups in standby, alarms, the kill
/// switch's parameter. Keys are used by EC2 in our name.
const NOT_ENFORCED: &[&str] = &[
    "autoscaling:AttachInstances",
    "autoscaling:DescribeLaunchConfigurations",
    "autoscaling:EnterStandby",
    "autoscaling:ExitStandby",
    "autoscaling:SetDesiredCapacity",
    "autoscaling:SetInstanceProtection",
    "cloudwatch:DescribeAlarms",
    "ec2:AssignPrivateIpAddresses",
    "ec2:AssociateAddress",
    "ec2:AssociateIamInstanceProfile",
    "ec2:AttachNetworkInterface",
    "ec2:AttachVolume",
    "ec2:CreateNetworkAclEntry",
    "ec2:CreateReplaceRootVolumeTask",
    "ec2:DeleteNetworkAclEntry",
    "ec2:DescribeNetworkAcls",
    "ec2:DescribeReplaceRootVolumeTasks",
    "ec2:DetachNetworkInterface",
    "ec2:DetachVolume",
    "ec2:DisassociateAddress",
    "ec2:DisassociateIamInstanceProfile",
    "ec2:ModifyInstanceMetadataOptions",
    "ec2:StartInstances",
    "iam:GetRole",
    // EC2 and IAM check these themselves; nobody calls them.
    "iam:PassRole",
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "ssm:DescribeInstanceAssociationsStatus",
    "ssm:GetParameter",
    // Allowed to everybody; printed for auditors.
    "sts:GetCallerIdentity",
];

/// Actions of a policy document.
fn printed(document: &str) -> BTreeSet<String> {
    let document: Value = serde_json::from_str(document).unwrap();
    let allowed = document["Statement"].as_array().unwrap().iter().filter(|statement| statement["Effect"] == "Allow");
    let actions = allowed.flat_map(|statement| match &statement["Action"] {
        Value::Array(actions) => actions.clone(),
        action => vec![action.clone()],
    });
    actions.map(|action| action.as_str().unwrap().to_owned()).collect()
}

/// Actions that a role called, as IAM spells them.
async fn called(site: &Site, role: &str) -> BTreeSet<String> {
    let calls = site.scene.emulator.calls().await;
    let calls = calls.iter().filter(|call| call["role"] == role);
    calls.map(|call| format!("{}:{}", call["service"].as_str().unwrap(), call["action"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn what_is_printed_is_called() {
    let mut read = BTreeSet::new();
    let mut enforced = BTreeSet::new();
    let (site, server) = Site::standalone().await;
    site.desk.ok(&["quarantine", &server]);
    site.desk.ok(&["release", &server]);
    let (reading, enforcing) = (site.desk.ok(&["iam-policy"]), site.rights());
    read.extend(called(&site, "reader").await);
    enforced.extend(called(&site, "enforcer").await);
    for site in [Site::standalone().await.0, Site::balanced().await.0, Site::grouped().await.0] {
        site.desk.ok(&["enforce"]);
        site.retained().await;
        site.desk.ok(&["enforce"]);
        site.desk.run(&["doctor"]);
        read.extend(called(&site, "reader").await);
        enforced.extend(called(&site, "enforcer").await);
    }
    let unused = |printed: &BTreeSet<String>, called: &BTreeSet<String>| -> Vec<String> {
        printed.difference(called).cloned().collect()
    };
    assert_eq!(unused(&read, &printed(&reading)), Vec::<String>::new(), "called, and not printed");
    assert_eq!(unused(&enforced, &printed(&enforcing)), Vec::<String>::new(), "called, and not printed");
    assert_eq!(unused(&printed(&reading), &read), NOT_READ);
    assert_eq!(unused(&printed(&enforcing), &enforced), NOT_ENFORCED);
}
