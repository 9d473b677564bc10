//! Goldens with their age and how their instances fare, and exceptions that are in force.

use std::collections::BTreeMap;

use super::Known;
use super::words::{ago, minute, name, number, percent, span};
use crate::report::text::clean;
use crate::types::{GoldenRef, GoldenStatus, Verdict};

/// A promoted golden of this age has missed two months of updates.
const OLD_DAYS: i64 = 60;

/// One version.
pub(super) struct Row {
    pub(super) line: String,
    pub(super) version: String,
    pub(super) status: &'static str,
    pub(super) age: String,
    pub(super) old: bool,
    pub(super) instances: String,
    pub(super) drifted: String,
    pub(super) share: String,
    pub(super) images: String,
    pub(super) by: String,
    pub(super) digest: String,
    pub(super) note: String,
}

/// An exception that is in force.
pub(super) struct Waiver {
    pub(super) scope: String,
    pub(super) reason: String,
    pub(super) ticket: String,
    pub(super) approver: String,
    pub(super) expires: String,
    pub(super) left: String,
    pub(super) soon: bool,
}

pub(super) fn rows(known: &Known) -> Vec<Row> {
    let mut counts: BTreeMap<&GoldenRef, [usize; 2]> = BTreeMap::new();
    for result in known.members() {
        let Some(golden) = &result.golden else { continue };
        let [all, drifted] = counts.entry(golden).or_default();
        *all += 1;
        *drifted += usize::from(result.verdict == Verdict::Drifted);
    }
    let mut goldens: Vec<_> = known.goldens.iter().collect();
    let rank = |status: GoldenStatus| match status {
        GoldenStatus::Promoted => 0,
        GoldenStatus::Recorded => 1,
        GoldenStatus::Deprecated => 2,
        GoldenStatus::Revoked => 3,
    };
    goldens.sort_by(|a, b| (&a.line, rank(a.status), b.recorded_at).cmp(&(&b.line, rank(b.status), a.recorded_at)));
    goldens
        .into_iter()
        .map(|golden| {
            let [all, drifted] = counts.get(&golden.reference()).copied().unwrap_or_default();
            let age = known.now.duration_since(golden.recorded_at);
            Row {
                line: name(golden.line.as_str()),
                version: name(golden.version.as_str()),
                status: golden.status.as_str(),
                age: ago(golden.recorded_at, known.now),
                old: golden.status == GoldenStatus::Promoted && age.as_hours() >= OLD_DAYS * 24,
                instances: number(all),
                drifted: number(drifted),
                share: percent(drifted, all),
                images: number(golden.images.len()),
                by: clean(&golden.recorded_by, 80),
                digest: golden.digest().as_str().chars().take(23).collect(),
                note: golden.note.as_deref().map_or(String::new(), |note| clean(note, 160)),
            }
        })
        .collect()
}

pub(super) fn waivers(known: &Known) -> Vec<Waiver> {
    let mut active: Vec<_> = known.exceptions.iter().filter(|exception| exception.is_active(known.now)).collect();
    active.sort_by_key(|exception| exception.expires_at);
    active
        .into_iter()
        .map(|exception| {
            let left = exception.expires_at.duration_since(known.now);
            let parts = [
                ("fleet", exception.fleet.as_ref().map(|fleet| fleet.as_str())),
                ("instance", exception.instance.as_ref().map(|id| id.as_str())),
                ("code", exception.code.as_deref()),
                ("fingerprint", exception.fingerprint.as_deref()),
                ("subject", exception.subject.as_deref()),
            ];
            let scope: Vec<String> =
                parts.into_iter().filter_map(|(what, value)| Some(format!("{what} {}", clean(value?, 80)))).collect();
            Waiver {
                scope: scope.join(", "),
                reason: clean(&exception.reason, 200),
                ticket: clean(&exception.ticket, 60),
                approver: clean(&exception.approver, 80),
                expires: minute(exception.expires_at),
                left: span(left),
                soon: left.as_hours() < 72,
            }
        })
        .collect()
}
