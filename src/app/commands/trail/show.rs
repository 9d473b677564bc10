//! What verification found, for people and programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::app::exit::Exit;
use crate::app::output::Canvas;
use crate::app::table;
use crate::app::terminal::clean;
use crate::collect::digest::{ChainReport, Unproven, VerifyReport};
use crate::types::{BreakKind, TrailBreak};

/// Version of the document and of each line.
const SCHEMA: &str = "cattleguard.dev/trail-verify/v1";
/// Breaks of one kind that people are shown; the rest is counted, and in the other formats.
const SHOWN: usize = 20;

/// For people: the chains, then every break with what to do, then what could not be judged.
pub(super) fn text(report: &VerifyReport, canvas: Canvas) -> String {
    let headings = ["account", "region", "trail", "from", "through", "digests", "proven"];
    let rows: Vec<Vec<String>> = report.chains.iter().map(row).collect();
    let mut out = table::render(&headings, &rows, canvas);
    out.push('\n');
    let mut kinds: BTreeMap<BreakKind, Vec<&TrailBreak>> = BTreeMap::new();
    for found in &report.breaks.kept {
        kinds.entry(found.kind).or_default().push(found);
    }
    for (kind, found) in kinds {
        // Writing to a string does not fail.
        let _ = writeln!(out, "\n{} ({})", kind.as_str(), found.len());
        for one in found.iter().take(SHOWN) {
            let _ = writeln!(out, "  {}\n    {}{}", clean(&one.object), when(one), clean(&one.detail));
        }
        let _ = writeln!(out, "  What to do: {}", kind.advice());
    }
    unproven(report, &mut out);
    let _ = write!(out, "\n{}", sentence(report));
    out
}

fn row(chain: &ChainReport) -> Vec<String> {
    let time = |at: Option<Timestamp>| at.map_or("-".to_owned(), |at| at.strftime("%Y-%m-%d %H:%MZ").to_string());
    let trail = if chain.backfill { format!("{} (late files)", chain.trail) } else { chain.trail.clone() };
    let numbers = [chain.digests, chain.proven].map(|number| number.to_string());
    let [digests, proven] = numbers;
    let place = [chain.account.to_string(), chain.region.to_string()];
    let [account, region] = place;
    vec![account, region, trail, time(chain.from), time(chain.through), digests, proven]
}

fn when(found: &TrailBreak) -> String {
    match (found.from, found.to) {
        (Some(from), Some(to)) if from == to => format!("{from}: "),
        (Some(from), Some(to)) => format!("{from} to {to}: "),
        (None, Some(to)) => format!("until {to}: "),
        (Some(from), None) => format!("since {from}: "),
        (None, None) => String::new(),
    }
}

fn unproven(report: &VerifyReport, out: &mut String) {
    let mut reasons: BTreeMap<&str, Vec<&Unproven>> = BTreeMap::new();
    for entry in &report.unproven.kept {
        reasons.entry(&entry.reason).or_default().push(entry);
    }
    if !reasons.is_empty() {
        out.push_str("\nnot proven\n");
    }
    for (reason, entries) in reasons {
        let first = entries.first().map_or("", |entry| entry.object.as_str());
        let more = entries.len().saturating_sub(1);
        let more = if more == 0 { String::new() } else { format!(" (and {more} more)") };
        let _ = writeln!(out, "  {}{more}\n    {}", clean(first), clean(reason));
    }
    if report.logs_uncovered > 0 {
        let _ = writeln!(out, "  {} log files of times that no digest here covers", report.logs_uncovered);
    }
}

fn sentence(report: &VerifyReport) -> String {
    let digests: u64 = report.chains.iter().map(|chain| chain.digests).sum();
    let proven: u64 = report.chains.iter().map(|chain| chain.proven).sum();
    let VerifyReport { breaks, unproven, logs, logs_proven, logs_waiting, .. } = report;
    let waiting =
        if *logs_waiting == 0 { String::new() } else { format!("; {logs_waiting} log files wait for their digest") };
    format!(
        "{proven} of {digests} digest files and {logs_proven} of {logs} log files proven, {} breaks, {} not judged{waiting}",
        breaks.total, unproven.total
    )
}

/// One document.
pub(super) fn document(report: &VerifyReport, exit: Exit) -> String {
    super::super::json_text(&json!({
        "schema": SCHEMA,
        "chains": report.chains.iter().map(chain).collect::<Vec<_>>(),
        "breaks": report.breaks.kept.iter().map(broken).collect::<Vec<_>>(),
        "unproven": report.unproven.kept.iter().map(reason).collect::<Vec<_>>(),
        "summary": summary(report, exit),
    }))
}

/// A line for each chain, break and reason, and the summary.
pub(super) fn lines(report: &VerifyReport, exit: Exit) -> String {
    let chains = report.chains.iter().map(|entry| ("chain", chain(entry)));
    let breaks = report.breaks.kept.iter().map(|entry| ("break", broken(entry)));
    let reasons = report.unproven.kept.iter().map(|entry| ("unproven", reason(entry)));
    let mut out = String::new();
    for (kind, mut value) in chains.chain(breaks).chain(reasons).chain([("summary", summary(report, exit))]) {
        if let Some(fields) = value.as_object_mut() {
            fields.insert("type".to_owned(), json!(kind));
            fields.insert("schema".to_owned(), json!(SCHEMA));
        }
        let _ = writeln!(out, "{value}");
    }
    out
}

fn chain(entry: &ChainReport) -> Value {
    let ChainReport { account, region, trail, backfill, from, through, digests, proven, earlier } = entry;
    json!({
        "account": account, "region": region, "trail": trail, "backfill": backfill, "from": from, "through": through,
        "digests": digests, "digests_proven": proven, "earlier": earlier,
    })
}

fn broken(entry: &TrailBreak) -> Value {
    let TrailBreak { account, region, trail, from, to, kind, object, detail } = entry;
    json!({
        "account": account, "region": region, "trail": trail, "from": from, "to": to, "kind": kind, "object": object,
        "detail": detail, "advice": kind.advice(),
    })
}

fn reason(entry: &Unproven) -> Value {
    json!({ "object": entry.object, "reason": entry.reason })
}

fn summary(report: &VerifyReport, exit: Exit) -> Value {
    let VerifyReport { chains, breaks, unproven, logs, logs_read, logs_proven, bytes, logs_waiting, logs_uncovered } =
        report;
    json!({
        "chains": chains.len(),
        "digests": chains.iter().map(|chain| chain.digests).sum::<u64>(),
        "digests_proven": chains.iter().map(|chain| chain.proven).sum::<u64>(),
        "logs": logs, "logs_read": logs_read, "logs_proven": logs_proven, "logs_waiting": logs_waiting, "logs_uncovered": logs_uncovered,
        "bytes": bytes, "breaks": breaks.total, "unproven": unproven.total, "exit_code": exit.code(),
    })
}
