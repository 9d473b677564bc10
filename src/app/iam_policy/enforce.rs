//! What the enforcing principal needs.
//!
//! Conditions and resources are as narrow as IAM lets them be: instances must carry the mark of an operation
//! before anything but the mark itself is changed on them, a launch must carry it from the start, and roles are
//! named. Interfaces, volumes, addresses and target groups carry no mark, so for those only the regions are the
//! limit. Every session is narrowed further, to the instances of its operation.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::document;
use crate::app::config::Config;
use crate::remediate::{Feature, OPERATION_TAG, PROBE_ACTIONS, PROTECTED_TAG};

/// The document that makes a node report its inventory.
const REFRESH_DOCUMENT: &str = "AWS-RefreshAssociation";

/// What encrypted volumes need of their keys, when a volume is made, attached or started with.
const KEY_USE: [&str; 5] =
    ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"];

/// Features whose calls change an instance, or something attached to one.
const ON_EC2: [Feature; 12] = [
    Feature::Protection,
    Feature::Snapshots,
    Feature::Interfaces,
    Feature::Addresses,
    Feature::Acl,
    Feature::Profile,
    Feature::Power,
    Feature::RootVolume,
    Feature::PrivateAddresses,
    Feature::MovedInterfaces,
    Feature::Volumes,
    Feature::Terminate,
];

/// What the enforcing principal needs in each account. `instance_roles` are the roles of the instance profiles in
/// use: only those may be passed to EC2, and only those may be changed to deny sessions. Without them nothing
/// changes a role, and every role may be passed.
pub fn enforce_policy(config: &Config, instance_roles: &[String]) -> Value {
    let aws = partition(config);
    let regions: BTreeSet<&str> =
        config.accounts.iter().flat_map(|account| account.regions.iter().map(|region| region.as_str())).collect();
    let here = json!({ "StringEquals": { "aws:RequestedRegion": regions } });
    let instances = format!("arn:{aws}:ec2:*:*:instance/*");
    let marked = |key: &str| json!({ "StringLike": { format!("{key}/{OPERATION_TAG}"): "*" } });
    let on_ec2: BTreeSet<&str> = actions(&ON_EC2, "ec2:");
    let made: Vec<String> =
        ["instance", "volume", "network-interface"].iter().map(|kind| format!("arn:{aws}:ec2:*:*:{kind}/*")).collect();
    let any_role = [format!("arn:{aws}:iam::*:role/*")];
    let passed = if instance_roles.is_empty() { &any_role[..] } else { instance_roles };
    let mut statements = looking(&here);
    statements.extend([
        allow(
            "Mark",
            json!(Feature::Tags.actions()),
            json!("*"),
            Some(json!({
                "StringEquals": { "aws:RequestedRegion": regions },
                "ForAllValues:StringLike": { "aws:TagKeys": "cattleguard:*" },
                // Of no keys all are ours: a call without any would delete every tag.
                "Null": { "aws:TagKeys": "false" },
            })),
        ),
        allow(
            "TagWhatIsMade",
            json!("ec2:CreateTags"),
            json!("*"),
            Some(json!({
                "StringEquals": { "ec2:CreateAction": ["RunInstances", "CreateSnapshots"] },
            })),
        ),
        allow("MarkedInstances", json!(on_ec2), json!(instances), Some(marked("aws:ResourceTag"))),
        without("Parts", json!(on_ec2), json!(instances), Some(here.clone())),
        allow("Launch", json!("ec2:RunInstances"), json!(made), Some(marked("aws:RequestTag"))),
        without("LaunchFrom", json!("ec2:RunInstances"), json!(made), Some(here.clone())),
        allow(
            "PassRole",
            json!("iam:PassRole"),
            json!(passed),
            Some(json!({
                "StringLike": { "iam:PassedToService": "ec2.amazonaws.com*" },
            })),
        ),
        allow("Targets", json!(Feature::Targets.actions()), json!("*"), Some(here.clone())),
        allow("Groups", json!(Feature::Groups.actions()), json!("*"), Some(here)),
        allow(
            "Refresh",
            json!("ssm:SendCommand"),
            json!(format!("arn:{aws}:ssm:*::document/{REFRESH_DOCUMENT}")),
            None,
        ),
        allow("RefreshMarked", json!("ssm:SendCommand"), json!(instances), Some(marked("ssm:resourceTag"))),
    ]);
    if !instance_roles.is_empty() {
        statements.push(allow("DenySessions", json!(Feature::Sessions.actions()), json!(instance_roles), None));
    }
    statements.extend(encryption());
    statements.push(protected());
    document(statements)
}

/// Everything that a probe reads.
fn looking(here: &Value) -> Vec<Value> {
    let (of_iam, regional): (Vec<&str>, Vec<&str>) = PROBE_ACTIONS.iter().partition(|action| is_global(action));
    vec![
        allow("Look", json!(regional), json!("*"), Some(here.clone())),
        allow("LookGlobal", json!(of_iam), json!("*"), None),
    ]
}

/// IAM is asked in one region of the partition, whichever is configured.
fn is_global(action: &str) -> bool {
    action.starts_with("iam:") || action.starts_with("sts:")
}

fn encryption() -> [Value; 2] {
    let by_ec2 = json!({ "StringLike": { "kms:ViaService": "ec2.*.amazonaws.com*" } });
    let granting = json!({
        "Bool": { "kms:GrantIsForAWSResource": "true" },
        "StringLike": { "kms:ViaService": "ec2.*.amazonaws.com*" },
    });
    [
        allow("EncryptedVolumes", json!(KEY_USE), json!("*"), Some(by_ec2)),
        allow("EncryptedVolumesGrant", json!("kms:CreateGrant"), json!("*"), Some(granting)),
    ]
}

/// A tag that ends all discussion, on whatever carries tags.
fn protected() -> Value {
    let services = ["autoscaling:*", "ec2:*", "elasticloadbalancing:*", "iam:*", "ssm:SendCommand"];
    json!({
        "Sid": "CattleguardProtected",
        "Effect": "Deny",
        "Action": services,
        "Resource": "*",
        "Condition": { "Null": { format!("aws:ResourceTag/{PROTECTED_TAG}"): "false" } },
    })
}

fn actions(features: &[Feature], service: &str) -> BTreeSet<&'static str> {
    let all = features.iter().flat_map(|feature| feature.actions()).copied();
    all.filter(|action| action.starts_with(service)).collect()
}

fn allow(sid: &str, actions: Value, resources: Value, condition: Option<Value>) -> Value {
    statement(sid, actions, "Resource", resources, condition)
}

fn without(sid: &str, actions: Value, resources: Value, condition: Option<Value>) -> Value {
    statement(sid, actions, "NotResource", resources, condition)
}

fn statement(sid: &str, actions: Value, on: &str, resources: Value, condition: Option<Value>) -> Value {
    let mut statement = json!({ "Sid": format!("Cattleguard{sid}"), "Effect": "Allow", "Action": actions });
    if let Some(fields) = statement.as_object_mut() {
        fields.insert(on.to_owned(), resources);
        fields.extend(condition.map(|condition| ("Condition".to_owned(), condition)));
    }
    statement
}

/// As the configured roles say; `aws` without any.
pub(super) fn partition(config: &Config) -> &str {
    let roles = config.accounts.iter().flat_map(|account| [&account.enforce_role, &account.role]).flatten();
    roles.filter_map(|role| role.split(':').nth(1)).next().unwrap_or("aws")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{actions as listed, config};
    use super::*;

    const WEB: &str = "arn:aws:iam::111122223333:role/web";

    /// "IAM and AWS STS quotas": characters of a managed policy, white space not counted.
    const MANAGED_POLICY: usize = 6144;

    fn policy(roles: &[&str]) -> Value {
        let roles: Vec<String> = roles.iter().map(|role| (*role).to_owned()).collect();
        enforce_policy(&config(""), &roles)
    }

    fn named<'a>(policy: &'a Value, sid: &str) -> &'a Value {
        let statements = policy["Statement"].as_array().expect("statements");
        statements.iter().find(|one| one["Sid"] == format!("Cattleguard{sid}")).unwrap_or(&Value::Null)
    }

    #[test]
    fn every_call_and_every_probe_is_allowed() {
        let mut policy = policy(&[WEB]);
        policy["Statement"].as_array_mut().expect("statements").retain(|one| one["Effect"] == "Allow");
        let calls = Feature::ALL.iter().flat_map(|feature| feature.actions()).chain(&PROBE_ACTIONS);
        let wanted: BTreeSet<String> = calls.map(|action| (*action).to_owned()).collect();
        let mut got = listed(&policy);
        got.retain(|action| !action.starts_with("kms:"));
        assert_eq!(got, wanted);
    }

    #[test]
    fn it_fits_a_managed_policy() {
        let text = policy(&[WEB, "arn:aws:iam::111122223333:role/cattleguard-quarantine"]).to_string();
        assert!(text.len() < MANAGED_POLICY, "{} characters", text.len());
    }

    #[test]
    fn only_marked_instances_are_touched() {
        let policy = policy(&[WEB]);
        let marked = named(&policy, "MarkedInstances");
        assert_eq!(marked["Condition"]["StringLike"]["aws:ResourceTag/cattleguard:operation"], "*");
        assert!(marked["Action"].as_array().expect("actions").contains(&json!("ec2:TerminateInstances")));
        assert_eq!(named(&policy, "Parts")["NotResource"], "arn:aws:ec2:*:*:instance/*");
        let mark = named(&policy, "Mark");
        assert_eq!(mark["Condition"]["ForAllValues:StringLike"]["aws:TagKeys"], "cattleguard:*");
        let launch = named(&policy, "Launch");
        assert_eq!(launch["Condition"]["StringLike"]["aws:RequestTag/cattleguard:operation"], "*");
    }

    #[test]
    fn roles_are_changed_only_when_they_are_named() {
        let unnamed = policy(&[]);
        assert!(!listed(&unnamed).contains("iam:PutRolePolicy"));
        assert_eq!(named(&unnamed, "PassRole")["Resource"], json!(["arn:aws:iam::*:role/*"]));
        let named_roles = policy(&[WEB]);
        assert_eq!(named(&named_roles, "PassRole")["Resource"], json!([WEB]));
        assert_eq!(named(&named_roles, "DenySessions")["Resource"], json!([WEB]));
    }

    #[test]
    fn what_is_protected_stays() {
        let policy = policy(&[]);
        let denied = named(&policy, "Protected");
        assert_eq!(denied["Effect"], "Deny");
        assert_eq!(denied["Condition"]["Null"]["aws:ResourceTag/cattleguard:protected"], "false");
    }
}
