//! What the session of one operation is narrowed to: an inline session policy.
//!
//! The session may do what the role *and* this document allow. It ties every call on an instance to the two
//! instances of the operation, and a launch to the operation's tag. Interfaces, volumes, addresses, target
//! groups and the like name no instance that IAM could compare, so those are left to the role's own policy.

use serde_json::json;

use crate::remediate::{CallContext, OPERATION_TAG, PROBE_ACTIONS};
use crate::types::{InstanceId, Place};

/// `Policy` of the STS API reference of `AssumeRole`: the plain text of an inline session policy.
#[cfg(test)]
const LIMIT: usize = 2048;

/// The document that makes one node run its inventory association.
pub(super) const REFRESH_DOCUMENT: &str = "AWS-RefreshAssociation";

/// On an instance of the operation. Calls that name other resources beside it are checked for each of them.
const ON_INSTANCES: [&str; 16] = [
    "ec2:AssociateAddress",
    "ec2:*IamInstanceProfile*",
    "ec2:AttachNetworkInterface",
    "ec2:AttachVolume",
    "ec2:CreateReplaceRootVolumeTask",
    "ec2:CreateSnapshots",
    "ec2:CreateTags",
    "ec2:DeleteTags",
    "ec2:DetachNetworkInterface",
    "ec2:DetachVolume",
    "ec2:ModifyInstance*",
    "ec2:ModifyNetworkInterfaceAttribute",
    "ec2:StartInstances",
    "ec2:StopInstances",
    "ec2:TerminateInstances",
    "ssm:SendCommand",
];

/// On everything that is no instance.
const ON_OTHERS: [&str; 26] = [
    "autoscaling:*Instances",
    "autoscaling:*Standby",
    "autoscaling:Set*",
    "ec2:AssignPrivateIpAddresses",
    "ec2:*sociateAddress",
    "ec2:AttachNetworkInterface",
    "ec2:AttachVolume",
    "ec2:CreateReplaceRootVolumeTask",
    "ec2:CreateSnapshots",
    "ec2:*NetworkAclEntry",
    "ec2:CreateTags",
    "ec2:DeleteTags",
    "ec2:DetachNetworkInterface",
    "ec2:DetachVolume",
    "ec2:ModifyNetworkInterfaceAttribute",
    "ec2:RunInstances",
    "elasticloadbalancing:*registerTargets",
    "elasticloadbalancing:RegisterTargets",
    "iam:DeleteRolePolicy",
    "iam:PassRole",
    "iam:PutRolePolicy",
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:GenerateDataKey*",
    "kms:ReEncrypt*",
];

/// The policy of a session that makes the calls of one operation.
pub(super) fn writing(partition: &str, context: &CallContext<'_>) -> String {
    let CallContext { place, operation, instance, replacement, .. } = *context;
    let own: Vec<String> =
        [Some(instance), replacement].into_iter().flatten().map(|id| instance_arn(partition, place, id)).collect();
    let any = instance_arn(partition, place, &"*".into());
    let tagged = format!("aws:RequestTag/{OPERATION_TAG}");
    let document = format!("arn:{partition}:ssm:{}::document/{REFRESH_DOCUMENT}", place.region);
    json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": ON_INSTANCES, "Resource": own },
        { "Effect": "Allow", "Action": ON_OTHERS, "NotResource": format!("arn:{partition}:ec2:*:*:instance/*") },
        { "Effect": "Allow", "Action": "ec2:RunInstances", "Resource": any,
          "Condition": { "StringEquals": { tagged: operation.as_str() } } },
        { "Effect": "Allow", "Action": "ec2:CreateTags", "Resource": any,
          "Condition": { "StringEquals": { "ec2:CreateAction": "RunInstances" } } },
        { "Effect": "Allow", "Action": "ssm:SendCommand", "Resource": document },
    ] })
    .to_string()
}

/// The policy of a session that only looks.
pub(super) fn probing() -> String {
    json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": PROBE_ACTIONS, "Resource": "*" },
    ] })
    .to_string()
}

fn instance_arn(partition: &str, place: &Place, id: &InstanceId) -> String {
    format!("arn:{partition}:ec2:{}:{}:instance/{id}", place.region, place.account)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::remediate::Feature;
    use crate::types::OperationId;

    fn policy(partition: &str, region: &str, replacement: Option<&InstanceId>) -> Value {
        let place = Place::new("111122223333", region);
        let operation = OperationId::new("op-019ab3f4-7c1e-7b51-9d0c-2f3a4b5c6d7e");
        let instance = InstanceId::new("i-0123456789abcdef0");
        let context =
            CallContext { place: &place, operation: &operation, instance: &instance, replacement, user_data: None };
        let text = writing(partition, &context);
        assert!(text.len() <= LIMIT, "{} characters: {text}", text.len());
        serde_json::from_str(&text).unwrap()
    }

    fn allows(patterns: &[&str], action: &str) -> bool {
        patterns.iter().any(|pattern| {
            let pattern = regex::escape(pattern).replace("\\*", ".*");
            regex::Regex::new(&format!("^{pattern}$")).unwrap().is_match(action)
        })
    }

    #[test]
    fn the_longest_policies_fit() {
        let replacement = InstanceId::new("i-0fedcba9876543210");
        policy("aws-us-gov", "us-gov-west-1", Some(&replacement));
        policy("aws", "ap-southeast-2", Some(&replacement));
        assert!(probing().len() <= LIMIT);
    }

    #[test]
    fn every_call_of_an_operation_is_possible() {
        for action in Feature::ALL.iter().flat_map(|feature| feature.actions()) {
            assert!(allows(&ON_INSTANCES, action) || allows(&ON_OTHERS, action), "{action}");
        }
    }

    #[test]
    fn only_the_two_instances_can_be_touched() {
        let old = "arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0";
        let alone = policy("aws", "eu-west-1", None);
        assert_eq!(alone["Statement"][0]["Resource"], json!([old]));
        let both = policy("aws", "eu-west-1", Some(&"i-0fedcba9876543210".into()));
        let new = "arn:aws:ec2:eu-west-1:111122223333:instance/i-0fedcba9876543210";
        assert_eq!(both["Statement"][0]["Resource"], json!([old, new]));
        assert_eq!(both["Statement"][1]["NotResource"], "arn:aws:ec2:*:*:instance/*");
        for action in ["ec2:TerminateInstances", "ec2:StopInstances", "ec2:ModifyInstanceAttribute", "ssm:SendCommand"]
        {
            assert!(!allows(&ON_OTHERS, action), "{action}");
        }
    }

    #[test]
    fn a_launch_must_carry_the_operation() {
        let launch = &policy("aws", "eu-west-1", None)["Statement"][2];
        let tag = &launch["Condition"]["StringEquals"]["aws:RequestTag/cattleguard:operation"];
        assert_eq!(tag, "op-019ab3f4-7c1e-7b51-9d0c-2f3a4b5c6d7e");
    }

    #[test]
    fn nothing_is_destroyed_but_instances() {
        for action in ["ec2:DeleteVolume", "ec2:DeleteSnapshot", "ec2:ReleaseAddress", "ec2:DeleteNetworkInterface"] {
            assert!(!allows(&ON_OTHERS, action) && !allows(&ON_INSTANCES, action), "{action}");
        }
    }
}
