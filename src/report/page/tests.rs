//! The page from values in real shapes, and from hostile ones.

use super::*;
use crate::report::fixtures;
use crate::types::{AccountId, CoverageStatus, GoldenStatus, Region, Severity};

const NASTY: &str =
    "</script><script>alert(1)</script><img src=x onerror=alert(2)>\" onmouseover=\"x\u{1b}[2J\u{202e}<!--";

pub(super) fn known() -> Known {
    let findings = vec![
        fixtures::finding("software-package-changed", "i-0aaa", "nginx"),
        fixtures::finding("config-security-groups", "i-0bbb", "eth0"),
    ];
    let report = fixtures::report(findings);
    let scan = ScanSummary {
        scan_id: "s1".into(),
        started_at: fixtures::at(-900),
        finished_at: fixtures::at(-880),
        exit_code: 3,
        clean: 1,
        drifted: 1,
        unjudged: 1,
        coverage: vec![
            fixtures::coverage(Source::Ec2, CoverageStatus::Complete),
            fixtures::coverage(Source::Ssm, CoverageStatus::Failed),
        ],
    };
    let point =
        |seconds| ScanPoint { started_at: fixtures::at(seconds), exit_code: 1, clean: 1, drifted: 1, unjudged: 1 };
    let findings = report.findings.clone();
    let mut plan = fixtures::plan();
    plan.operations.push(fixtures::operation("i-0aaa"));
    plan.held.push(fixtures::held("i-0bbb"));
    Known {
        now: fixtures::now(),
        mode: "observe".to_owned(),
        scan,
        points: vec![point(-7200), point(-900)],
        results: vec![
            fixtures::result("i-0aaa", Verdict::Drifted, &findings),
            fixtures::result("i-0bbb", Verdict::Unjudged, &findings),
            fixtures::result("i-0ccc", Verdict::Clean, &[]),
        ],
        findings,
        plan: Some(plan),
        events: vec![fixtures::event("i-0aaa")],
        operations: Vec::new(),
        goldens: vec![fixtures::golden("1", GoldenStatus::Promoted)],
        exceptions: Vec::new(),
        pauses: Vec::new(),
        blind_since: HashMap::new(),
        outbox: (0, 0),
        head: Some((7, "00ff".to_owned())),
        days: 30,
    }
}

fn data(page: &str) -> serde_json::Value {
    let (_, rest) = page.split_once("<script type=\"application/json\" id=\"data\">").expect("data");
    let (json, _) = rest.split_once("</script>").expect("an end");
    serde_json::from_str(json).expect("JSON")
}

#[test]
fn what_could_not_be_judged_is_never_shown_as_clean() {
    let page = html(&known(), Place::File).expect("a page");
    assert!(page.contains("<b>1</b><span>not judged</span>"), "counted by itself");
    assert!(page.contains("<b>66.6<small>%</small></b><span>of 3 servers judged</span>"));
    assert!(page.contains("c-failed"), "the source that failed is named");
    assert_eq!(data(&page)["i"][1][4], 2, "the verdict of the second server");
}

#[test]
fn whoever_hears_the_page_has_its_name_and_hears_counts_and_no_signs() {
    let page = html(&known(), Place::File).expect("a page");
    assert_eq!(page.matches("<h1").count(), 1, "one heading stands above all others");
    let (_, cell) = page.split_once("data-place=").expect("a cell of the map");
    let (cell, _) = cell.split_once("</a>").expect("its end");
    assert!(cell.contains("<span class=\"vh\">") && cell.contains("clean</span><b aria-hidden=\"true\">"), "{cell}");
}

#[test]
fn the_page_allows_its_own_script_and_style_and_nothing_else() {
    let page = html(&known(), Place::File).expect("a page");
    let between = |open: &str, close: &str| {
        let (_, rest) = page.split_once(open).expect(open);
        rest.split_once(close).expect(close).0.to_owned()
    };
    let style = between("<style>", "</style>");
    let script = between("</script>\n<script>", "</script>");
    for part in [&style, &script] {
        assert!(
            page.contains(&super::source(part).replace('\'', "&#39;")),
            "the policy names the digest of what is there"
        );
    }
    assert!(page.contains("default-src &#39;none&#39;"));
    for fetching in ["http://", "https://", "@import", "src=", "fetch(", "XMLHttpRequest", "innerHTML", "eval("] {
        assert!(!page.contains(fetching), "{fetching}");
    }
    assert!(!page.contains(" style=\""), "an inline style would be refused");
    assert!(!html(&known(), Place::Live { read_only: false }).expect("a page").contains("http-equiv"));
}

#[test]
fn hostile_text_stays_text() {
    let mut known = known();
    let evil = || NASTY.to_owned();
    for result in &mut known.results {
        result.instance.tags.insert("Name".to_owned(), evil());
        result.fleet = Some(NASTY.into());
        for reason in &mut result.reasons {
            reason.reason = evil();
        }
    }
    for finding in &mut known.findings {
        finding.summary = evil();
        finding.actual = serde_json::json!(NASTY);
        finding.fleet = Some(NASTY.into());
        finding.severity = Severity::Critical;
        for by in &mut finding.attribution {
            by.display = evil();
            by.source_ip = Some(evil());
        }
    }
    for event in &mut known.events {
        event.actor.display = evil();
        event.summary = evil();
        event.actor.user_agent = Some(evil());
    }
    for entry in &mut known.scan.coverage {
        entry.reason = Some(evil());
        entry.account = AccountId::new(NASTY);
        entry.region = Region::new(NASTY);
    }
    known.pauses = vec![(None, evil())];
    let page = html(&known, Place::File).expect("a page");
    assert_eq!(page.matches("<script").count(), 2, "ours only");
    assert_eq!(page.matches("</script").count(), 2);
    assert!(!page.contains("<img") && !page.contains("<!--"));
    assert!(!page.contains('\u{1b}') && !page.contains('\u{202e}'));
    let (before, rest) = page.split_once("id=\"data\">").expect("data");
    let (_, after) = rest.split_once("</script>").expect("an end");
    assert!(!before.contains("\" onmouseover") && !after.contains("\" onmouseover"), "no attribute is left");
    let data = data(&page);
    assert!(data["s"].to_string().contains("</script><script>alert(1)"), "kept as text, inside a string");
}

#[test]
fn an_empty_state_says_so() {
    let mut known = known();
    known.results.clear();
    known.findings.clear();
    known.events.clear();
    known.goldens.clear();
    known.points.clear();
    known.plan = None;
    let page = html(&known, Place::File).expect("a page");
    for text in ["No open findings.", "Nobody changed a server.", "No golden is recorded", "No plan was made yet."] {
        assert!(page.contains(text), "{text}");
    }
}
