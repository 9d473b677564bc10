//! Exceptions: time-boxed waivers.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ExceptionId, Finding, FleetName, InstanceId};

/// A waiver with a mandatory expiry. A waived finding stays visible; it is never acted on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// Id.
    pub id: ExceptionId,
    /// Only this fleet.
    pub fleet: Option<FleetName>,
    /// Only this instance.
    pub instance: Option<InstanceId>,
    /// Only this finding code; may end in `*`.
    pub code: Option<String>,
    /// Only this fingerprint.
    pub fingerprint: Option<String>,
    /// Only this subject; may end in `*`.
    pub subject: Option<String>,
    /// Why.
    pub reason: String,
    /// Ticket.
    pub ticket: String,
    /// Who approved it.
    pub approver: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl Exception {
    /// Whether it is in force at this time.
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.created_at <= now && now < self.expires_at
    }

    /// Whether it covers a finding. One with no scope at all covers nothing.
    pub fn covers(&self, finding: &Finding) -> bool {
        let scoped = self.fleet.is_some()
            || self.instance.is_some()
            || self.code.is_some()
            || self.fingerprint.is_some()
            || self.subject.is_some();
        scoped
            && self.fleet.as_ref().is_none_or(|fleet| finding.fleet.as_ref() == Some(fleet))
            && self.instance.as_ref().is_none_or(|instance| *instance == finding.instance)
            && self.code.as_ref().is_none_or(|pattern| matches(pattern, finding.code.as_str()))
            && self.fingerprint.as_ref().is_none_or(|fingerprint| *fingerprint == finding.fingerprint)
            && self.subject.as_ref().is_none_or(|pattern| matches(pattern, &finding.subject))
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => text.starts_with(prefix),
        None => pattern == text,
    }
}
