//! Notices of exceptions: one that ends soon, and one that has ended.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::draft_single;
use super::history::NoticeHistory;
use crate::report::backoff::later;
use crate::report::destination::{Audience, Destination, Subject};
use crate::report::notice::{GroupKey, Notice, NoticeKind};
use crate::report::render::parts::{count, time};
use crate::report::text::clean;
use crate::store::OutboxDraft;
use crate::types::{Code, Exception, Finding, FindingStatus, FleetName, InstanceId, Severity};

/// The last word before it ends.
const LAST_DAY: Duration = Duration::from_secs(86_400);

/// Findings named in a notice.
const LISTED: usize = 10;

/// What is known of exceptions.
pub struct Waivers<'a> {
    /// All of them.
    pub exceptions: &'a [Exception],
    /// The findings as they were before this scan.
    pub before: &'a [Finding],
    /// How long before the end people are told.
    pub warn: Duration,
}

/// What people must know of exceptions now: each once when its end comes near, once more on its last day, and once when
/// it has ended. One that waives nothing ends in silence; `exceptions list` names it.
pub fn exception_notices(
    waivers: &Waivers<'_>,
    findings: &[Finding],
    destinations: &[Destination],
    history: &dyn NoticeHistory,
    now: Timestamp,
) -> Vec<OutboxDraft> {
    let mut drafts = Vec::new();
    for exception in waivers.exceptions {
        let over = !exception.is_active(now) || waived_by(exception, findings).next().is_none();
        let told = if exception.is_active(now) {
            let waived: Vec<&Finding> = waived_by(exception, findings).collect();
            ending(exception, waived, waivers.warn, now)
        } else {
            ended(exception, waived_by(exception, waivers.before).collect(), findings, now)
        };
        let Some((notice, fleets, unique)) = told else {
            if over {
                drafts.extend(without_a_word(exception, destinations, history, now));
            }
            continue;
        };
        let audience = Audience::Touching(fleets);
        let accounts = exception.account.iter().cloned().collect();
        let code = notice.group.code.clone();
        let subject = Subject { audience: &audience, code: &code, accounts: &accounts, severity: notice.severity };
        let takes = |destination: &&Destination| destination.takes(&subject, false).is_ok();
        drafts.extend(destinations.iter().filter(takes).map(|to| draft_single(&notice, to, &unique)));
    }
    drafts
}

/// Where one thing stands for each problem, the end of one whose coming end was told and that waives nothing any more.
fn without_a_word(
    exception: &Exception,
    destinations: &[Destination],
    history: &dyn NoticeHistory,
    now: Timestamp,
) -> Vec<OutboxDraft> {
    let group = group(exception);
    let text = group.to_string();
    let open = destinations.iter().filter(|destination| destination.kind.keeps_incidents()).filter_map(|destination| {
        let (at, last) = history.last(&destination.name, &text)?;
        (last.kind == NoticeKind::ExceptionEnding).then_some((destination, at.max(last.due_at), last))
    });
    open.map(|(destination, at, last)| {
        let title = format!("exception {} waives nothing any more", clean(exception.id.as_str(), 40));
        let mut notice = Notice::blank(NoticeKind::ExceptionEnded, group.clone(), last.severity, &title, now);
        notice.due_at = now.max(at);
        draft_single(&notice, destination, &format!("nothing/{}", last.time))
    })
    .collect()
}

/// The same from its first notice to its last, whatever it waives meanwhile.
fn group(exception: &Exception) -> GroupKey {
    GroupKey {
        fleet: exception.fleet.clone(),
        code: Code::known("exception"),
        actor: Some(exception.id.as_str().to_owned()),
    }
}

fn waived_by<'f>(exception: &Exception, findings: &'f [Finding]) -> impl Iterator<Item = &'f Finding> {
    findings
        .iter()
        .filter(|finding| finding.status == FindingStatus::Waived)
        .filter(|finding| finding.exception.as_ref() == Some(&exception.id))
}

type Told = (Notice, BTreeSet<FleetName>, String);

fn ending(exception: &Exception, waived: Vec<&Finding>, warn: Duration, now: Timestamp) -> Option<Told> {
    // One that was granted for less than the warning time began with everybody knowing its end.
    let near = |ahead: Duration| {
        later(now, ahead) >= exception.expires_at && later(exception.created_at, ahead) < exception.expires_at
    };
    let stage = match () {
        () if waived.is_empty() => return None,
        () if near(LAST_DAY) => "last-day",
        () if near(warn) => "soon",
        () => return None,
    };
    let what = count(waived.len() as u64, "finding");
    let title = format!(
        "exception {} ends at {}: {what} will count again",
        clean(exception.id.as_str(), 40),
        time(exception.expires_at)
    );
    let notice = notice(NoticeKind::ExceptionEnding, exception, &waived, &title, now);
    // A prolonged one would be another: ids are digests of content, and the end is part of it.
    Some((notice, fleets(&waived), format!("{stage}/{}", exception.expires_at)))
}

fn ended(exception: &Exception, waived: Vec<&Finding>, findings: &[Finding], now: Timestamp) -> Option<Told> {
    if waived.is_empty() || exception.created_at > now {
        return None;
    }
    let counts = |finding: &&&Finding| {
        findings.iter().any(|after| after.id == finding.id && after.status == FindingStatus::Open)
    };
    let again = waived.iter().filter(counts).count() as u64;
    let title =
        format!("exception {} has ended: {} again", clean(exception.id.as_str(), 40), count(again, "open finding"));
    let notice = notice(NoticeKind::ExceptionEnded, exception, &waived, &title, now);
    Some((notice, fleets(&waived), format!("ended/{}", exception.expires_at)))
}

fn notice(kind: NoticeKind, exception: &Exception, waived: &[&Finding], title: &str, now: Timestamp) -> Notice {
    let severity = waived.iter().map(|finding| finding.severity).max().unwrap_or_default().max(Severity::Medium);
    let mut notice = Notice::blank(kind, group(exception), severity, title, now);
    notice.lines.push(format!(
        "{} ({}), approved by {}.",
        clean(&exception.reason, 300),
        clean(&exception.ticket, 80),
        clean(&exception.approver, 80)
    ));
    for finding in waived.iter().take(LISTED) {
        let (instance, summary) = (clean(finding.instance.as_str(), 40), clean(&finding.summary, 200));
        notice.lines.push(format!("{} on {instance}: {summary}", clean(finding.code.as_str(), 60)));
    }
    if waived.len() > LISTED {
        notice.lines.push(format!("and {} more", waived.len().saturating_sub(LISTED)));
    }
    if kind == NoticeKind::ExceptionEnding {
        notice.lines.push("Repair it, replace the server, or add another exception with its own approval.".to_owned());
    }
    let instances: BTreeSet<&InstanceId> = waived.iter().map(|finding| &finding.instance).collect();
    notice.totals.findings = waived.len() as u64;
    notice.totals.instances = instances.len() as u64;
    notice
}

fn fleets(waived: &[&Finding]) -> BTreeSet<FleetName> {
    waived.iter().filter_map(|finding| finding.fleet.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::destination::DestinationKind;
    use crate::report::draft::OutboxHistory;
    use crate::report::fixtures::{self, MemoryOutbox, at};
    use crate::report::render::pagerduty::action;
    use crate::store::Outbox as _;

    fn exception(expires: i64) -> Exception {
        Exception {
            id: "x-1".into(),
            fleet: Some("web".into()),
            account: None,
            instance: None,
            code: None,
            fingerprint: None,
            subject: None,
            path: None,
            reason: "vendor hotfix".to_owned(),
            ticket: "OPS-1".to_owned(),
            approver: "dora".to_owned(),
            created_at: at(-1_000),
            expires_at: at(expires),
        }
    }

    fn waived() -> Finding {
        let finding = fixtures::finding("software-package-changed", "i-1", "openssl");
        Finding { status: FindingStatus::Waived, exception: Some("x-1".into()), ..finding }
    }

    fn told(exception: &Exception, before: &[Finding], after: &[Finding], seconds: i64) -> Vec<(String, Notice)> {
        let waivers =
            Waivers { exceptions: std::slice::from_ref(exception), before, warn: Duration::from_secs(7 * 86_400) };
        let destinations = [fixtures::slack("ops", "http://127.0.0.1/")];
        let outbox = fixtures::MemoryOutbox::default();
        let drafts = exception_notices(&waivers, after, &destinations, &OutboxHistory::new(&outbox), at(seconds));
        drafts.into_iter().map(|draft| (draft.key, serde_json::from_value(draft.payload).unwrap())).collect()
    }

    #[test]
    fn the_end_is_told_a_week_before_and_a_day_before_and_once_each() {
        const DAY: i64 = 86_400;
        let (exception, found) = (exception(30 * DAY), [waived()]);
        assert_eq!(told(&exception, &found, &found, 22 * DAY), []);
        let soon = told(&exception, &found, &found, 24 * DAY);
        assert_eq!(soon[0].1.kind, NoticeKind::ExceptionEnding);
        assert!(soon[0].1.title.contains("1 finding will count again"), "{}", soon[0].1.title);
        assert_eq!(told(&exception, &found, &found, 25 * DAY)[0].0, soon[0].0, "one key is told once");
        assert_ne!(told(&exception, &found, &found, 29 * DAY + 1)[0].0, soon[0].0);
        assert_eq!(told(&exception, &[], &[], 24 * DAY), [], "one that waives nothing");
        let short = super::tests::exception(3 * DAY);
        assert_eq!(told(&short, &found, &found, DAY), [], "granted for three days");
        assert_eq!(told(&short, &found, &found, 2 * DAY + 1).len(), 1);
    }

    #[test]
    fn what_counts_again_is_told_when_it_has_ended() {
        let (exception, found) = (exception(10), [waived()]);
        let open = [Finding { status: FindingStatus::Open, exception: None, ..waived() }];
        let over = told(&exception, &found, &open, 11);
        assert_eq!(over[0].1.kind, NoticeKind::ExceptionEnded);
        assert!(over[0].1.title.ends_with("has ended: 1 open finding again"), "{}", over[0].1.title);
        assert_eq!(told(&exception, &open, &open, 12), [], "and not once more");
    }
    #[test]
    fn an_incident_ends_with_the_exception_or_with_what_it_waives_and_an_end_opens_none() {
        const DAY: i64 = 86_400;
        let kind = DestinationKind::PagerDuty { key: "k".to_owned().into(), url: "http://127.0.0.1/".to_owned() };
        let pager = [Destination { kind, ..fixtures::slack("page", "http://127.0.0.1/") }];
        let (exception, found) = (exception(30 * DAY), [waived()]);
        let revoked = Exception { expires_at: at(25 * DAY), ..exception.clone() };
        for (exception, after, day) in
            [(&exception, &found[..0], 26), (&revoked, &found[..0], 26), (&exception, &found[..], 31)]
        {
            let outbox = MemoryOutbox::default();
            let scan = |exception: &Exception, before: &[Finding], after: &[Finding], seconds| {
                let warn = Duration::from_secs(7 * 86_400);
                let waivers = Waivers { exceptions: std::slice::from_ref(exception), before, warn };
                let drafts = exception_notices(&waivers, after, &pager, &OutboxHistory::new(&outbox), at(seconds));
                outbox.enqueue(&drafts, at(seconds)).unwrap();
                let read = |draft: OutboxDraft| serde_json::from_value::<Notice>(draft.payload).unwrap();
                drafts.into_iter().map(read).map(|told| (action(told.kind), told.group)).collect::<Vec<_>>()
            };
            let begun = scan(&super::tests::exception(30 * DAY), &found, &found, 24 * DAY);
            assert_eq!(begun[0].0, "trigger");
            let ended = scan(exception, after, &[], day * DAY);
            assert_eq!(ended, [("resolve", begun[0].1.clone())], "day {day}");
            assert_eq!(scan(exception, &[], &[], day * DAY + 60), []);
        }
        let told = told(&revoked, &found, &[], 25 * DAY);
        assert_eq!(action(told[0].1.kind), "resolve");
    }
}
