use std::sync::Arc;

use cattleguard_agent::digest::Digest as Blake;
use cattleguard_agent::inventory::{DifferenceTotals, Mode, PackageCounts, Row};

use super::*;
use crate::detect::fixtures::{self, time};
use crate::types::{CoverageStatus, Fleet, Golden, Instance, InventoryContent, InventoryItem, Snapshot};

/// One server with its world.
struct Case {
    instance: Instance,
    golden: Golden,
    fleet: Fleet,
    snapshot: Snapshot,
}

fn golden_root() -> Blake {
    Blake::of(b"golden")
}

impl Case {
    fn new() -> Self {
        let mut golden = fixtures::golden();
        golden.baseline.manifest_root = Some(Digest::new(golden_root().to_string()));
        let mut snapshot = fixtures::snapshot(Vec::new(), Vec::new());
        snapshot.coverage.push(fixtures::coverage(Source::Agent, CoverageStatus::Complete));
        Self { instance: fixtures::instance("i-1"), golden, fleet: fixtures::fleet(), snapshot }
    }

    fn reported(mut self, report: &Report, rows: &[DifferenceRow]) -> Self {
        self.put(REPORT_TYPE, &[report.to_row()]);
        self.put(DIFFERENCE_TYPE, &rows.iter().map(DifferenceRow::to_row).collect::<Vec<_>>());
        self
    }

    fn put(&mut self, kind: &str, rows: &[Row]) {
        let entries = rows
            .iter()
            .map(|row| row.iter().map(|(name, value)| (Arc::from(name.as_str()), Arc::from(value.as_str()))).collect())
            .collect();
        let item = InventoryItem {
            captured_at: Some(time("11:50")),
            schema_version: "1.0".to_owned(),
            content: Arc::new(InventoryContent { entries, digest: String::new() }),
        };
        self.instance.inventory.insert(InventoryType::new(kind), item);
    }

    fn run(&self, out: &mut RuleOutput) {
        let context = RuleContext {
            snapshot: &self.snapshot,
            now: time("12:00"),
            instance: &self.instance,
            fleet: Some(&self.fleet),
            golden: Some(&self.golden),
            promoted: Some(&self.golden),
            goldens_known: true,
            forged_at: None,
        };
        check(&context, out);
    }

    fn output(&self) -> RuleOutput {
        let mut out = RuleOutput::default();
        self.run(&mut out);
        out
    }
}

fn report(differences: DifferenceTotals, listed: usize) -> Report {
    let root = if differences.total() == 0 { golden_root() } else { Blake::of(b"other") };
    Report {
        agent_version: "0.1.0".to_owned(),
        agent_digest: None,
        root,
        golden_root: golden_root(),
        status: Status::Complete,
        mode: Mode::Full,
        started_at: time("11:40"),
        finished_at: time("11:45"),
        entries: 10,
        files: 8,
        bytes: 100,
        unjudged: 0,
        excluded: 0,
        vanished: 0,
        differences,
        packages: PackageCounts::default(),
        state: 0,
        rows_listed: listed as u64,
        rows_cut: 0,
        rows_digest: Blake::of(b"rows"),
    }
}

fn row(code: &str, path: &str) -> DifferenceRow {
    DifferenceRow {
        code: code.to_owned(),
        path: Some(path.to_owned()),
        package: None,
        detail: "content".to_owned(),
        aspects: String::new(),
        is_privileged: false,
        is_cut: false,
    }
}

fn package_row(name: &str) -> DifferenceRow {
    DifferenceRow { path: None, package: Some(name.to_owned()), ..row("software-package-changed", "") }
}

fn told(out: &RuleOutput) -> Vec<(&str, &str, Severity)> {
    out.drifts.iter().map(|drift| (drift.code.as_str(), drift.subject.as_str(), drift.severity)).collect()
}

fn gap(out: &RuleOutput) -> &str {
    let [(Source::Agent, why)] = out.gaps.as_slice() else { panic!("one gap of the agent: {:?}", out.gaps) };
    why
}

#[test]
fn an_equal_root_is_clean() {
    let out = Case::new().reported(&report(DifferenceTotals::default(), 0), &[]).output();
    assert!(told(&out).is_empty() && out.gaps.is_empty(), "{out:?}");
}

#[test]
fn a_server_without_manifest_and_agent_is_not_judged_by_files() {
    let mut case = Case::new();
    case.golden.baseline.manifest_root = None;
    let out = case.output();
    assert!(told(&out).is_empty() && out.gaps.is_empty(), "{out:?}");
}

#[test]
fn few_differences_are_findings_of_their_own_and_privileges_are_critical() {
    let rows = [row("file-content-changed", "/etc/hosts"), row("file-privilege-changed", "/usr/bin/x")];
    let totals = DifferenceTotals { content: 1, privilege: 1, ..DifferenceTotals::default() };
    let out = Case::new().reported(&report(totals, 2), &rows).output();
    assert_eq!(
        told(&out),
        [
            ("file-privilege-changed", "/usr/bin/x", Severity::Critical),
            ("file-content-changed", "/etc/hosts", Severity::High)
        ]
    );
    assert_eq!(out.drifts[1].summary, "/etc/hosts has another content: content");
    assert_eq!(out.drifts[1].aspect, Some(Aspect::Files));
}

#[test]
fn many_differences_are_one_finding_with_exact_counts() {
    let rows: Vec<_> = (0..250).map(|index| row("file-added", &format!("/opt/{index}"))).collect();
    let totals = DifferenceTotals { added: 1_000, ..DifferenceTotals::default() };
    let out = Case::new().reported(&report(totals, 250), &rows).output();
    assert_eq!(told(&out), [("file-added", "additional files", Severity::High)]);
    let actual = &out.drifts[0].actual;
    assert_eq!((actual["differences"].as_u64(), actual["not_listed"].as_u64()), (Some(1_000), Some(800)));
}

#[test]
fn rows_of_another_run_are_not_read_but_the_counts_are() {
    let totals = DifferenceTotals { removed: 1, ..DifferenceTotals::default() };
    let out = Case::new().reported(&report(totals, 9), &[row("file-removed", "/etc/hosts")]).output();
    assert_eq!(told(&out), [("file-removed", "missing files", Severity::High)]);
    assert_eq!(out.drifts[0].actual["differences"], 1);
}

#[test]
fn files_of_a_changed_package_are_left_to_its_finding_and_others_are_not() {
    let owned = |path: &str, package: &str| DifferenceRow {
        package: Some(package.to_owned()),
        ..row("file-content-changed", path)
    };
    let rows = [package_row("openssl"), owned("/usr/bin/openssl", "openssl"), owned("/usr/sbin/sshd", "openssh")];
    let totals = DifferenceTotals { content: 2, ..DifferenceTotals::default() };
    let case = Case::new().reported(&report(totals, 3), &rows);
    let software = Drift {
        code: codes::SOFTWARE_PACKAGE_CHANGED,
        subject: "AWS:Application openssl (x86_64)".to_owned(),
        source: Source::Ssm,
        ..blind(codes::BLIND_AGENT_SILENT, Severity::High, String::new(), json!({}))
    };
    let mut out = RuleOutput { drifts: vec![software], gaps: Vec::new() };
    case.run(&mut out);
    assert_eq!(told(&out)[1..], [("file-content-changed", "/usr/sbin/sshd", Severity::High)]);
    // The host says that the package changed, and nobody else does.
    assert_eq!(case.output().drifts.len(), 2);
}

#[test]
fn a_partial_or_unreadable_or_foreign_report_is_a_gap() {
    let partial = Report { status: Status::Partial, unjudged: 4, ..report(DifferenceTotals::default(), 0) };
    let out = Case::new().reported(&partial, &[]).output();
    assert_eq!((told(&out), gap(&out).contains("4 entries are unjudged")), (vec![], true));

    let foreign = Report { golden_root: Blake::of(b"foreign"), ..report(DifferenceTotals::default(), 0) };
    let out = Case::new().reported(&foreign, &[]).output();
    assert!(told(&out).is_empty() && gap(&out).contains(&Blake::of(b"foreign").to_string()), "{}", gap(&out));

    let mut case = Case::new();
    case.put(REPORT_TYPE, &[Row::from([("Root".to_owned(), "x".to_owned())])]);
    let out = case.output();
    assert!(told(&out).is_empty() && gap(&out).contains("cannot be read"), "{}", gap(&out));
}

#[test]
fn a_report_that_contradicts_itself_is_tampered_with() {
    let lying = Report { root: Blake::of(b"other"), ..report(DifferenceTotals::default(), 0) };
    let out = Case::new().reported(&lying, &[]).output();
    assert_eq!(told(&out), [("blind-agent-tampered", "agent", Severity::Critical)]);
    let totals = DifferenceTotals { content: 1, ..DifferenceTotals::default() };
    let lying = Report { root: golden_root(), ..report(totals, 0) };
    let out = Case::new().reported(&lying, &[]).output();
    assert_eq!(told(&out), [("blind-agent-tampered", "agent", Severity::Critical)]);
    assert_eq!(out.gaps.len(), 1);
}

#[test]
fn silence_is_a_finding_where_an_agent_is_expected_and_a_gap_everywhere() {
    let mut case = Case::new();
    let out = case.output();
    assert_eq!((told(&out), gap(&out)), (vec![], "no report of the agent: its files cannot be judged"));
    case.fleet.expect_agent = true;
    let out = case.output();
    assert_eq!(told(&out), [("blind-agent-silent", "agent", Severity::Medium)]);
    // What was not read is not silence.
    case.snapshot.coverage.pop();
    let out = case.output();
    assert_eq!((told(&out), gap(&out)), (vec![], "reports of the agent were not read completely"));
}

#[test]
fn an_old_report_is_silence_whatever_its_capture_says() {
    let old = Report { finished_at: "2026-10-30T00:00:00Z".parse().unwrap(), ..report(DifferenceTotals::default(), 0) };
    let out = Case::new().reported(&old, &[]).output();
    assert_eq!(told(&out), [("blind-agent-silent", "agent", Severity::Medium)]);
    assert!(gap(&out).contains("h old"));
}

#[test]
fn state_beside_files_is_found_though_the_roots_are_equal() {
    let told_row = |code: &str, detail: &str| DifferenceRow { path: None, detail: detail.to_owned(), ..row(code, "") };
    let rows = [
        told_row("software-module-changed", "kernel module evil added"),
        told_row("software-listener-changed", "listening socket tcp any:4444 added: /tmp/x"),
        told_row("software-listener-changed", "listening socket tcp any:4445 added: /tmp/x"),
    ];
    let report = Report { state: 3, ..report(DifferenceTotals::default(), 3) };
    let out = Case::new().reported(&report, &rows).output();
    assert_eq!(
        told(&out),
        [
            ("software-module-changed", "kernel modules", Severity::High),
            ("software-listener-changed", "listening sockets", Severity::Medium),
        ]
    );
    assert!(out.drifts[1].summary.ends_with("tcp any:4444 added: /tmp/x and 1 more"), "{}", out.drifts[1].summary);
    let unlisted = Case::new().reported(&Report { rows_listed: 9, ..report }, &rows).output();
    assert_eq!(told(&unlisted), [("software-module-changed", "state beside files", Severity::Medium)]);
}
