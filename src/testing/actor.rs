//! Who does something in the simulated account, and how CloudTrail writes that down.

use serde_json::{Value, json};

use super::ids::{iam_id, stable_hex};
use crate::types::{AccountId, InstanceId};

/// The kinds of principal.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Principal {
    User(String),
    Role { role: String, session: String },
    Person { permission_set: String, name: String },
    Saml { role: String, session: String },
    AutoScaling,
    Service(String),
    Instance { role: String, instance: InstanceId },
    Root,
}

/// A principal with the circumstances of its calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimActor {
    principal: Principal,
    mfa: bool,
    source_ip: String,
    user_agent: String,
    console: bool,
    home: Option<AccountId>,
    service: Option<String>,
    vpc_endpoint: Option<(String, AccountId)>,
}

impl SimActor {
    fn of(principal: Principal) -> Self {
        Self {
            principal,
            mfa: false,
            source_ip: "198.51.100.24".to_owned(),
            user_agent: "aws-cli/2.31.6 md/prompt#off lang/python#3.13.7".to_owned(),
            console: false,
            home: None,
            service: None,
            vpc_endpoint: None,
        }
    }

    /// An IAM user with a long-lived access key.
    pub fn iam_user(name: &str) -> Self {
        Self::of(Principal::User(name.to_owned()))
    }

    /// A role session.
    pub fn role(role: &str, session: &str) -> Self {
        Self::of(Principal::Role { role: role.to_owned(), session: session.to_owned() })
    }

    /// A person who signed in through IAM Identity Center; the session carries the person's name. MFA as usual
    /// there.
    pub fn person(name: &str) -> Self {
        let permission_set = "AdministratorAccess".to_owned();
        Self { mfa: true, ..Self::of(Principal::Person { permission_set, name: name.to_owned() }) }
    }

    /// A role session opened through SAML federation.
    pub fn saml(role: &str, session: &str) -> Self {
        Self::of(Principal::Saml { role: role.to_owned(), session: session.to_owned() })
    }

    /// Amazon EC2 Auto Scaling through its service-linked role.
    pub fn auto_scaling() -> Self {
        Self::of(Principal::AutoScaling).seen_as("autoscaling.amazonaws.com", "autoscaling.amazonaws.com")
    }

    /// An AWS service acting on its own, e.g. `ssm.amazonaws.com`.
    pub fn service(name: &str) -> Self {
        Self::of(Principal::Service(name.to_owned())).seen_as(name, name)
    }

    /// The role session that an instance gets from its instance profile; the session name is the instance id.
    pub fn instance(role: &str, instance: &InstanceId) -> Self {
        let principal = Principal::Instance { role: role.to_owned(), instance: instance.clone() };
        Self::of(principal)
            .seen_as("203.0.113.80", "aws-sdk-go/1.55.5 (go1.23.4; linux; amd64) amazon-ssm-agent/3.3.3050.0")
    }

    /// The account's root user, signed in to the console.
    pub fn root() -> Self {
        Self { mfa: true, ..Self::of(Principal::Root).from_console() }
    }

    /// Calls come from this address.
    #[must_use]
    pub fn from_ip(mut self, address: &str) -> Self {
        self.source_ip = address.to_owned();
        self
    }

    /// Calls carry this user agent.
    #[must_use]
    pub fn with_user_agent(mut self, agent: &str) -> Self {
        self.user_agent = agent.to_owned();
        self
    }

    /// Whether the session was opened with MFA.
    #[must_use]
    pub fn with_mfa(mut self, mfa: bool) -> Self {
        self.mfa = mfa;
        self
    }

    /// Calls are made in the console: source and agent read `AWS Internal` though a human acts.
    #[must_use]
    pub fn from_console(mut self) -> Self {
        self.console = true;
        self.seen_as("AWS Internal", "AWS Internal")
    }

    /// The principal belongs to another account than the one that receives the call.
    #[must_use]
    pub fn of_account(mut self, account: &AccountId) -> Self {
        self.home = Some(account.clone());
        self
    }

    /// An AWS service makes the calls for the principal: `invokedBy`, and the service where the address would be.
    #[must_use]
    pub fn by_way_of(mut self, service: &str) -> Self {
        self.service = Some(service.to_owned());
        self.seen_as(service, service)
    }

    /// Calls come through a VPC endpoint of this account.
    #[must_use]
    pub fn through_endpoint(mut self, endpoint: &str, owner: &AccountId) -> Self {
        self.vpc_endpoint = Some((endpoint.to_owned(), owner.clone()));
        self
    }

    pub(super) fn vpc_endpoint(&self) -> Option<&(String, AccountId)> {
        self.vpc_endpoint.as_ref()
    }

    fn seen_as(mut self, source_ip: &str, user_agent: &str) -> Self {
        self.source_ip = source_ip.to_owned();
        self.user_agent = user_agent.to_owned();
        self
    }

    pub(super) fn source_ip(&self) -> &str {
        &self.source_ip
    }

    pub(super) fn user_agent(&self) -> &str {
        &self.user_agent
    }

    pub(super) fn is_console(&self) -> bool {
        self.console
    }

    /// Whether the caller is an AWS service; such records have no TLS details.
    pub(super) fn is_service(&self) -> bool {
        matches!(self.principal, Principal::AutoScaling | Principal::Service(_))
    }

    /// The role of a role session that is neither a person's nor a server's.
    pub(super) fn role_name(&self) -> Option<&str> {
        match &self.principal {
            Principal::Role { role, .. } => Some(role),
            _ => None,
        }
    }

    /// Whether a server itself calls.
    pub(super) fn is_instance(&self) -> bool {
        matches!(self.principal, Principal::Instance { .. })
    }

    /// The part of an SSM session id that tells who opened it.
    pub(super) fn session_label(&self) -> &str {
        match &self.principal {
            Principal::User(name) | Principal::Person { name, .. } => name,
            Principal::Role { session, .. } | Principal::Saml { session, .. } => session,
            Principal::AutoScaling => "AutoScaling",
            Principal::Service(name) => name,
            Principal::Instance { instance, .. } => instance.as_str(),
            Principal::Root => "root",
        }
    }

    /// The `userIdentity` element of a call that this account receives. `opened` is when the session began.
    /// Source: CloudTrail user guide, "CloudTrail userIdentity element".
    pub(super) fn identity(&self, account: &AccountId, opened: &str) -> Value {
        let mut identity = self.principal_identity(account, opened);
        if let Some(service) = &self.service {
            insert(&mut identity, &[], "invokedBy", json!(service));
        }
        identity
    }

    fn principal_identity(&self, account: &AccountId, opened: &str) -> Value {
        let account = self.home.as_ref().unwrap_or(account);
        match &self.principal {
            Principal::User(name) => json!({
                "type": "IAMUser",
                "principalId": iam_id("AIDA", name),
                "arn": format!("arn:aws:iam::{account}:user/{name}"),
                "accountId": account,
                "accessKeyId": access_key("AKIA", name),
                "userName": name,
            }),
            Principal::Root => json!({
                "type": "Root",
                "principalId": account,
                "arn": format!("arn:aws:iam::{account}:root"),
                "accountId": account,
                "accessKeyId": access_key("ASIA", "root"),
                "sessionContext": {
                    "sessionIssuer": {},
                    "webIdFederationData": {},
                    "attributes": {"creationDate": opened, "mfaAuthenticated": self.mfa.to_string()},
                },
            }),
            Principal::Service(name) => json!({"type": "AWSService", "invokedBy": name}),
            _ => self.session_identity(account, opened),
        }
    }

    fn session_identity(&self, account: &AccountId, opened: &str) -> Value {
        let (role, path, session) = self.session_parts();
        let principal = iam_id("AROA", &role);
        let mut identity = json!({
            "type": "AssumedRole",
            "principalId": format!("{principal}:{session}"),
            "arn": format!("arn:aws:sts::{account}:assumed-role/{role}/{session}"),
            "accountId": account,
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "principalId": principal,
                    "arn": format!("arn:aws:iam::{account}:role{path}{role}"),
                    "accountId": account,
                    "userName": role,
                },
                "webIdFederationData": {},
                "attributes": {"creationDate": opened, "mfaAuthenticated": self.mfa.to_string()},
            },
        });
        match &self.principal {
            Principal::AutoScaling => insert(&mut identity, &[], "invokedBy", json!("autoscaling.amazonaws.com")),
            other => {
                insert(&mut identity, &[], "accessKeyId", json!(access_key("ASIA", &session)));
                match other {
                    Principal::Instance { .. } => {
                        insert(&mut identity, &["sessionContext"], "ec2RoleDelivery", json!("2.0"));
                    }
                    Principal::Saml { .. } => {
                        let provider = format!("arn:aws:iam::{account}:saml-provider/corporate");
                        let federation = json!({"federatedProvider": provider, "attributes": {}});
                        insert(&mut identity, &["sessionContext"], "webIdFederationData", federation);
                    }
                    _ => {}
                }
            }
        }
        identity
    }

    /// Role name, IAM path and session name.
    fn session_parts(&self) -> (String, &'static str, String) {
        match &self.principal {
            Principal::Person { permission_set, name } => {
                let tail: String = stable_hex(permission_set).chars().take(16).collect();
                let role = format!("AWSReservedSSO_{permission_set}_{tail}");
                (role, "/aws-reserved/sso.amazonaws.com/", name.clone())
            }
            Principal::AutoScaling => (
                "AWSServiceRoleForAutoScaling".to_owned(),
                "/aws-service-role/autoscaling.amazonaws.com/",
                "AutoScaling".to_owned(),
            ),
            Principal::Role { role, session } | Principal::Saml { role, session } => {
                (role.clone(), "/", session.clone())
            }
            Principal::Instance { role, instance } => (role.clone(), "/", instance.to_string()),
            Principal::User(name) | Principal::Service(name) => (name.clone(), "/", name.clone()),
            Principal::Root => ("root".to_owned(), "/", "root".to_owned()),
        }
    }
}

/// An access key id in the right form, and no secret: nothing accepts it.
fn access_key(prefix: &str, name: &str) -> String {
    iam_id(prefix, name).chars().take(20).collect()
}

fn insert(value: &mut Value, path: &[&str], key: &str, content: Value) {
    let mut at = value;
    for step in path {
        match at.get_mut(*step) {
            Some(next) => at = next,
            None => return,
        }
    }
    if let Some(object) = at.as_object_mut() {
        object.insert(key.to_owned(), content);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(actor: &SimActor) -> Value {
        actor.identity(&AccountId::new("000000000000"), "2026-11-02T08:00:00Z")
    }

    #[test]
    fn a_person_is_a_reserved_role_session_with_the_name_at_its_end() {
        let alice = identity(&SimActor::person("alice@example.com"));
        assert_eq!(alice["type"], "AssumedRole");
        let arn = alice["arn"].as_str().unwrap();
        assert!(arn.starts_with("arn:aws:sts::000000000000:assumed-role/AWSReservedSSO_AdministratorAccess_"));
        assert!(arn.ends_with("/alice@example.com"));
        assert!(
            alice["sessionContext"]["sessionIssuer"]["arn"]
                .as_str()
                .unwrap()
                .contains("/aws-reserved/sso.amazonaws.com/")
        );
        assert_eq!(alice["sessionContext"]["attributes"]["mfaAuthenticated"], "true");
    }

    #[test]
    fn an_instance_session_ends_in_the_callers_instance_id() {
        let id = InstanceId::new("i-0123456789abcdef0");
        let caller = identity(&SimActor::instance("web-role", &id));
        assert!(caller["principalId"].as_str().unwrap().ends_with(":i-0123456789abcdef0"));
        assert_eq!(caller["sessionContext"]["ec2RoleDelivery"], "2.0");
    }

    #[test]
    fn services_say_who_invoked_them_and_users_have_no_session() {
        let scaling = identity(&SimActor::auto_scaling());
        assert_eq!(scaling["invokedBy"], "autoscaling.amazonaws.com");
        assert!(scaling.get("accessKeyId").is_none());
        assert_eq!(identity(&SimActor::service("ssm.amazonaws.com"))["type"], "AWSService");
        let user = identity(&SimActor::iam_user("bob"));
        assert!(user.get("sessionContext").is_none());
        assert_eq!(user["arn"], "arn:aws:iam::000000000000:user/bob");
        assert_eq!(user["accessKeyId"].as_str().unwrap().len(), 20);
        assert_eq!(identity(&SimActor::root())["type"], "Root");
        let foreign = SimActor::iam_user("eve").of_account(&AccountId::new("000000000009"));
        assert_eq!(identity(&foreign)["accountId"], "000000000009");
    }
}
