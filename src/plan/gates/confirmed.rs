//! The drift was seen twice, or two sources agree on it: one odd reading replaces nothing.

use std::collections::BTreeSet;

use crate::types::Source;

use super::{Answer, Candidate};

/// Scans that must have seen a finding which no second source supports.
const SCANS: u32 = 2;

pub(super) fn ask(candidate: &Candidate<'_>) -> Answer {
    let counting: Vec<_> = candidate.findings.iter().filter(|finding| finding.is_active()).collect();
    if let Some(finding) = counting.iter().find(|finding| finding.times_seen >= SCANS) {
        return Answer::allow(format!("`{}` was seen in {} scans", finding.code, finding.times_seen));
    }
    // An event that explains a state finding is a second witness of the same drift.
    let mut sources: BTreeSet<Source> = BTreeSet::new();
    for finding in &counting {
        sources.insert(finding.source);
        if !finding.attribution.is_empty() {
            sources.insert(Source::Cloudtrail);
        }
    }
    if sources.len() > 1 {
        let names: Vec<&str> = sources.iter().map(|source| source.as_str()).collect();
        return Answer::allow(format!("{} agree", names.join(" and ")));
    }
    if counting.is_empty() {
        return Answer::hold("no finding that counts is behind it; it lifts when one is");
    }
    Answer::hold("it was seen once, by one source; the next scan that sees it lifts this")
}
