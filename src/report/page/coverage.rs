//! What could not be seen, since when, and which servers that leaves unjudged.

use std::collections::{BTreeMap, BTreeSet};

use super::Known;
use super::words::{ago, name, number};
use crate::report::text::clean;
use crate::types::{Coverage, CoverageStatus, Place, Source, Verdict};

/// Reasons listed.
const SHOWN: usize = 50;

/// Coverage of the last scan.
pub(super) struct View {
    pub(super) sources: Vec<&'static str>,
    pub(super) rows: Vec<Row>,
    pub(super) complete: usize,
    pub(super) asked: usize,
    pub(super) gaps: Vec<Gap>,
    pub(super) reasons: Vec<Reason>,
    pub(super) more: usize,
}

/// One place. Only places with a gap have a row.
pub(super) struct Row {
    pub(super) account: String,
    pub(super) region: String,
    /// `complete`, `partial`, `failed`, or `none` when the source was not asked.
    pub(super) cells: Vec<&'static str>,
}

/// One source that is not complete in one place.
pub(super) struct Gap {
    pub(super) place: String,
    pub(super) source: &'static str,
    pub(super) status: &'static str,
    pub(super) reason: String,
    pub(super) since: String,
}

/// Why servers were not judged.
pub(super) struct Reason {
    pub(super) source: &'static str,
    pub(super) reason: String,
    pub(super) instances: String,
}

pub(super) fn view(known: &Known) -> View {
    let sources: BTreeSet<Source> = known.scan.coverage.iter().map(|entry| entry.source).collect();
    let mut by_place: BTreeMap<Place, BTreeMap<Source, CoverageStatus>> = BTreeMap::new();
    for entry in &known.scan.coverage {
        let place = Place::new(entry.account.clone(), entry.region.clone());
        by_place.entry(place).or_default().insert(entry.source, entry.status);
    }
    let rows = by_place.iter().filter(|(_, row)| row.values().any(|status| *status != CoverageStatus::Complete));
    let rows = rows.map(|(place, row)| Row {
        account: name(place.account.as_str()),
        region: name(place.region.as_str()),
        cells: sources.iter().map(|source| row.get(source).map_or("none", |status| word(*status))).collect(),
    });
    let (reasons, more) = reasons(known);
    View {
        rows: rows.collect(),
        complete: known.scan.coverage.len() - known.gaps().count(),
        asked: known.scan.coverage.len(),
        gaps: known.gaps().take(SHOWN).map(|entry| gap(known, entry)).collect(),
        sources: sources.into_iter().map(Source::as_str).collect(),
        reasons,
        more,
    }
}

fn gap(known: &Known, entry: &Coverage) -> Gap {
    let place = Place::new(entry.account.clone(), entry.region.clone());
    let since = known.blind_since.get(&(place.clone(), entry.source));
    let api = entry.api.as_deref().map_or(String::new(), |api| format!("{}: ", clean(api, 60)));
    Gap {
        place: name(&place.to_string()),
        source: entry.source.as_str(),
        status: word(entry.status),
        reason: format!("{api}{}", clean(entry.reason.as_deref().unwrap_or("no reason was given"), 240)),
        since: since.map_or_else(|| "as long as scans are kept".to_owned(), |since| ago(*since, known.now)),
    }
}

pub(super) fn word(status: CoverageStatus) -> &'static str {
    match status {
        CoverageStatus::Complete => "complete",
        CoverageStatus::Partial => "partial",
        CoverageStatus::Failed => "failed",
    }
}

/// Reasons with how many servers each concerns; a drifted server can have one too.
fn reasons(known: &Known) -> (Vec<Reason>, usize) {
    let mut counts: BTreeMap<(&'static str, String), usize> = BTreeMap::new();
    for reason in
        known.results.iter().filter(|result| result.verdict != Verdict::Clean).flat_map(|result| &result.reasons)
    {
        let source = reason.source.map_or("", Source::as_str);
        *counts.entry((source, clean(&reason.reason, 200))).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let more = counts.len().saturating_sub(SHOWN);
    counts.truncate(SHOWN);
    let rows = counts.into_iter().map(|((source, reason), count)| Reason { source, reason, instances: number(count) });
    (rows.collect(), more)
}
