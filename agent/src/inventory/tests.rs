use std::sync::Arc;

use jiff::Timestamp;

use super::*;
use crate::compare::Comparer;
use crate::digest::Digest;
use crate::entry::{Entry, Facts, Kind, SETUID, Times};
use crate::state::Explained;

fn report() -> Report {
    Report {
        agent_version: "0.1.0".to_owned(),
        agent_digest: Some(Digest::of(b"agent")),
        root: Digest::of(b"now"),
        golden_root: Digest::of(b"golden"),
        status: Status::Partial,
        mode: Mode::Full,
        started_at: Timestamp::from_second(1_700_000_000).unwrap(),
        finished_at: Timestamp::from_second(1_700_000_009).unwrap(),
        entries: 1,
        files: 2,
        bytes: u64::MAX,
        unjudged: 4,
        excluded: 5,
        vanished: 6,
        differences: DifferenceTotals { added: 7, removed: 8, content: 9, metadata: 10, privilege: 11, privileged: 12 },
        packages: PackageCounts { added: 13, removed: 14, changed: 15 },
        state: 18,
        rows_listed: 16,
        rows_cut: 17,
        rows_digest: Digest::of(b"rows"),
    }
}

/// Rows in the shape the scanner holds them.
fn shared(row: &Row) -> BTreeMap<Arc<str>, Arc<str>> {
    row.iter().map(|(name, value)| (name.as_str().into(), value.as_str().into())).collect()
}

#[test]
fn a_report_comes_back_as_it_was() {
    assert_eq!(Report::from_entries(&[shared(&report().to_row())]), Ok(report()));
    let unsigned = Report { agent_digest: None, ..report() };
    assert_eq!(Report::from_entries(&[unsigned.to_row()]), Ok(unsigned));
}

#[test]
fn a_report_that_lacks_or_distorts_anything_is_refused() {
    let row = report().to_row();
    for name in row.keys().filter(|name| !["AgentDigest", "StateChanged"].contains(&name.as_str())) {
        let mut less = row.clone();
        less.remove(name);
        assert!(matches!(Report::from_entries(&[less]), Err(ReportError::Missing(_))), "{name}");
        if name != "AgentVersion" {
            let mut wrong = row.clone();
            wrong.insert(name.clone(), "\u{1b}[2Jx".to_owned());
            assert!(matches!(Report::from_entries(&[wrong]), Err(ReportError::Value(_))), "{name}");
        }
    }
    assert_eq!(Report::from_entries::<String, String>(&[]), Err(ReportError::Rows(0)));
    assert_eq!(Report::from_entries(&[row.clone(), row]), Err(ReportError::Rows(2)));
}

#[test]
fn attributes_of_a_later_minor_version_do_no_harm() {
    let mut row = report().to_row();
    row.insert("SomethingNew".to_owned(), "1".to_owned());
    assert_eq!(Report::from_entries(&[row]), Ok(report()));
}

#[test]
fn only_a_complete_equal_report_without_differences_claims_to_be_identical() {
    let good = Report {
        status: Status::Complete,
        root: Digest::of(b"golden"),
        differences: DifferenceTotals::default(),
        state: 0,
        ..report()
    };
    assert!(good.claims_identical());
    assert!(!Report { status: Status::Partial, ..good.clone() }.claims_identical());
    assert!(!Report { root: Digest::of(b"now"), ..good.clone() }.claims_identical());
    assert!(!Report { differences: report().differences, ..good.clone() }.claims_identical());
    assert!(!Report { state: 1, ..good }.claims_identical());
}

/// `count` added files, the last of them setuid.
fn rows(count: usize, name: &str) -> Vec<DifferenceRow> {
    let mut comparer = Comparer::default();
    for number in 0..count {
        let mut facts = Facts::bare(Kind::File { size: 1, content: Some(Digest::of(b"x")), link: None });
        facts.mode = if number + 1 == count { 0o755 | SETUID } else { 0o644 };
        let path = format!("/{name}{number:06}").into_bytes();
        comparer.added(Entry { path, facts, times: Times::default(), package: None }, None);
    }
    DifferenceRow::ranked(&comparer.finish().differences, &[], &Explained::default())
}

fn within_limits(documents: &Documents) {
    let mut total = 0;
    for file in &documents.files {
        assert!(file.content.len() <= MAX_ENTRIES);
        for row in &file.content {
            assert!(row.len() <= MAX_ATTRIBUTES);
            for (name, value) in row {
                assert!(!name.is_empty() && name.len() <= MAX_NAME);
                assert!(value.chars().count() <= MAX_VALUE);
            }
        }
        total += file.to_json().len();
    }
    assert!(total < 512 * 1024, "{total}");
}

#[test]
fn twenty_thousand_differences_stay_within_the_limits_and_are_counted_exactly() {
    let all = rows(20_000, "x");
    let documents = Documents::new(report(), &[], &all, 5);
    within_limits(&documents);
    assert_eq!(documents.report.rows_listed + documents.report.rows_cut, 20_005);
    assert_eq!(documents.files[0].content.len() as u64, documents.report.rows_listed);
    assert!(documents.report.rows_listed >= 1_000);
    let first = DifferenceRow::from_entry(&shared(&documents.files[0].content[0])).unwrap();
    assert_eq!(first.path.unwrap(), "/x019999", "the privileged one comes first");
    assert_eq!(Report::from_entries(&documents.files[2].content), Ok(documents.report));
}

#[test]
fn endless_names_are_cut_and_say_so() {
    let documents = Documents::new(report(), &[], &rows(300, &"\u{7f}".repeat(3_000)), 0);
    within_limits(&documents);
    let row = DifferenceRow::from_entry(&documents.files[0].content[0]).unwrap();
    assert!(row.is_cut && row.path.unwrap().ends_with('…'));
}

#[test]
fn rows_of_another_run_can_be_told() {
    let (one, two) = (Documents::new(report(), &[], &rows(1, "a"), 0), Documents::new(report(), &[], &rows(1, "b"), 0));
    assert_ne!(one.report.rows_digest, two.report.rows_digest);
    assert_eq!(Documents::new(report(), &[], &rows(1, "a"), 0).report.rows_digest, one.report.rows_digest);
}

#[test]
fn difference_and_subtree_rows_come_back_as_they_were() {
    let row = &rows(1, "a")[0];
    assert_eq!(DifferenceRow::from_entry(&shared(&row.to_row())).as_ref(), Ok(row));
    let subtree = SubtreeRow { path: "/etc".to_owned(), digest: None, golden: Some(Digest::of(b"x")) };
    assert_eq!(SubtreeRow::from_entry(&shared(&subtree.to_row())), Ok(subtree));
}

#[test]
fn files_have_the_shape_ssm_reads() {
    let documents = Documents::new(report(), &[], &[], 0);
    let json: serde_json::Value = serde_json::from_str(&documents.files[2].to_json()).unwrap();
    assert_eq!(json["TypeName"], REPORT_TYPE);
    assert_eq!(json["SchemaVersion"], "1.0");
    assert_eq!(json["Content"][0]["Status"], "partial");
    assert_eq!(documents.files[2].file_name(), "Custom-CattleguardReport.json");
}
