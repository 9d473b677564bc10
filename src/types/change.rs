//! Change events: normalised CloudTrail records that modify an instance, with their actor.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AccountId, Code, EventId, InstanceId, Place, Region, Severity};

/// What kind of modification an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// User data, kernel, ramdisk: what runs at the next boot.
    BootConfiguration,
    /// Interfaces, groups, addresses.
    Network,
    /// Instance profile and the roles behind it.
    Identity,
    /// Instance metadata service options.
    MetadataOptions,
    /// Volumes.
    Storage,
    /// Root volume replaced, image made from a running server.
    ImageRootVolume,
    /// Start, stop, reboot, type, protection.
    Lifecycle,
    /// A person opened a shell or a console.
    InteractiveSession,
    /// A command, document or automation ran on it.
    RemoteExecution,
    /// Patches installed in place.
    Patching,
    /// Software deployed in place.
    Deployment,
    /// Passwords and keys read or set.
    CredentialAccess,
    /// Load balancer or Auto Scaling membership.
    Membership,
    /// Tags.
    Tagging,
    /// Flow logs, monitoring, trails: what lets us see.
    Monitoring,
    /// Anything else.
    Other,
}

impl Category {
    /// The kebab-case name used in every format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BootConfiguration => "boot-configuration",
            Self::Network => "network",
            Self::Identity => "identity",
            Self::MetadataOptions => "metadata-options",
            Self::Storage => "storage",
            Self::ImageRootVolume => "image-root-volume",
            Self::Lifecycle => "lifecycle",
            Self::InteractiveSession => "interactive-session",
            Self::RemoteExecution => "remote-execution",
            Self::Patching => "patching",
            Self::Deployment => "deployment",
            Self::CredentialAccess => "credential-access",
            Self::Membership => "membership",
            Self::Tagging => "tagging",
            Self::Monitoring => "monitoring",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A part of an instance's state that an event can change; the join key between events and state drift.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aspect {
    /// User data.
    UserData,
    /// Security groups of any interface.
    SecurityGroups,
    /// Instance profile.
    InstanceProfile,
    /// Metadata options.
    MetadataOptions,
    /// Volumes.
    Volumes,
    /// Network interfaces and addresses.
    NetworkInterfaces,
    /// Instance type.
    InstanceType,
    /// Source/destination check.
    SourceDestCheck,
    /// Packages, services, updates.
    Software,
    /// Files.
    Files,
    /// Key pair, authorised keys, passwords.
    Credentials,
    /// Tags.
    Tags,
    /// The root volume's content.
    RootVolume,
    /// What SSM or the agent reports (a cut or silenced agent).
    Visibility,
}

/// How directly an event explains a change of an aspect. Ordered: the greatest explains best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Directness {
    /// It gave somebody the means (a session was opened, a key pushed).
    Enabling,
    /// It ran something on the machine that may have made the change.
    Executing,
    /// The call is the change itself.
    Direct,
}

/// How the call ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallOutcome {
    /// It succeeded.
    Succeeded,
    /// It failed with this error code. Only attempts at critical changes are kept.
    Failed(String),
}

/// What kind of principal acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActorKind {
    /// An IAM user.
    IamUser,
    /// A role session.
    AssumedRole,
    /// A role session that IAM Identity Center opened for a person.
    IdentityCenter,
    /// SAML or web identity federation.
    Federated,
    /// The account's root user.
    Root,
    /// An AWS service, on its own or for somebody.
    AwsService,
    /// A principal of another account.
    OtherAccount,
    /// The role session of an EC2 instance.
    Instance,
    /// The record does not say.
    Unknown,
}

impl ActorKind {
    /// The kebab-case name used in every format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::IamUser => "iam-user",
            Self::AssumedRole => "assumed-role",
            Self::IdentityCenter => "identity-center",
            Self::Federated => "federated",
            Self::Root => "root",
            Self::AwsService => "aws-service",
            Self::OtherAccount => "other-account",
            Self::Instance => "instance",
            Self::Unknown => "unknown",
        }
    }
}

/// Who made a call. Every text field is untrusted, bounded at parse time and escaped wherever it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// ARN of the principal as recorded; for role sessions the session's ARN.
    pub principal: String,
    /// The human name where the record holds one, else the most telling part of the ARN.
    pub display: String,
    /// What kind of principal.
    pub kind: ActorKind,
    /// ARN of the role or user behind a session.
    pub issuer: Option<String>,
    /// Role session name.
    pub session_name: Option<String>,
    /// `sourceIdentity` of the session: set once, by whoever opened the first session, and carried through every role
    /// chained from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_identity: Option<String>,
    /// Source IP address, or a service's DNS name.
    pub source_ip: Option<String>,
    /// The VPC endpoint that the call came through, with the account that owns it where that is another one:
    /// `vpce-…` or `vpce-… of 111122223333`. The source address is then one inside a VPC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpc_endpoint: Option<String>,
    /// User agent.
    pub user_agent: Option<String>,
    /// Whether the session was authenticated with MFA; `None` when the record does not say.
    pub mfa: Option<bool>,
    /// The AWS service that made the call for somebody.
    pub invoked_by: Option<String>,
    /// When the caller is an instance's own role session: that instance. It is the caller, not the target.
    pub calling_instance: Option<InstanceId>,
}

impl Actor {
    /// The name, and for a role session of a server whether it is the instance's own: a server that changes itself is
    /// another matter than one that changes others.
    pub fn shown_on(&self, instance: &InstanceId) -> String {
        match &self.calling_instance {
            Some(caller) if caller == instance => format!("the server itself ({})", self.display),
            Some(_) => format!("another server ({})", self.display),
            None => self.display.clone(),
        }
    }

    /// Where the call came from: address and VPC endpoint.
    pub fn from(&self) -> Option<String> {
        match (&self.source_ip, &self.vpc_endpoint) {
            (Some(address), Some(endpoint)) => Some(format!("{address} through {endpoint}")),
            (Some(one), None) | (None, Some(one)) => Some(one.clone()),
            (None, None) => None,
        }
    }
}

/// One call that modified, or tried to modify, instances.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeEvent {
    /// CloudTrail `eventID`, the key for deduplication.
    pub id: EventId,
    /// When it happened.
    pub time: Timestamp,
    /// E.g. `ec2.amazonaws.com`.
    pub event_source: String,
    /// E.g. `ModifyInstanceAttribute`.
    pub event_name: String,
    /// Account that received the call.
    pub account: AccountId,
    /// Region.
    pub region: Region,
    /// Category.
    pub category: Category,
    /// Finding code that this event raises, `event-…`.
    pub code: Code,
    /// Severity when nothing else is known.
    pub severity: Severity,
    /// The instances it targets, sorted.
    pub instances: Vec<InstanceId>,
    /// Targets that could not be turned into instances: `eni-…`, `tag:app=web`, `*`, or
    /// `requestParameters omitted` when CloudTrail dropped them for size.
    pub unresolved: Vec<String>,
    /// Who.
    pub actor: Actor,
    /// Aspects it can explain.
    pub explains: BTreeSet<Aspect>,
    /// How directly.
    pub directness: Directness,
    /// How the call ended.
    pub outcome: CallOutcome,
    /// SSM session, command or automation execution id.
    pub execution: Option<String>,
    /// What the caller wrote as its reason or comment, in its own words: `INC-4711`. Nobody has checked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// One sentence for people: `opened an SSM session`, `replaced the security groups of eni-…`.
    pub summary: String,
}

impl ChangeEvent {
    /// What was done, without the words that a failed attempt begins with.
    pub fn deed(&self) -> &str {
        let CallOutcome::Failed(error) = &self.outcome else { return &self.summary };
        let rest = self.summary.strip_prefix("attempt failed with ").and_then(|rest| rest.strip_prefix(error.as_str()));
        rest.and_then(|rest| rest.strip_prefix(": ")).unwrap_or(&self.summary)
    }

    /// Where it happened.
    pub fn place(&self) -> Place {
        Place { account: self.account.clone(), region: self.region.clone() }
    }
}
