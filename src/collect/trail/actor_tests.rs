use super::*;
use serde_json::json;

const ACCOUNT: &str = "111122223333";

fn read(identity: Value) -> Actor {
    actor(&identity, CallContext { recipient: ACCOUNT, ..CallContext::default() })
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
            "AIDAEXAMPLE",
        ),
        (json!({}), ActorKind::Unknown, "unknown"),
    ] {
        let got = read(identity.clone());
        assert_eq!((got.kind, got.display.as_str()), (kind, display), "{identity}");
    }
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
    let got = actor(&identity, call);
    assert_eq!((got.kind, got.invoked_by, got.mfa), (ActorKind::IamUser, None, Some(true)));
    let got = actor(&identity, CallContext { from_console: false, ..call });
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
    let got = actor(&identity, CallContext { recipient: "001122223333", ..CallContext::default() });
    assert_eq!(got.kind, ActorKind::IamUser);
}
