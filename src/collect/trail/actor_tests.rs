use super::*;
use serde_json::{Value, json};

const ACCOUNT: &str = "111122223333";

fn actor_of(identity: &Value, call: CallContext<'_>) -> Actor {
    actor(&Tree::read(&identity.to_string()), call)
}

fn read(identity: Value) -> Actor {
    actor_of(&identity, CallContext { recipient: ACCOUNT, ..CallContext::default() })
}

fn role(role: &str, path: &str, session: &str) -> Value {
    json!({"type": "AssumedRole", "principalId": format!("AROAEXAMPLE:{session}"), "accountId": ACCOUNT,
        "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}"),
        "sessionContext": {"sessionIssuer": {"type": "Role", "userName": role, "arn": format!("arn:aws:iam::{ACCOUNT}:role/{path}{role}")},
            "attributes": {"mfaAuthenticated": "false"}}})
}

#[test]
fn each_kind_of_principal_is_recognised_and_named() {
    let sso = "aws-reserved/sso.amazonaws.com/eu-west-1/";
    for (identity, kind, display) in [
        (
            json!({"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/ops/maria", "userName": "maria", "accountId": ACCOUNT}),
            ActorKind::IamUser,
            "maria",
        ),
        (
            json!({"type": "Root", "arn": "arn:aws:iam::111122223333:root", "accountId": ACCOUNT}),
            ActorKind::Root,
            "root of 111122223333",
        ),
        (role("ops-admin", "", "tomasz"), ActorKind::AssumedRole, "tomasz"),
        (
            role("deploy", "", "botocore-session-1699999999"),
            ActorKind::AssumedRole,
            "deploy/botocore-session-1699999999",
        ),
        (role("deploy", "", "1699999999123"), ActorKind::AssumedRole, "deploy/1699999999123"),
        (
            role("AWSReservedSSO_Admin_0a1b2c3d4e5f6a7b", sso, "lena@example.com"),
            ActorKind::IdentityCenter,
            "lena@example.com",
        ),
        (role("web", "", "i-0aaaabbbbccccdddd"), ActorKind::Instance, "web/i-0aaaabbbbccccdddd"),
        (
            role("AWSServiceRoleForAutoScaling", "aws-service-role/autoscaling.amazonaws.com/", "AutoScaling"),
            ActorKind::AwsService,
            "AWSServiceRoleForAutoScaling",
        ),
        (json!({"type": "AWSService", "invokedBy": "ssm.amazonaws.com"}), ActorKind::AwsService, "ssm.amazonaws.com"),
        (
            json!({"type": "Root", "accountId": ACCOUNT, "invokedBy": "autoscaling.amazonaws.com"}),
            ActorKind::AwsService,
            "autoscaling.amazonaws.com",
        ),
        (json!({"type": "SAMLUser", "principalId": "abc:lena", "userName": "lena"}), ActorKind::Federated, "lena"),
        (
            json!({"type": "AWSAccount", "accountId": "999988887777", "principalId": "AIDAEXAMPLE"}),
            ActorKind::OtherAccount,
            "AIDAEXAMPLE of account 999988887777",
        ),
        (json!({}), ActorKind::Unknown, "unknown"),
    ] {
        let got = read(identity.clone());
        assert_eq!((got.kind, got.display.as_str()), (kind, display), "{identity}");
    }
}

#[test]
fn a_workflow_and_a_person_of_a_web_identity_are_named_by_what_their_provider_says() {
    let mut identity = role("deploy", "", "GitHubActions");
    identity["sessionContext"]["webIdFederationData"] = json!({
        "federatedProvider": format!("arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"),
        "attributes": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": "repo:shop/site:ref:refs/heads/main"}});
    let got = read(identity.clone());
    assert_eq!((got.kind, got.display.as_str()), (ActorKind::Federated, "repo:shop/site:ref:refs/heads/main"));
    identity["sessionContext"]["webIdFederationData"]["attributes"]["login.example.com:email"] =
        json!("lena@example.com");
    assert_eq!(read(identity.clone()).display, "lena@example.com");
    identity["sessionContext"]["webIdFederationData"]["attributes"] = json!({});
    assert_eq!(read(identity).display, "GitHubActions");
}

#[test]
fn a_service_that_acts_for_a_person_leaves_the_person_in_front() {
    let mut identity =
        role("AWSReservedSSO_Ops_0a1b2c3d4e5f6a7b", "aws-reserved/sso.amazonaws.com/", "lena@example.com");
    identity["invokedBy"] = json!("ssm.amazonaws.com");
    let call = CallContext { source_ip: Some("ssm.amazonaws.com"), recipient: ACCOUNT, ..CallContext::default() };
    let got = actor_of(&identity, call);
    assert_eq!((got.kind, got.display.as_str()), (ActorKind::IdentityCenter, "lena@example.com"));
    assert_eq!(got.invoked_by.as_deref(), Some("ssm.amazonaws.com"));
    assert!(got.issuer.unwrap().contains("AWSReservedSSO_Ops"));
}

#[test]
fn a_vpc_endpoint_is_told_with_its_owner_where_that_is_another_account() {
    let from = |owner: &'static str| {
        let call = CallContext {
            source_ip: Some("10.20.0.5"),
            vpc_endpoint: Some("vpce-0a1b"),
            vpc_endpoint_account: Some(owner),
            recipient: ACCOUNT,
            ..CallContext::default()
        };
        actor_of(&role("ops", "", "tomasz"), call).from().unwrap()
    };
    assert_eq!(from(ACCOUNT), "10.20.0.5 through vpce-0a1b");
    assert_eq!(from("999988887777"), "10.20.0.5 through vpce-0a1b of 999988887777");
}

#[test]
fn a_server_that_changes_itself_is_told_from_one_that_changes_another() {
    let got = read(role("web", "", "i-0aaaabbbbccccdddd"));
    assert_eq!(got.shown_on(&"i-0aaaabbbbccccdddd".into()), "the server itself (web/i-0aaaabbbbccccdddd)");
    assert_eq!(got.shown_on(&"i-0eeeeffff00001111".into()), "another server (web/i-0aaaabbbbccccdddd)");
    assert_eq!(read(role("ops", "", "tomasz")).shown_on(&"i-0aaaabbbbccccdddd".into()), "tomasz");
}

#[test]
fn another_accounts_principals_are_foreign_whatever_they_are() {
    let mut identity = role("ops", "", "eve");
    identity["accountId"] = json!("999988887777");
    let got = read(identity);
    assert_eq!((got.kind, got.display.as_str()), (ActorKind::OtherAccount, "eve"));
    let nameless = json!({"type": "AWSAccount", "principalId": "AIDAQ:eve", "accountId": "999988887777"});
    assert_eq!(read(nameless).display, "eve of account 999988887777");
    let person = json!({"type": "IdentityCenterUser", "accountId": ACCOUNT, "onBehalfOf": {"userId": "94d2-user",
        "identityStoreArn": "arn:aws:identitystore::111122223333:identitystore/d-1"}, "credentialId": "c"});
    assert_eq!((read(person.clone()).kind, read(person).display), (ActorKind::IdentityCenter, "94d2-user".to_owned()));
}

#[test]
fn the_calling_instance_is_kept_apart() {
    let got = read(role("web", "", "i-0aaaabbbbccccdddd"));
    assert_eq!(got.calling_instance, Some("i-0aaaabbbbccccdddd".into()));
    assert_eq!(read(role("web", "", "tomasz")).calling_instance, None);
}

#[test]
fn a_person_in_the_console_is_no_service() {
    let identity = json!({"type": "IAMUser", "userName": "maria", "accountId": ACCOUNT, "invokedBy": "AWS Internal",
        "arn": "arn:aws:iam::111122223333:user/maria", "sessionContext": {"attributes": {"mfaAuthenticated": "true"}}});
    let call = CallContext {
        source_ip: Some("AWS Internal"),
        from_console: true,
        recipient: ACCOUNT,
        ..CallContext::default()
    };
    let got = actor_of(&identity, call);
    assert_eq!((got.kind, got.invoked_by, got.mfa), (ActorKind::IamUser, None, Some(true)));
    let got = actor_of(&identity, CallContext { from_console: false, ..call });
    assert_eq!(got.invoked_by.as_deref(), Some("AWS Internal"));
}

#[test]
fn source_identity_names_the_person_behind_chained_roles() {
    let mut identity = role("break-glass", "", "session-17");
    identity["sessionContext"]["sourceIdentity"] = json!("lena@example.com");
    assert_eq!(read(identity).display, "lena@example.com");
}

#[test]
fn account_numbers_that_lost_their_zeros_are_not_foreign() {
    let identity = json!({"type": "IAMUser", "userName": "maria", "accountId": 1122223333});
    let got = actor_of(&identity, CallContext { recipient: "001122223333", ..CallContext::default() });
    assert_eq!(got.kind, ActorKind::IamUser);
}

#[test]
fn somebody_of_identity_center_without_a_role_is_their_id_in_its_store() {
    let of = |user: &str| {
        read(json!({"type": "IdentityCenterUser", "accountId": ACCOUNT, "credentialId": "c",
            "onBehalfOf": {"userId": user, "identityStoreArn": "arn:aws:identitystore::111122223333:identitystore/d-0123456789"}}))
    };
    let actor = of("54489-a");
    assert_eq!(actor.kind, ActorKind::IdentityCenter);
    assert_eq!(actor.principal, "arn:aws:identitystore::111122223333:identitystore/d-0123456789/user/54489-a");
    assert_eq!(actor.display, "54489-a");
    assert_ne!(actor.principal, of("other").principal);
}
