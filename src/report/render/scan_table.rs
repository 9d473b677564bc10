//! A scan as a person wants to read it.

use std::collections::BTreeMap;

use super::alike::{Alike, alike};
use super::instance::{Depth, body, heading};
use super::out::Out;
use super::parts::{count, time};
use super::trail::trail;
use crate::detect::codes;
use crate::remediate::kept;
use crate::report::look::{Look, Role};
use crate::report::scan_report::ScanReport;
use crate::report::text::clean;
use crate::report::view::View;
use crate::store::InstanceResult;
use crate::types::{CoverageStatus, FindingStatus, FleetName, GoldenRef, Severity, Verdict};

/// Instances explained below the table unless everything is asked for: more than anybody reads at once.
const EXPLAINED: usize = 50;
/// Equal instances named beside the one that is explained.
const ALSO: usize = 6;
/// Records set aside that are named.
const SET_ASIDE: usize = 10;
/// Golden versions named for a fleet.
const GOLDENS: usize = 4;
/// Below this width the table leaves out what the blocks repeat.
const WIDE: usize = 120;
/// Below this one it leaves out the place as well.
const MEDIUM: usize = 100;

/// The scan as text: summary, instances that are not clean, each explained, what could not be seen, totals.
pub fn scan_table(report: &ScanReport, look: &Look) -> String {
    let view = View::of(report);
    let mut out = Out::new(look);
    header(&mut out, report);
    fleets(&mut out, report);
    instances(&mut out, report, &view);
    explained(&mut out, report, &view);
    whole_places(&mut out, report);
    unresolved(&mut out, report);
    coverage(&mut out, report);
    set_aside(&mut out, report);
    trail(&mut out, report);
    totals(&mut out, report);
    out.finish()
}

fn header(out: &mut Out<'_>, report: &ScanReport) {
    let took = report.finished_at.duration_since(report.started_at).as_secs_f64().max(0.0);
    let title = out.look.paint(Role::Heading, &format!("Scan {}", clean(report.scan_id.as_str(), 60)));
    let calls: u64 = report.calls.values().sum();
    let saved = match report.calls_saved {
        0 => String::new(),
        saved => format!(" ({saved} saved by content hashes)"),
    };
    let throttled = match report.calls_throttled {
        0 => String::new(),
        throttled => format!(", throttled {}", count(throttled, "time")),
    };
    let (at, calls) = (time(report.started_at), count(calls, "API call") + &saved + &throttled);
    out.line(0, &format!("{title} · {at} · {took:.1} s · {calls} · mode {}", report.mode));
}

fn fleets(out: &mut Out<'_>, report: &ScanReport) {
    let mut fleets: BTreeMap<Option<&FleetName>, [u64; 3]> = BTreeMap::new();
    let mut goldens: BTreeMap<(Option<&FleetName>, Option<&GoldenRef>), u64> = BTreeMap::new();
    let kept = kept(&report.unfinished);
    for result in report.instances.iter().filter(|result| !kept.contains(&result.instance.id)) {
        let [clean, drifted, unjudged] = fleets.entry(result.fleet.as_ref()).or_default();
        *goldens.entry((result.fleet.as_ref(), result.golden.as_ref())).or_default() += 1;
        *match result.verdict {
            Verdict::Clean => clean,
            Verdict::Drifted => drifted,
            Verdict::Unjudged => unjudged,
        } += 1;
    }
    for (fleet, [clean_count, drifted, unjudged]) in fleets {
        let name = fleet.map_or_else(|| "no fleet".to_owned(), |fleet| clean(fleet.as_str(), 60));
        let all = count(clean_count + drifted + unjudged, "instance");
        let of = goldens.iter().filter(|((of, _), _)| *of == fleet).map(|((_, golden), number)| {
            let golden = golden.map_or_else(|| "no golden".to_owned(), |golden| clean(&golden.to_string(), 60));
            format!("{number} of {golden}")
        });
        let of = of.take(GOLDENS).collect::<Vec<_>>().join(", ");
        out.wrapped(2, &format!("{name}: {all}: {clean_count} clean, {drifted} drifted, {unjudged} unjudged ({of})"));
        for (_, reason) in report.plan.frozen.iter().filter(|(frozen, _)| Some(frozen) == fleet) {
            out.labelled(4, "frozen: ", &clean(reason, 300));
        }
    }
}

fn instances(out: &mut Out<'_>, report: &ScanReport, view: &View<'_>) {
    let mut shown: Vec<_> =
        report.instances.iter().filter(|result| out.look.verbose || result.verdict != Verdict::Clean).collect();
    shown.sort_by_key(|result| {
        let order = match result.verdict {
            Verdict::Drifted => 0,
            Verdict::Unjudged => 1,
            Verdict::Clean => 2,
        };
        (order, std::cmp::Reverse(worst(result, view)), &result.instance.account, &result.instance.region)
    });
    out.gap();
    if !shown.is_empty() {
        let headers: &[&str] = match out.look.width {
            WIDE.. => &["VERDICT", "INSTANCE", "ACCOUNT/REGION", "GOLDEN", "SEVERITY", "DECISION", "WHAT"],
            MEDIUM.. => &["VERDICT", "INSTANCE", "ACCOUNT/REGION", "DECISION", "WHAT"],
            _ => &["VERDICT", "INSTANCE", "WHAT"],
        };
        let groups = grouped(out.look, &shown, view);
        let rows = groups.iter().map(|group| row(out.look, group, view)).collect();
        out.table(headers, rows);
    }
    let waived = report.findings.iter().filter(|finding| finding.status == FindingStatus::Waived).count() as u64;
    if report.totals.clean > 0 && !out.look.verbose {
        let line = out.look.paint(Role::Good, &format!("✓ {} clean", report.totals.clean));
        out.line(0, &line);
    }
    if waived > 0 {
        out.wrapped(0, &format!("{} waived by exceptions", count(waived, "finding")));
    }
}

fn worst(result: &InstanceResult, view: &View<'_>) -> Severity {
    let own = result.decision.as_ref().map_or(Severity::Info, |decision| decision.severity);
    let findings = view.findings(&result.instance.id).iter().filter(|finding| finding.is_active());
    findings.map(|finding| view.severity(finding)).fold(own, Severity::max)
}

/// With `-v` every instance has its own line.
fn grouped<'a>(look: &Look, results: &[&'a InstanceResult], view: &View<'a>) -> Vec<Alike<'a>> {
    if look.verbose {
        return results.iter().map(|shown| Alike { shown, others: Vec::new() }).collect();
    }
    alike(results, view)
}

fn row(look: &Look, group: &Alike<'_>, view: &View<'_>) -> Vec<String> {
    let result = group.shown;
    let instance = &result.instance;
    let name = match group.others.len() {
        0 => clean(instance.id.as_str(), 40),
        others => count((others + 1) as u64, "instance"),
    };
    let severity = worst(result, view);
    let place = format!("{}/{}", clean(instance.account.as_str(), 20), clean(instance.region.as_str(), 30));
    let decision = result.decision.as_ref().map_or_else(|| "-".to_owned(), |decision| decision.action.to_string());
    let mut cells = vec![look.verdict(result.verdict), name];
    if look.width < MEDIUM {
        // Drifted instances have their place in the block below.
        let place = if result.verdict == Verdict::Drifted { String::new() } else { format!(" ({place})") };
        cells.push(format!("{}{place}", what(result, view)));
        return cells;
    }
    cells.push(place);
    if look.width >= WIDE {
        let golden = result.golden.as_ref().map_or_else(|| "-".to_owned(), |golden| clean(&golden.to_string(), 40));
        let level = if result.verdict == Verdict::Drifted { look.severity(severity) } else { "-".to_owned() };
        cells.extend([golden, level]);
    }
    cells.extend([decision, what(result, view)]);
    cells
}

fn what(result: &InstanceResult, view: &View<'_>) -> String {
    let active: Vec<_> = view.findings(&result.instance.id).iter().filter(|finding| finding.is_active()).collect();
    let first = active
        .iter()
        .min_by_key(|finding| std::cmp::Reverse(view.severity(finding)))
        .map(|finding| clean(&finding.summary, 160));
    let reason = || result.reasons.first().map(|reason| clean(&reason.reason, 160));
    let text = first.or_else(reason).unwrap_or_default();
    match active.len() {
        0 | 1 => text,
        several => format!("{text} (+{} more)", several - 1),
    }
}

fn explained(out: &mut Out<'_>, report: &ScanReport, view: &View<'_>) {
    let mut drifted: Vec<_> = report.instances.iter().filter(|result| result.verdict == Verdict::Drifted).collect();
    drifted.sort_by_key(|result| std::cmp::Reverse(worst(result, view)));
    let groups = grouped(out.look, &drifted, view);
    let limit = if out.look.verbose { groups.len() } else { EXPLAINED };
    for group in groups.iter().take(limit) {
        heading(out, group.shown);
        if !group.others.is_empty() {
            let ids: Vec<_> =
                group.others.iter().take(ALSO).map(|other| clean(other.instance.id.as_str(), 40)).collect();
            let more = group.others.len() - ids.len();
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            out.labelled(2, "the same  ", &format!("on {}{more}", ids.join(", ")));
        }
        body(out, group.shown, view, &report.new, Depth::Short);
    }
    let rest: usize = groups.iter().skip(limit).map(|group| group.others.len() + 1).sum();
    if rest > 0 {
        out.gap();
        let rest = count(rest as u64, "more drifted instance");
        out.wrapped(0, &format!("{rest} not explained here: -v shows all, `cattleguard explain INSTANCE` one."));
    }
    if !report.resolved.is_empty() {
        out.heading(&format!("{} resolved", count(report.resolved.len() as u64, "finding")));
        for finding in report.resolved.iter().take(SET_ASIDE) {
            let (code, id) = (clean(finding.code.as_str(), 60), clean(finding.instance.as_str(), 40));
            out.wrapped(2, &format!("{id} {code}: {}", clean(&finding.summary, 160)));
        }
    }
}

/// What was done to a whole account-region, or to nobody knows what in it. Blind sources are told below.
fn whole_places(out: &mut Out<'_>, report: &ScanReport) {
    let wide: Vec<_> = report
        .findings
        .iter()
        .filter(|finding| finding.instance.as_str() == "*" && finding.is_active())
        // What could not be read has a section of its own.
        .filter(|finding| ![codes::BLIND_ACCESS_DENIED, codes::BLIND_SOURCE_FAILED].contains(&finding.code))
        .collect();
    if wide.is_empty() {
        return;
    }
    out.heading("About whole accounts");
    for finding in wide.iter().take(SET_ASIDE) {
        let place = format!("{}/{}", clean(finding.account.as_str(), 20), clean(finding.region.as_str(), 30));
        let severity = out.look.severity(finding.severity);
        out.line(2, &format!("{severity} {place} {}", clean(finding.code.as_str(), 60)));
        out.wrapped(4, &clean(&finding.summary, 240));
    }
    if wide.len() > SET_ASIDE {
        out.wrapped(2, &format!("and {} more: `cattleguard findings list --instance '*'`", wide.len() - SET_ASIDE));
    }
}

fn unresolved(out: &mut Out<'_>, report: &ScanReport) {
    let events = &report.unresolved_events;
    if events.is_empty() {
        return;
    }
    out.heading(&format!("{} with a target that is not known", count(events.len() as u64, "grave change")));
    for event in events.iter().take(SET_ASIDE) {
        let place = format!("{}/{}", clean(event.account.as_str(), 20), clean(event.region.as_str(), 30));
        let (who, what) = (clean(&event.actor.display, 60), clean(&event.summary, 160));
        let targets: Vec<String> = event.unresolved.iter().take(3).map(|target| clean(target, 60)).collect();
        out.wrapped(2, &format!("{place} {} {who} {what}: {}", time(event.time), targets.join(", ")));
    }
    if events.len() > SET_ASIDE {
        out.wrapped(2, &format!("and {} more", events.len() - SET_ASIDE));
    }
}

fn coverage(out: &mut Out<'_>, report: &ScanReport) {
    let lost: Vec<_> = report.coverage.iter().filter(|entry| entry.status != CoverageStatus::Complete).collect();
    if lost.is_empty() {
        return;
    }
    out.heading("Not everything could be seen");
    for entry in lost {
        let status = if entry.status == CoverageStatus::Failed { "not read" } else { "partly read" };
        let place = format!("{}/{}", clean(entry.account.as_str(), 20), clean(entry.region.as_str(), 30));
        let api = entry.api.as_deref().map_or(String::new(), |api| format!(" ({})", clean(api, 80)));
        let reason = entry.reason.as_deref().map_or(String::new(), |reason| format!(": {}", clean(reason, 240)));
        out.wrapped(2, &format!("{place} {} {status}{api}{reason}", entry.source.as_str()));
    }
}

fn set_aside(out: &mut Out<'_>, report: &ScanReport) {
    if report.set_aside.is_empty() {
        return;
    }
    out.heading(&format!("{} set aside", count(report.set_aside.len() as u64, "CloudTrail record")));
    for record in report.set_aside.iter().take(SET_ASIDE) {
        out.wrapped(2, &format!("{}: {}", clean(&record.origin, 160), clean(&record.problem, 160)));
    }
    if report.set_aside.len() > SET_ASIDE {
        out.wrapped(2, &format!("and {} more", report.set_aside.len() - SET_ASIDE));
    }
}

fn totals(out: &mut Out<'_>, report: &ScanReport) {
    let totals = report.totals;
    let word = match totals.exit_code {
        0 => "complete, nothing to report",
        1 => "complete, with findings",
        2 => "failed, do not trust this result",
        3 => "partial: something could not be judged",
        4 => "enforcement is held",
        _ => "see the messages above",
    };
    out.gap();
    let mut counts = vec![
        out.look.paint(if totals.drifted > 0 { Role::Bad } else { Role::Dim }, &format!("{} drifted", totals.drifted)),
        out.look.paint(
            if totals.unjudged > 0 { Role::Warning } else { Role::Dim },
            &format!("{} unjudged", totals.unjudged),
        ),
        out.look.paint(Role::Good, &format!("{} clean", totals.clean)),
    ];
    let kept = kept(&report.unfinished);
    let kept = report.instances.iter().filter(|result| kept.contains(&result.instance.id)).count();
    if kept > 0 {
        counts.push(out.look.paint(Role::Dim, &format!("{kept} replaced and kept")));
    }
    let (planned, held) = (report.plan.operations.len() as u64, report.plan.held.len() as u64);
    out.line(0, &format!("{} · {} planned, {held} held", counts.join(", "), count(planned, "operation")));
    out.line(0, &format!("exit code {}: {word}", totals.exit_code));
}

#[cfg(test)]
#[path = "scan_table_tests.rs"]
mod tests;
