//! Who made a call: `userIdentity` of a record -> [`Actor`].
//!
//! Field meanings: "CloudTrail userIdentity element", AWS CloudTrail user guide.

use std::borrow::Cow;

use super::identity::{Identity, text};
use super::record::padded;
use super::text::{after, clean, cleaned, find, is_instance_id};
use super::tree::Tree;
use crate::types::{Actor, ActorKind, InstanceId};

/// How the roles are called that IAM Identity Center provisions ("AWSReservedSSO_<permission set>_<hash>").
const IDENTITY_CENTER_ROLE: &str = "AWSReservedSSO_";
/// Stands before the role in the ARN of a session.
const ASSUMED_ROLE: &str = ":assumed-role/";
/// Session names that tools make up. They name nobody.
const MACHINE_SESSIONS: [&str; 10] = [
    "botocore-session-",
    "aws-sdk-",
    "aws-go-sdk-",
    "awscli-session",
    "aws-cli-",
    "session-",
    "temporary-session",
    "default-session",
    "aws-crt-",
    "web-identity",
];

/// The parts of a record outside `userIdentity` that say something about the caller.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CallContext<'a> {
    /// `sourceIPAddress`.
    pub(super) source_ip: Option<&'a str>,
    /// `vpcEndpointId`.
    pub(super) vpc_endpoint: Option<&'a str>,
    /// `vpcEndpointAccountId`.
    pub(super) vpc_endpoint_account: Option<&'a str>,
    /// `userAgent`.
    pub(super) user_agent: Option<&'a str>,
    /// `sessionCredentialFromConsole`: a person in the console, even where the source says `AWS Internal`.
    pub(super) from_console: bool,
    /// The account that received the call.
    pub(super) recipient: &'a str,
}

/// Reads the caller.
pub(super) fn actor(identity: &Tree<'_>, call: CallContext<'_>) -> Actor {
    let identity = &Identity::of(identity);
    let arn = text(identity.arn);
    let session_name = session_name(identity, arn.as_deref());
    let issuer = text(identity.issuer);
    let invoked_by = invoked_by(identity, call);
    let kind = kind(identity, issuer.as_deref(), session_name.as_deref(), invoked_by.as_deref(), call.recipient);
    let calling_instance = session_name.as_deref().filter(|name| is_instance_id(name)).map(InstanceId::new);
    let principal = arn
        .or_else(|| text(identity.principal))
        .or_else(|| identity_center_user(identity))
        .or_else(|| invoked_by.clone())
        .map_or_else(|| "unknown".to_owned(), Cow::into_owned);
    let mut actor = Actor {
        display: String::new(),
        kind,
        issuer: issuer.map(Cow::into_owned),
        session_name,
        source_identity: text(identity.source_identity).map(Cow::into_owned),
        source_ip: call.source_ip.map(clean),
        vpc_endpoint: vpc_endpoint(call),
        user_agent: call.user_agent.map(clean),
        mfa: mfa(identity, kind),
        invoked_by: invoked_by.map(Cow::into_owned),
        calling_instance,
        principal,
    };
    let display = display(identity, &actor);
    actor.display = if cleaned(&display).len() == display.len() { display } else { clean(&display) };
    actor
}

/// Somebody of IAM Identity Center who acts without a role: that store, and their id in it. Such records have neither ARN nor
/// principal id ("CloudTrail use cases for IAM Identity Center", user guide).
fn identity_center_user<'t>(identity: &Identity<'t>) -> Option<Cow<'t, str>> {
    let user = text(identity.on_behalf_of)?;
    Some(match text(identity.identity_store) {
        Some(store) => Cow::Owned(format!("{store}/user/{user}")),
        None => user,
    })
}

/// The last part of an assumed-role ARN; older records have it only in `principalId` (`AROA…:name`).
fn session_name(identity: &Identity<'_>, arn: Option<&str>) -> Option<String> {
    if let Some(rest) = arn.and_then(|arn| after(arn, ASSUMED_ROLE)) {
        return rest.split_once('/').map(|(_, name)| name.to_owned()).filter(|name| !name.is_empty());
    }
    if text(identity.kind).as_deref() != Some("AssumedRole") {
        return None;
    }
    let principal = text(identity.principal)?;
    principal.split_once(':').map(|(_, name)| name.to_owned()).filter(|name| !name.is_empty())
}

/// The endpoint, with its owner where that is not the account of the call.
fn vpc_endpoint(call: CallContext<'_>) -> Option<String> {
    let endpoint = call.vpc_endpoint.map(clean).filter(|id| !id.is_empty())?;
    let owner = call.vpc_endpoint_account.map(|owner| padded(&clean(owner)).into_owned());
    let foreign = owner.filter(|owner| !owner.is_empty() && !call.recipient.is_empty() && owner != call.recipient);
    Some(foreign.map_or_else(|| endpoint.clone(), |owner| format!("{endpoint} of {owner}")))
}

/// The service behind the call. Console sessions show `AWS Internal` although a person acts.
fn invoked_by<'t>(identity: &Identity<'t>, call: CallContext<'t>) -> Option<Cow<'t, str>> {
    let is_service =
        |name: &Cow<'_, str>| name.ends_with(".amazonaws.com") || (name == "AWS Internal" && !call.from_console);
    text(identity.invoked_by)
        .filter(is_service)
        .or_else(|| call.source_ip.map(cleaned).filter(|source| source.ends_with(".amazonaws.com")))
}

fn kind(
    identity: &Identity<'_>,
    issuer: Option<&str>,
    session: Option<&str>,
    invoked_by: Option<&str>,
    recipient: &str,
) -> ActorKind {
    let kind = match text(identity.kind).as_deref() {
        // Until about 2018 services appeared as the account's root.
        Some("Root") if invoked_by.is_some() => ActorKind::AwsService,
        Some("Root") => ActorKind::Root,
        Some("IAMUser") => ActorKind::IamUser,
        Some("AssumedRole" | "Role") => role_kind(identity, issuer, session),
        Some("IdentityCenterUser") => ActorKind::IdentityCenter,
        Some("FederatedUser" | "SAMLUser" | "WebIdentityUser" | "Directory") => ActorKind::Federated,
        Some("AWSService") => ActorKind::AwsService,
        Some("AWSAccount") => ActorKind::OtherAccount,
        Some(_) => ActorKind::Unknown,
        None if invoked_by.is_some() => ActorKind::AwsService,
        None => ActorKind::Unknown,
    };
    let foreign = text(identity.account).is_some_and(|account| !recipient.is_empty() && padded(&account) != recipient);
    if foreign && kind != ActorKind::AwsService { ActorKind::OtherAccount } else { kind }
}

fn role_kind(identity: &Identity<'_>, issuer: Option<&str>, session: Option<&str>) -> ActorKind {
    let issuer = issuer.unwrap_or_default();
    if find(issuer, ":role/aws-service-role/").is_some() {
        return ActorKind::AwsService;
    }
    if role_name(identity).is_some_and(|name| name.starts_with(IDENTITY_CENTER_ROLE)) {
        return ActorKind::IdentityCenter;
    }
    if session.is_some_and(is_instance_id) {
        return ActorKind::Instance;
    }
    match text(identity.provider) {
        Some(_) => ActorKind::Federated,
        None => ActorKind::AssumedRole,
    }
}

/// The name of the role behind a session.
fn role_name<'t>(identity: &Identity<'t>) -> Option<Cow<'t, str>> {
    let last = |arn: Cow<'t, str>| part(arn, |arn| arn.rsplit('/').next());
    let of_session = |arn: Cow<'t, str>| part(arn, |arn| after(arn, ASSUMED_ROLE)?.split('/').next());
    text(identity.issuer_name)
        .or_else(|| text(identity.issuer).and_then(last))
        .or_else(|| text(identity.arn).and_then(of_session))
}

/// A part of a text, borrowed where that is.
fn part<'t>(text: Cow<'t, str>, of: impl Fn(&str) -> Option<&str>) -> Option<Cow<'t, str>> {
    match text {
        Cow::Borrowed(text) => of(text).map(Cow::Borrowed),
        Cow::Owned(text) => of(&text).map(|part| Cow::Owned(part.to_owned())),
    }
}

/// CloudTrail says `false` for every federated session, whose second factor is checked elsewhere: not known.
fn mfa(identity: &Identity<'_>, kind: ActorKind) -> Option<bool> {
    let said = text(identity.mfa)?.eq_ignore_ascii_case("true");
    match kind {
        ActorKind::IdentityCenter | ActorKind::Federated if !said => None,
        ActorKind::AwsService | ActorKind::Instance => None,
        _ => Some(said),
    }
}

fn display(identity: &Identity<'_>, actor: &Actor) -> String {
    // Set once by the identity provider and carried through every role chained from there.
    if let Some(source) = text(identity.source_identity) {
        return source.into_owned();
    }
    if let Some(person) = federated_name(identity) {
        return person;
    }
    let tail = || actor.principal.rsplit(['/', ':']).next().unwrap_or(&actor.principal).to_owned();
    let user = text(identity.user).map(Cow::into_owned);
    match actor.kind {
        ActorKind::Root => {
            format!("root of {}", text(identity.account).unwrap_or(Cow::Borrowed("the account")))
        }
        ActorKind::AwsService => {
            actor.invoked_by.clone().or_else(|| role_name(identity).map(Cow::into_owned)).unwrap_or_else(tail)
        }
        ActorKind::IdentityCenter => actor
            .session_name
            .clone()
            .or(user)
            .or_else(|| text(identity.on_behalf_of).map(Cow::into_owned))
            .unwrap_or_else(tail),
        ActorKind::IamUser => user.unwrap_or_else(tail),
        ActorKind::OtherAccount
        | ActorKind::AssumedRole
        | ActorKind::Instance
        | ActorKind::Federated
        | ActorKind::Unknown => match (&actor.session_name, role_name(identity)) {
            (Some(session), _) if names_a_person(session) => session.clone(),
            (Some(session), Some(role)) => [&*role, "/", session].concat(),
            (Some(session), None) => session.clone(),
            (None, _) => {
                let name = user.unwrap_or_else(tail);
                // Of a caller in another account nothing else may say in which.
                match text(identity.account).filter(|_| actor.kind == ActorKind::OtherAccount) {
                    Some(account) if !actor.principal.contains(&*account) => format!("{name} of account {account}"),
                    _ => name,
                }
            }
        },
    }
}

/// What an identity provider says of the person or workflow behind a web identity: `<provider>:email` and the like.
fn federated_name(identity: &Identity<'_>) -> Option<String> {
    let attributes = identity.attributes();
    ["email", "preferred_username", "user_id", "sub"].iter().find_map(|wanted| {
        let is_wanted = |key: &str| key.rsplit(':').next().is_some_and(|last| last.eq_ignore_ascii_case(wanted));
        attributes.iter().find(|(key, _)| is_wanted(key)).and_then(|(_, value)| value.text()).map(|name| clean(&name))
    })
}

/// Whether a session name looks chosen for somebody, and not made up by a tool.
fn names_a_person(session: &str) -> bool {
    if session.contains('@') {
        return true;
    }
    let lower = session.to_ascii_lowercase();
    let digits = lower.bytes().filter(u8::is_ascii_digit).count();
    !is_instance_id(session)
        && !MACHINE_SESSIONS.iter().any(|prefix| lower.starts_with(prefix))
        // Random ids and timestamps are mostly digits.
        && digits * 2 < lower.len().max(1)
        && lower.bytes().any(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
#[path = "actor_tests.rs"]
mod tests;
