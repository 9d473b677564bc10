//! `blind-trail-gap` from digest files: log files that are not what CloudTrail delivered, or not all of it.

use std::collections::BTreeMap;

use serde_json::json;

use super::codes;
use super::places::blank;
use crate::types::{BreakKind, Finding, Place, Severity, Snapshot, Source, TrailBreak};

/// A finding lists at most this many files; the count stays exact.
const LISTED: usize = 20;

/// One finding for each kind of break of a trail and day. What is broken does not mend itself: it stays until somebody
/// has seen it.
pub(super) fn findings(snapshot: &Snapshot) -> Vec<Finding> {
    let mut groups: BTreeMap<(Place, String), Vec<&TrailBreak>> = BTreeMap::new();
    for found in &snapshot.trail_breaks {
        let TrailBreak { account, region, trail, from, to, kind, .. } = found;
        let place = Place { account: account.clone(), region: region.clone() };
        let day = from.or(*to).map_or("undated".to_owned(), |at| at.strftime("%Y-%m-%d").to_string());
        let trail = trail.as_deref().unwrap_or("no trail");
        groups.entry((place, format!("{} of {trail}, {day}", kind.as_str()))).or_default().push(found);
    }
    groups.into_iter().filter_map(|((place, subject), found)| one(place, subject, &found, snapshot)).collect()
}

fn one(place: Place, subject: String, found: &[&TrailBreak], snapshot: &Snapshot) -> Option<Finding> {
    let first = found.first()?;
    let Place { account, region } = place;
    let mut finding = blank(codes::BLIND_TRAIL_GAP, account, region, subject, snapshot);
    finding.severity = severity(first.kind);
    let more = match found.len() - 1 {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    let from = found.iter().filter_map(|one| one.from).min();
    let to = found.iter().filter_map(|one| one.to).max();
    let time = match (from, to) {
        (Some(from), Some(to)) => format!(" between {from} and {to}"),
        (None, Some(to)) => format!(" until {to}"),
        _ => String::new(),
    };
    finding.summary = format!("{}{time}: {}: {}{more}", first.kind.as_str(), first.object, first.detail);
    finding.expected = json!("a whole chain of digest files, and every log file as delivered");
    finding.actual = json!({
        "kind": first.kind, "count": found.len(), "from": from, "to": to,
        "objects": found.iter().take(LISTED).map(|one| &one.object).collect::<Vec<_>>(),
        "advice": first.kind.advice(),
    });
    finding.source = Source::Cloudtrail;
    finding.fingerprint = Finding::fingerprint_of(&finding.code, &finding.subject, &finding.expected, &json!(null));
    Some(finding)
}

/// Tampering leaves no other explanation; a gap may have been an outage or a copy that is not whole.
fn severity(kind: BreakKind) -> Severity {
    match kind {
        BreakKind::DigestMissing
        | BreakKind::DigestAltered
        | BreakKind::DigestSignature
        | BreakKind::DigestUnlinked
        | BreakKind::LogMissing
        | BreakKind::LogAltered
        | BreakKind::LogUnlisted => Severity::Critical,
        BreakKind::DigestsEnd
        | BreakKind::DigestUnreadable
        | BreakKind::DigestMoved
        | BreakKind::ChainGap
        | BreakKind::ChainRestarted => Severity::High,
    }
}
