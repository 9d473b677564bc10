//! The report as one page: what `report html` writes and `serve` shows.
//!
//! ```text
//!  Known (values out of the store) ──▶ sections (plain, cleaned text) ──▶ template ──▶ one file
//!                                  └─▶ data (compact JSON for the lists)  ┘
//! ```
//!
//! What must be seen first is in the page itself and needs no script. Lists of thousands of instances and findings are
//! data in the page that a small script draws, with `textContent` only. Nothing is ever fetched: the page's own policy
//! (`default-src 'none'`, the digests of its one script and one style) forbids it.

mod chart;
mod coverage;
mod data;
mod goldens;
mod heat;
mod people;
mod queue;
mod summary;
#[cfg(test)]
mod tests;
mod words;

use std::collections::HashMap;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::remediate::{OperationRecord, kept};
use crate::store::{InstanceResult, ScanPoint, ScanSummary};
use crate::types::{ChangeEvent, Coverage, Exception, Finding, FleetName, Golden, InstanceId, Plan, Source, Verdict};

pub(crate) const STYLE: &str = include_str!("templates/page.css");
pub(crate) const SCRIPT: &str = include_str!("templates/page.js");

/// Everything a page is made from, as the store kept it.
#[derive(Debug)]
pub struct Known {
    /// When the page is made.
    pub now: Timestamp,
    /// What may be done at most, e.g. `observe`.
    pub mode: String,
    /// The last scan.
    pub scan: ScanSummary,
    /// Scans of the shown period, oldest first.
    pub points: Vec<ScanPoint>,
    /// Results of the last scan.
    pub results: Vec<InstanceResult>,
    /// Findings, resolved ones of the shown period too.
    pub findings: Vec<Finding>,
    /// The last plan.
    pub plan: Option<Plan>,
    /// Change events of the shown period, oldest first.
    pub events: Vec<ChangeEvent>,
    /// Operations of the shown period, oldest first.
    pub operations: Vec<OperationRecord>,
    /// Goldens.
    pub goldens: Vec<Golden>,
    /// Exceptions.
    pub exceptions: Vec<Exception>,
    /// Pauses.
    pub pauses: Vec<(Option<FleetName>, String)>,
    /// Since when each incomplete source of a place was not complete, by the scans that are kept.
    pub blind_since: HashMap<(crate::types::Place, Source), Timestamp>,
    /// Notices that were given up, and those that wait.
    pub outbox: (u64, u64),
    /// Sequence and hash of the last entry of the audit log.
    pub head: Option<(i64, String)>,
    /// The shown period.
    pub days: u32,
}

impl Known {
    /// Entries of the last scan's coverage that are not complete.
    fn gaps(&self) -> impl Iterator<Item = &Coverage> {
        self.scan.coverage.iter().filter(|entry| entry.status != crate::types::CoverageStatus::Complete)
    }

    /// Instances of the last scan that are part of their fleets: not those that were replaced and are only kept.
    fn members(&self) -> impl Iterator<Item = &InstanceResult> {
        let kept = kept(&self.operations);
        self.results.iter().filter(move |result| !kept.contains(&result.instance.id))
    }

    /// Of these, those with a verdict.
    fn count(&self, verdict: Verdict) -> usize {
        self.members().filter(|result| result.verdict == verdict).count()
    }

    /// The position of each instance in `results`.
    fn positions(&self) -> HashMap<&InstanceId, usize> {
        self.results.iter().enumerate().map(|(index, result)| (&result.instance.id, index)).collect()
    }
}

/// Where the page is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a file.
    File,
    /// By `serve`: findings and plan lead to pages on which one can act.
    Live {
        /// Whether one can act at all.
        read_only: bool,
    },
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    policy: Option<String>,
    style: &'a str,
    script: &'a str,
    data: String,
    live: bool,
    read_only: bool,
    summary: summary::Summary,
    groups: Vec<summary::Group>,
    more_groups: usize,
    heat: heat::Heat,
    chart: chart::Chart,
    people: people::People,
    coverage: coverage::View,
    queue: queue::Queue,
    goldens: Vec<goldens::Row>,
    exceptions: Vec<goldens::Waiver>,
}

/// The whole page as HTML.
///
/// # Errors
/// Never in practice: writing to memory does not fail, and the template is checked when the program is built.
pub fn html(known: &Known, place: Place) -> Result<String, askama::Error> {
    let (groups, more_groups) = summary::groups(known);
    let (live, read_only) = match place {
        Place::File => (false, true),
        Place::Live { read_only } => (true, read_only),
    };
    let page = Page {
        // A server says the same in a header, where it can say more.
        policy: (!live).then(|| policy("'none'")),
        style: STYLE,
        script: SCRIPT,
        data: data::json(known, live),
        live,
        read_only,
        summary: summary::summary(known),
        groups,
        more_groups,
        heat: heat::heat(known),
        chart: chart::chart(known),
        people: people::people(known),
        coverage: coverage::view(known),
        queue: queue::queue(known),
        goldens: goldens::rows(known),
        exceptions: goldens::waivers(known),
    };
    page.render()
}

/// The content security policy of a page with our one script and one style. `form` is where forms may be sent.
pub(crate) fn policy(form: &str) -> String {
    format!(
        "default-src 'none'; script-src {}; style-src {}; img-src data:; base-uri 'none'; form-action {form}",
        source(SCRIPT),
        source(STYLE)
    )
}

fn source(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}
