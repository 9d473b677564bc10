//! No exception covers everything behind the operation.

use crate::types::{Exception, Finding, FindingStatus};

use super::{Answer, Candidate, Context};

pub(super) fn ask(candidate: &Candidate<'_>, context: &Context<'_, '_>) -> Answer {
    let mut covering: Vec<&Exception> = Vec::new();
    for finding in &candidate.findings {
        match cover(finding, context) {
            Some(Some(exception)) => covering.push(exception),
            Some(None) => {}
            None => {
                return Answer::allow(if covering.is_empty() {
                    "no exception covers it".to_owned()
                } else {
                    format!("an exception covers some of its findings, but not `{}`", finding.code)
                });
            }
        }
    }
    if candidate.findings.is_empty() {
        return Answer::allow("no exception covers it");
    }
    match covering.iter().min_by(|a, b| (a.expires_at, &a.id).cmp(&(b.expires_at, &b.id))) {
        Some(first) => Answer::hold_until(
            first.expires_at,
            format!(
                "exception {} covers it until {} ({}, {}); `cattleguard exceptions revoke {}` lifts it",
                first.id, first.expires_at, first.reason, first.ticket, first.id
            ),
        ),
        None => Answer::hold("its findings are waived; it lifts when the exception ends"),
    }
}

/// `None` when nothing covers the finding; the exception when it is known.
fn cover<'a>(finding: &Finding, context: &Context<'_, 'a>) -> Option<Option<&'a Exception>> {
    let active = context
        .input
        .exceptions
        .iter()
        .filter(|exception| exception.is_active(context.input.now) && exception.covers(finding));
    // The one that lasts longest decides how long this finding stays covered.
    let longest = active.max_by(|a, b| (a.expires_at, &a.id).cmp(&(b.expires_at, &b.id)));
    match longest {
        Some(exception) => Some(Some(exception)),
        None => (finding.status == FindingStatus::Waived).then_some(None),
    }
}
