//! How AWS's APIs were used: requests by what came of them.

use super::Place;

/// What came of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ApiOutcome {
    /// It was answered as asked.
    Ok,
    /// The service said that there were too many.
    Throttled,
    /// The service refused it, or failed.
    Error,
    /// Nothing that could be read came back: a timeout, a broken connection.
    Unanswered,
}

impl ApiOutcome {
    /// The word in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Throttled => "throttled",
            Self::Error => "error",
            Self::Unanswered => "unanswered",
        }
    }
}

/// Requests of one API in one place with one outcome.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiUse {
    /// Where.
    pub place: Place,
    /// `service:Operation` as IAM spells it.
    pub api: String,
    /// What came of them.
    pub outcome: ApiOutcome,
    /// Requests as they left, repeated ones too.
    pub requests: u64,
    /// How many of them repeated one that had failed.
    pub retries: u64,
}
