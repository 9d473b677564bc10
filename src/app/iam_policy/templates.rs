//! The roles of one account as infrastructure code: Terraform, or a CloudFormation template.

use serde_json::{Map, Value, json};

use super::{document, enforce_policy, logs, pretty, read_policy, trust_policies};
use crate::app::config::Config;
use crate::collect::TrailSource;
use crate::types::AccountId;

/// One role that the configuration names.
struct Role {
    /// What it is for, as a name in code: `read`, `enforce`, `logs`.
    purpose: &'static str,
    arn: String,
    trust: Value,
    policy: Value,
}

impl Role {
    /// Statements that it has already, by their names, stay as they are.
    fn allow_also(&mut self, mut policy: Value) {
        let (Some(there), Some(more)) = (list(&mut self.policy), list(&mut policy)) else { return };
        more.retain(|one| !there.iter().any(|other| other.get("Sid") == one.get("Sid")));
        there.append(more);
    }

    /// The path, with its slashes, and the name (IAM identifiers: `arn:PARTITION:iam::ACCOUNT:role/PATH/NAME`).
    fn path_and_name(&self) -> (String, &str) {
        let full = self.arn.split_once(":role/").map_or(self.arn.as_str(), |(_, full)| full);
        match full.rsplit_once('/') {
            Some((path, name)) => (format!("/{path}/"), name),
            None => ("/".to_owned(), full),
        }
    }
}

fn list(policy: &mut Value) -> Option<&mut Vec<Value>> {
    policy.get_mut("Statement").and_then(Value::as_array_mut)
}

/// The roles of this account, each once; one that is used for several things gets the rights to all of them.
fn roles(config: &Config, account: &AccountId, trusted: &AccountId, instance_roles: &[String]) -> Vec<Role> {
    let trust = trust_policies(config, trusted);
    let trust_of = |arn: &str| trust.get(arn).cloned().unwrap_or(Value::Null);
    let mut roles: Vec<Role> = Vec::new();
    let mut add = |purpose: &'static str, arn: &str, policy: Value| {
        if arn.split(':').nth(4) != Some(account.as_str()) {
            return;
        }
        if let Some(role) = roles.iter_mut().find(|role| role.arn == arn) {
            role.allow_also(policy);
        } else {
            roles.push(Role { purpose, arn: arn.to_owned(), trust: trust_of(arn), policy });
        }
    };
    for configured in config.accounts.iter().filter(|configured| configured.id == *account) {
        if let Some(arn) = &configured.role {
            add("read", arn, read_policy(config));
        }
        if let Some(arn) = &configured.enforce_role {
            add("enforce", arn, enforce_policy(config, instance_roles));
        }
    }
    for arn in config.collect.trail.iter().filter_map(TrailSource::access).filter_map(|access| access.role.as_deref()) {
        add("logs", arn, document(logs::statements(config)));
    }
    roles
}

/// Terraform configuration for the AWS provider; `None` when the account has no roles.
pub fn terraform(
    config: &Config,
    account: &AccountId,
    trusted: &AccountId,
    instance_roles: &[String],
) -> Option<String> {
    let roles = roles(config, account, trusted, instance_roles);
    if roles.is_empty() {
        return None;
    }
    let mut text = format!("# Roles of cattleguard in account {account}, trusted by account {trusted}.\n");
    for role in &roles {
        let (path, name) = role.path_and_name();
        let label = format!("cattleguard_{}", role.purpose);
        text.push_str(&format!(
            "\nresource \"aws_iam_role\" \"{label}\" {{\n  name               = {}\n  path               = {}\n  \
             assume_role_policy = jsonencode({})\n}}\n\nresource \"aws_iam_role_policy\" \"{label}\" {{\n  \
             name   = \"cattleguard\"\n  role   = aws_iam_role.{label}.id\n  policy = jsonencode({})\n}}\n",
            quoted(name),
            quoted(&path),
            expression(&role.trust),
            expression(&role.policy),
        ));
    }
    Some(text)
}

fn quoted(text: &str) -> String {
    expression(&Value::from(text))
}

/// JSON is an expression of Terraform's language, but for its templates: `${` and `%{` are doubled (Terraform language,
/// "Strings and Templates").
fn expression(value: &Value) -> String {
    pretty(value).replace("${", "$${").replace("%{", "%%{").replace('\n', "\n  ")
}

/// A CloudFormation template in JSON; `None` when the account has no roles. Creating roles with names needs the
/// capability `CAPABILITY_NAMED_IAM`.
pub fn cloudformation(
    config: &Config,
    account: &AccountId,
    trusted: &AccountId,
    instance_roles: &[String],
) -> Option<Value> {
    let roles = roles(config, account, trusted, instance_roles);
    if roles.is_empty() {
        return None;
    }
    let (mut resources, mut outputs) = (Map::new(), Map::new());
    for role in &roles {
        let (path, name) = role.path_and_name();
        let mut purpose = role.purpose.to_owned();
        if let Some(first) = purpose.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let id = format!("Cattleguard{purpose}Role");
        resources.insert(
            id.clone(),
            json!({
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "RoleName": name, "Path": path, "AssumeRolePolicyDocument": role.trust,
                    "Policies": [{ "PolicyName": "cattleguard", "PolicyDocument": role.policy }],
                },
            }),
        );
        outputs.insert(format!("{id}Arn"), json!({ "Value": { "Fn::GetAtt": [id, "Arn"] } }));
    }
    Some(json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": format!("Roles of cattleguard in account {account}, trusted by account {trusted}."),
        "Resources": resources, "Outputs": outputs,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::iam_policy::tests::config;

    /// Policies of one role together, white space not counted ("IAM and AWS STS quotas").
    const INLINE_LIMIT: usize = 10_240;

    fn two_roles() -> Config {
        let mut config = config("mode = \"replace\"\n");
        config.accounts[0].role = Some("arn:aws:iam::111122223333:role/ops/read".to_owned());
        config.accounts[0].enforce_role = Some("arn:aws:iam::111122223333:role/enforcer".to_owned());
        config
    }

    fn account() -> AccountId {
        AccountId::new("111122223333")
    }

    /// The JSON inside each `jsonencode(…)`.
    fn encoded(text: &str) -> Vec<Value> {
        let parts = text.split("jsonencode(").skip(1);
        let inside = parts.map(|part| part.split_once("\n}").expect("the end of the resource").0);
        let json = inside.map(|part| part.trim_end().rsplit_once(')').expect("closed").0.to_owned());
        json.map(|text| text.replace("$${", "${").replace("%%{", "%{"))
            .map(|text| {
                serde_json::from_str(text.trim_end_matches('}').trim_end()).or_else(|_| serde_json::from_str(&text))
            })
            .map(|value| value.expect("JSON"))
            .collect()
    }

    #[test]
    fn a_role_that_reads_and_enforces_may_do_both() {
        let mut config = two_roles();
        config.accounts[0].enforce_role = Some("arn:aws:iam::111122223333:role/ops/read".to_owned());
        let template = cloudformation(&config, &account(), &AccountId::new("444455556666"), &[]).expect("a role");
        let text = template.to_string();
        assert_eq!(template["Resources"].as_object().expect("roles").len(), 1);
        for action in ["ec2:DescribeInstances", "cloudtrail:LookupEvents", "ec2:RunInstances", "ec2:TerminateInstances"]
        {
            assert!(text.contains(&format!("\"{action}\"")), "{action}");
        }
        let document = &template["Resources"]["CattleguardReadRole"]["Properties"]["Policies"][0]["PolicyDocument"];
        assert!(document.to_string().len() < INLINE_LIMIT);
        let names: Vec<_> = document["Statement"].as_array().expect("a list").iter().map(|one| &one["Sid"]).collect();
        assert!(names.iter().all(|name| names.iter().filter(|other| other == &name).count() == 1), "{names:?}");
    }

    #[test]
    fn terraform_holds_the_same_documents_as_the_command_prints() {
        let config = two_roles();
        let trusted = AccountId::new("444455556666");
        let text = terraform(&config, &account(), &trusted, &[]).expect("roles");
        let documents = encoded(&text);
        let trust = trust_policies(&config, &trusted);
        assert_eq!(documents.len(), 4, "{text}");
        assert!(documents.contains(&read_policy(&config)));
        assert!(documents.contains(&enforce_policy(&config, &[])));
        assert!(documents.contains(&trust["arn:aws:iam::111122223333:role/enforcer"]));
        assert!(text.contains("path               = \"/ops/\""), "{text}");
        assert!(text.contains("name               = \"read\""), "{text}");
    }

    #[test]
    fn templates_of_policy_variables_stay_variables() {
        assert_eq!(quoted("arn:${aws:PrincipalTag/x}%{if}"), "\"arn:$${aws:PrincipalTag/x}%%{if}\"");
    }

    #[test]
    fn cloudformation_makes_the_same_roles() {
        let config = two_roles();
        let template = cloudformation(&config, &account(), &AccountId::new("444455556666"), &[]).expect("roles");
        let role = &template["Resources"]["CattleguardReadRole"]["Properties"];
        assert_eq!(role["Policies"][0]["PolicyDocument"], read_policy(&config));
        assert_eq!((&role["RoleName"], &role["Path"]), (&json!("read"), &json!("/ops/")));
        assert!(template["Outputs"]["CattleguardEnforceRoleArn"].is_object());
    }

    #[test]
    fn an_account_without_roles_has_no_template() {
        assert_eq!(terraform(&two_roles(), &AccountId::new("999988887777"), &account(), &[]), None);
        assert_eq!(cloudformation(&two_roles(), &AccountId::new("999988887777"), &account(), &[]), None);
    }

    #[test]
    fn inline_policies_fit_into_a_role() {
        let config = two_roles();
        let roles: Vec<String> = (0..4).map(|i| format!("arn:aws:iam::111122223333:role/instance-role-{i}")).collect();
        for policy in [read_policy(&config), enforce_policy(&config, &roles)] {
            let size = policy.to_string().chars().filter(|character| !character.is_whitespace()).count();
            assert!(size < INLINE_LIMIT, "{size} characters");
        }
    }
}
