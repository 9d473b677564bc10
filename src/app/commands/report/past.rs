//! How findings stood in a period: a finding is kept as it is now, and what waived or acknowledged it, and when, is kept beside it.

use jiff::Timestamp;

use crate::store::AuditEntry;
use crate::types::{Exception, Finding, FindingStatus};

/// What is known of a time.
pub(super) struct Past<'a> {
    /// The last scan of the period.
    pub(super) at: Timestamp,
    /// Every exception, as it was in force.
    pub(super) exceptions: Vec<Exception>,
    /// The audit log.
    pub(super) entries: &'a [AuditEntry],
}

impl Past<'_> {
    /// The finding as it stood then. One that is resolved now and was seen then, or later, was not resolved then; one that
    /// is resolved and was not seen any more is, though it may have become so later.
    pub(super) fn finding(&self, mut finding: Finding) -> Finding {
        if finding.status == FindingStatus::Resolved && finding.last_seen < self.at {
            return finding;
        }
        let waiver = self.exceptions.iter().find(|one| one.is_active(self.at) && one.covers(&finding));
        let waiver = waiver.map(|one| one.id.clone());
        finding.status = match waiver {
            Some(_) => FindingStatus::Waived,
            None if self.was_acknowledged(&finding) => FindingStatus::Acknowledged,
            None => FindingStatus::Open,
        };
        finding.exception = waiver;
        finding
    }

    /// Whether the last that people said of it, until then, was that they know it.
    fn was_acknowledged(&self, finding: &Finding) -> bool {
        let by_then = |entry: &&AuditEntry| entry.at <= self.at && entry.object == finding.id.as_str();
        let mut said = self.entries.iter().filter(by_then);
        let last = said.rfind(|entry| matches!(entry.action.as_str(), "finding.ack" | "finding.reopen"));
        last.is_some_and(|entry| entry.action == "finding.ack")
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use serde_json::{Value, json};

    use super::*;
    use crate::store::audit::seal;
    use crate::types::{Code, Severity, Source};

    fn at(hours: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours)
    }

    fn finding(status: FindingStatus, last_seen: i64) -> Finding {
        Finding {
            id: "f-1".into(),
            code: Code::from_text("software-package-added"),
            instance: "i-1".into(),
            account: "111122223333".into(),
            region: "eu-west-1".into(),
            fleet: Some("web".into()),
            golden: None,
            severity: Severity::High,
            subject: "AWS:Application nmap".to_owned(),
            summary: String::new(),
            expected: Value::Null,
            actual: Value::Null,
            source: Source::Ssm,
            attribution: Vec::new(),
            first_seen: at(1),
            last_seen: at(last_seen),
            times_seen: 1,
            status,
            exception: None,
            fingerprint: "a".to_owned(),
        }
    }

    fn exception(from: i64, until: i64) -> Exception {
        let text = "x".to_owned();
        let (reason, ticket, approver) = (text.clone(), text.clone(), text);
        Exception {
            id: "x-1".into(),
            fleet: None,
            account: None,
            instance: None,
            code: Some("software-package-added".to_owned()),
            fingerprint: None,
            subject: None,
            path: None,
            reason,
            ticket,
            approver,
            created_at: at(from),
            expires_at: at(until),
        }
    }

    fn status(finding_now: Finding, exceptions: Vec<Exception>, entries: &[AuditEntry]) -> FindingStatus {
        Past { at: at(10), exceptions, entries }.finding(finding_now).status
    }

    #[test]
    fn what_was_waived_or_resolved_counts_by_its_time() {
        use FindingStatus::{Open, Resolved, Waived};
        assert_eq!(status(finding(Open, 20), vec![exception(2, 15)], &[]), Waived, "it has ended since");
        assert_eq!(status(finding(Waived, 20), vec![exception(12, 30)], &[]), Open, "it was granted later");
        assert_eq!(status(finding(Resolved, 12), vec![], &[]), Open, "it was resolved later");
        assert_eq!(status(finding(Resolved, 9), vec![], &[]), Resolved);
    }

    #[test]
    fn people_acknowledge_and_reopen_at_their_time() {
        use FindingStatus::{Acknowledged, Open};
        let first = seal(None, at(4), "erin", "finding.ack", "f-1", &json!({}));
        let then = seal(Some((1, first.hash.clone())), at(12), "erin", "finding.reopen", "f-1", &json!({}));
        let other = seal(None, at(4), "erin", "finding.ack", "f-2", &json!({}));
        assert_eq!(status(finding(Open, 20), vec![], &[first, then]), Acknowledged);
        assert_eq!(status(finding(Acknowledged, 20), vec![], &[other]), Open);
    }
}
