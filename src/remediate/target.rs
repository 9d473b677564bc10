//! What this stage needs from a cloud to change it. Implemented by `aws` and by the simulated account; never
//! constructed by commands that do not enforce.

use async_trait::async_trait;

use super::WriteCall;
use crate::collect::ReadError;
use crate::types::{InstanceId, OperationId, Place};

/// Why a call failed, in terms of what can be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WriteFailure {
    /// No usable credentials, or the enforcing role cannot be assumed.
    Credentials,
    /// The principal may not make this call.
    Denied,
    /// Throttled: nothing happened.
    Throttled,
    /// No answer: it may have happened.
    Timeout,
    /// The service failed: it may have happened.
    Unavailable,
    /// The thing does not exist, or not yet for this reader.
    NotFound,
    /// The thing's state forbids the call now (`IncorrectState`, `VolumeInUse`, …): look again.
    Conflict,
    /// There is no capacity of this type in this zone, or no free address, or a quota is used up.
    Capacity,
    /// The token was used with other parameters.
    TokenMismatch,
    /// The token's instance was already terminated.
    TokenSpent,
    /// The request or the answer made no sense.
    Invalid,
}

impl WriteFailure {
    /// Every class.
    pub const ALL: [Self; 11] = [
        Self::Credentials,
        Self::Denied,
        Self::Throttled,
        Self::Timeout,
        Self::Unavailable,
        Self::NotFound,
        Self::Conflict,
        Self::Capacity,
        Self::TokenMismatch,
        Self::TokenSpent,
        Self::Invalid,
    ];

    /// The kebab-case name used in every format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::Denied => "denied",
            Self::Throttled => "throttled",
            Self::Timeout => "timeout",
            Self::Unavailable => "unavailable",
            Self::NotFound => "not-found",
            Self::Conflict => "conflict",
            Self::Capacity => "capacity",
            Self::TokenMismatch => "token-mismatch",
            Self::TokenSpent => "token-spent",
            Self::Invalid => "invalid",
        }
    }

    /// Whether the call may have had its effect all the same.
    pub fn is_ambiguous(self) -> bool {
        matches!(self, Self::Timeout | Self::Unavailable)
    }

    /// Whether the same call may succeed a little later.
    pub fn is_transient(self) -> bool {
        matches!(self, Self::Throttled | Self::Timeout | Self::Unavailable | Self::Conflict)
    }
}

/// A failed call.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{api} in {place}: {}{}", failure.as_str(), if detail.is_empty() { String::new() } else { format!(" ({detail})") })]
pub struct WriteError {
    /// `service:Operation`.
    pub api: &'static str,
    /// Where.
    pub place: Place,
    /// Class.
    pub failure: WriteFailure,
    /// The service's code and message, bounded; never a secret.
    pub detail: String,
}

/// One snapshot that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotMade {
    /// `snap-…`.
    pub snapshot: String,
    /// Of which volume.
    pub volume: String,
}

/// What a call answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Output {
    /// Nothing that is needed.
    #[default]
    Nothing,
    /// The launched instance.
    Instance(InstanceId),
    /// A task, command or activity id.
    Task(String),
    /// Snapshots.
    Snapshots(Vec<SnapshotMade>),
}

/// A call that succeeded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    /// AWS's request id: CloudTrail records it, so it tells our calls from others.
    pub request_id: Option<String>,
    /// What came back.
    pub output: Output,
}

/// On whose behalf a call is made. The session that makes it is narrowed to this.
#[derive(Clone, Copy, Debug)]
pub struct CallContext<'a> {
    /// Where.
    pub place: &'a Place,
    /// Operation: part of the session's name.
    pub operation: &'a OperationId,
    /// The instance it is about.
    pub instance: &'a InstanceId,
    /// The replacement, once there is one.
    pub replacement: Option<&'a InstanceId>,
    /// The user data that a launch request names by digest.
    pub user_data: Option<&'a [u8]>,
}

/// Changes accounts. Implementations do not retry what may have happened: the engine looks first.
#[async_trait]
pub trait CloudWrite: Send + Sync {
    /// Makes one call.
    async fn call(&self, context: &CallContext<'_>, call: &WriteCall) -> Result<Answered, WriteError>;

    /// Asks whether the call would be allowed, where the API can be asked (`DryRun`); `Ok` where it cannot.
    async fn rehearse(&self, context: &CallContext<'_>, call: &WriteCall) -> Result<(), WriteError>;

    /// ARN of the role or user that calls in this place are made as.
    async fn principal(&self, place: &Place) -> Result<String, ReadError>;
}
