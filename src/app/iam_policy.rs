//! The least privilege that a configuration needs, as IAM policy documents.

mod anchor;
mod enforce;
mod logs;
mod publish;
mod templates;

use std::collections::BTreeSet;

pub use enforce::enforce_policy;
use serde_json::{Map, Value, json};
pub use templates::{cloudformation, terraform};

use super::config::{AccountConfig, Config};
use crate::collect::{LogAccess, TrailSource};
use crate::types::AccountId;

/// One service's reading actions: every call of [`crate::collect::CloudRead`], and nothing else.
struct Actions {
    sid: &'static str,
    actions: &'static [&'static str],
    needed: fn(&Config) -> bool,
}

const READ: [Actions; 6] = [
    Actions {
        sid: "CattleguardReadEc2",
        actions: &[
            "ec2:DescribeAddresses",
            "ec2:DescribeIamInstanceProfileAssociations",
            "ec2:DescribeImages",
            "ec2:DescribeInstanceAttribute",
            "ec2:DescribeInstances",
            "ec2:DescribeVolumes",
        ],
        needed: |_| true,
    },
    Actions {
        sid: "CattleguardReadAutoScaling",
        actions: &["autoscaling:DescribeAutoScalingGroups"],
        needed: |_| true,
    },
    Actions {
        sid: "CattleguardReadLoadBalancing",
        actions: &["elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth"],
        needed: |config| config.collect.load_balancers,
    },
    Actions {
        sid: "CattleguardReadInventory",
        actions: &["ssm:DescribeInstanceInformation", "ssm:GetInventory", "ssm:ListInventoryEntries"],
        needed: |_| true,
    },
    Actions {
        sid: "CattleguardReadTrail",
        actions: &["cloudtrail:LookupEvents"],
        needed: |config| config.collect.trail.contains(&TrailSource::Lookup),
    },
    Actions {
        sid: "CattleguardReadTrailState",
        actions: &[
            "cloudtrail:DescribeTrails",
            "cloudtrail:GetEventSelectors",
            "cloudtrail:GetTrailStatus",
            "cloudtrail:ListPublicKeys",
        ],
        needed: |_| true,
    },
];

/// STS needs no permission for this call, but a list that is quoted in an audit should name every call.
const IDENTITY: &str = "sts:GetCallerIdentity";

/// What the reading principal needs in each account. Beside buckets and queues of the trail, none of these actions can
/// be limited to single resources (Service Authorization Reference), so the configured regions are the limit.
pub fn read_policy(config: &Config) -> Value {
    let regions: BTreeSet<&str> =
        config.accounts.iter().flat_map(|account| account.regions.iter().map(|region| region.as_str())).collect();
    let mut statements: Vec<Value> = READ
        .iter()
        .filter(|service| (service.needed)(config))
        .map(|service| {
            json!({
                "Sid": service.sid,
                "Effect": "Allow",
                "Action": service.actions,
                "Resource": "*",
                "Condition": { "StringEquals": { "aws:RequestedRegion": regions } },
            })
        })
        .collect();
    statements.extend(logs::statements(config));
    statements.extend(publish::statements(config));
    statements.extend(anchor::statements(config));
    statements.push(json!({ "Sid": "CattleguardIdentity", "Effect": "Allow", "Action": [IDENTITY], "Resource": "*" }));
    document(statements)
}

/// What the running principal needs to assume the configured roles; `None` when there are none.
pub fn assume_policy(config: &Config) -> Option<Value> {
    let of_logs = accesses(config).filter_map(|access| access.role.as_deref());
    let roles: BTreeSet<&str> = config.accounts.iter().flat_map(roles_of).chain(of_logs).collect();
    if roles.is_empty() {
        return None;
    }
    let mut actions = vec!["sts:AssumeRole"];
    if config.accounts.iter().any(|account| account.source_identity.is_some()) {
        actions.push("sts:SetSourceIdentity");
    }
    Some(document(vec![json!({
        "Sid": "CattleguardAssume", "Effect": "Allow", "Action": actions, "Resource": roles,
    })]))
}

/// Buckets and queues, each with the role it is used as.
fn accesses(config: &Config) -> impl Iterator<Item = &LogAccess> {
    let anchor = config.audit.anchor.iter().map(|vault| &vault.access);
    config.collect.trail.iter().filter_map(TrailSource::access).chain(anchor)
}

/// The roles of one account that are assumed.
fn roles_of(account: &AccountConfig) -> impl Iterator<Item = &str> {
    [&account.role, &account.enforce_role].into_iter().flatten().map(String::as_str)
}

/// The trust policy of each configured role, by its ARN.
pub fn trust_policies(config: &Config, trusted: &AccountId) -> Value {
    let mut policies = Map::new();
    let of_accounts = config.accounts.iter().flat_map(|account| {
        roles_of(account).map(move |role| (role, account.external_id.as_ref(), account.source_identity.as_ref()))
    });
    let of_logs = accesses(config).filter_map(|access| {
        Some((access.role.as_deref()?, access.external_id.as_ref(), access.source_identity.as_ref()))
    });
    for (role, external_id, source_identity) in of_logs.chain(of_accounts) {
        let partition = role.split(':').nth(1).unwrap_or("aws");
        let mut statement = json!({
            "Sid": "CattleguardTrust",
            "Effect": "Allow",
            "Principal": { "AWS": format!("arn:{partition}:iam::{trusted}:root") },
            "Action": if source_identity.is_some() {
                json!(["sts:AssumeRole", "sts:SetSourceIdentity"])
            } else {
                json!("sts:AssumeRole")
            },
        });
        let mut conditions = Map::new();
        if let Some(external_id) = external_id {
            conditions.insert("sts:ExternalId".to_owned(), json!(external_id));
        }
        if let Some(identity) = source_identity {
            conditions.insert("sts:SourceIdentity".to_owned(), json!(identity));
        }
        if let (false, Some(fields)) = (conditions.is_empty(), statement.as_object_mut()) {
            fields.insert("Condition".to_owned(), json!({ "StringEquals": conditions }));
        }
        policies.insert(role.to_owned(), document(vec![statement]));
    }
    Value::Object(policies)
}

fn document(statements: Vec<Value>) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// A document as people paste it into the console.
pub fn pretty(document: &Value) -> String {
    // Values made of maps with string keys always serialise.
    serde_json::to_string_pretty(document).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    pub(super) fn config(extra: &str) -> Config {
        let text = format!(
            "{extra}\n[[account]]\nid = \"111122223333\"\nregions = [\"eu-west-1\"]\n\
             role = \"arn:aws:iam::111122223333:role/reader\"\nexternal_id = \"an-external-id\"\n\
             [[fleet]]\nname = \"web\"\ngolden = \"web\"\nselect = {{ tags = {{ app = \"web\" }} }}\n"
        );
        crate::app::config::parse("test.toml", Path::new("/"), &text, &[], &[]).expect("a configuration").0
    }

    pub(super) fn actions(policy: &Value) -> BTreeSet<String> {
        let statements = policy["Statement"].as_array().expect("statements");
        let actions = statements.iter().flat_map(|statement| match &statement["Action"] {
            Value::Array(actions) => actions.clone(),
            action => vec![action.clone()],
        });
        actions.map(|action| action.as_str().expect("an action").to_owned()).collect()
    }

    /// A reader that starts to make a new call must ask for it, and one that stops must not.
    #[test]
    fn the_policy_lists_exactly_the_calls_of_the_reader() {
        let source = include_str!("../collect/source.rs");
        let (_, methods) = source.split_once("pub trait CloudRead").expect("the trait");
        let documented: BTreeSet<String> = methods
            .lines()
            .filter_map(|line| line.trim().strip_prefix("/// `"))
            .filter_map(|line| line.split(['`', '(']).next())
            .filter(|call| call.contains(':'))
            .map(str::to_owned)
            .collect();
        assert!(documented.len() > 10, "{documented:?}");
        assert_eq!(actions(&read_policy(&config(""))), documented);
    }

    #[test]
    fn what_is_switched_off_is_not_asked_for() {
        let policy = read_policy(&config("[collect]\ntrail = [{ dir = \"logs\" }]\nload_balancers = false\n"));
        let actions = actions(&policy);
        assert!(!actions.iter().any(|action| action == "cloudtrail:LookupEvents" || action.starts_with("elastic")));
    }

    #[test]
    fn nothing_but_reading_is_allowed() {
        for action in actions(&read_policy(&config(""))) {
            let verb = action.split_once(':').expect("service:Operation").1;
            assert!(["Describe", "Get", "List", "Lookup"].iter().any(|read| verb.starts_with(read)), "{action}");
        }
    }

    #[test]
    fn roles_are_assumed_by_arn_and_trust_wants_the_external_id() {
        let config = config("");
        let assume = assume_policy(&config).expect("a policy");
        assert_eq!(assume["Statement"][0]["Resource"], json!(["arn:aws:iam::111122223333:role/reader"]));
        let trust = trust_policies(&config, &AccountId::new("444455556666"));
        let statement = &trust["arn:aws:iam::111122223333:role/reader"]["Statement"][0];
        assert_eq!(statement["Condition"]["StringEquals"]["sts:ExternalId"], "an-external-id");
        assert_eq!(statement["Principal"]["AWS"], "arn:aws:iam::444455556666:root");
    }

    #[test]
    fn the_enforcing_role_is_assumed_and_trusts_alike() {
        let mut config = config("");
        let enforcer = "arn:aws:iam::111122223333:role/enforcer";
        config.accounts[0].enforce_role = Some(enforcer.to_owned());
        let assume = assume_policy(&config).expect("a policy");
        let both = json!([enforcer, "arn:aws:iam::111122223333:role/reader"]);
        assert_eq!(assume["Statement"][0]["Resource"], both);
        let trust = trust_policies(&config, &AccountId::new("444455556666"));
        assert_eq!(trust[enforcer], trust["arn:aws:iam::111122223333:role/reader"]);
    }
}
