use super::*;
use crate::report::fixtures;
use crate::report::look::Style;
use crate::types::{SetAside, Source, VerdictReason};

fn busy() -> ScanReport {
    let mut key = fixtures::finding("event-ssh-key-pushed", "i-0bbbbbbbbbbbbbbbb", "ec2-user");
    key.summary = "an SSH key was pushed for ec2-user".to_owned();
    key.attribution.clear();
    let mut software = fixtures::finding("software-package-changed", "i-0aaaaaaaaaaaaaaaa", "openssl");
    software.summary = "package openssl changed".to_owned();
    let mut session = fixtures::finding("event-interactive-session", "i-0aaaaaaaaaaaaaaaa", "session");
    session.summary = "alice opened an SSM session".to_owned();
    session.expected = serde_json::Value::Null;
    session.actual = serde_json::Value::Null;
    let mut report = fixtures::report(vec![software, session, key]);
    report.new.insert(report.findings[1].id.clone());
    report.instances.push(fixtures::result("i-0cccccccccccccccc", Verdict::Unjudged, &[]));
    report.totals.unjudged = 1;
    report.totals.exit_code = 3;
    report.plan.held.push(fixtures::held("i-0aaaaaaaaaaaaaaaa"));
    report.plan.operations.push(fixtures::operation("i-0bbbbbbbbbbbbbbbb"));
    report.coverage.push(fixtures::coverage(Source::Ssm, CoverageStatus::Failed));
    report.set_aside.push(SetAside {
        origin: "trail/x.json.gz record 3".to_owned(),
        problem: "no eventTime".to_owned(),
        excerpt: "{}".to_owned(),
    });
    report
}

#[test]
fn a_wide_terminal() {
    insta::assert_snapshot!(scan_table(&busy(), &Look { width: 140, ..Look::default() }), @r#"
    Scan scan-1 · 2026-11-23 09:59:57Z · 3.0 s · 1 API call · mode observe
      web: 4 instances: 1 clean, 2 drifted, 1 unjudged (4 of web@1)

    VERDICT     INSTANCE             ACCOUNT/REGION          GOLDEN  SEVERITY  DECISION  WHAT
    ✗ drifted   i-0aaaaaaaaaaaaaaaa  111122223333/eu-west-1  web@1   high      alert     alice opened an SSM session (+1 more)
    ✗ drifted   i-0bbbbbbbbbbbbbbbb  111122223333/eu-west-1  web@1   high      alert     an SSH key was pushed for ec2-user
    ? unjudged  i-0cccccccccccccccc  111122223333/eu-west-1  web@1   -         none      no inventory was reported
    ✓ 1 clean

    ✗ drifted i-0aaaaaaaaaaaaaaaa · web · 111122223333/eu-west-1 · web@1
      changed   event-interactive-session (high, new, f-d985ad024358f6c4): alice opened an SSM session
      who       alice called StartSession from 198.51.100.7, with MFA, at 2026-11-23 09:58:00Z, event 11111111-2222-3333-4444-555555555555,
                session alice-0a1b2c (a session was open then)
      changed   software-package-changed (high, f-fca0421a71226937): package openssl changed
      who       the same call (a session was open then)
      policy    alert (policy asked for replace, lowered by mode = "observe"), severity high
                • modified in place
                controls pci-dss-4.0.1:11.5.2
      plan      would replace it, but holds
                • opt-in: refuse: fleet web is observe-only: set enforcement = "replace"
                • window: hold until 2026-11-24 02:00:00Z: outside every window

    ✗ drifted i-0bbbbbbbbbbbbbbbb · web · 111122223333/eu-west-1 · web@1
      changed   event-ssh-key-pushed (high, f-fcf47b6019090fdb): an SSH key was pushed for ec2-user
      who       nobody in the trail explains it
      policy    alert (policy asked for replace, lowered by mode = "observe"), severity high
                • modified in place
                controls pci-dss-4.0.1:11.5.2
      plan      would replace it from web@1 (hygiene track)

    Not everything could be seen
      111122223333/eu-west-1 ssm not read (ssm:GetInventory): not authorised to call ssm:GetInventory

    1 CloudTrail record set aside
      trail/x.json.gz record 3: no eventTime

    2 drifted, 1 unjudged, 1 clean · 1 operation planned, 1 held
    exit code 3: partial: something could not be judged
    "#);
}

#[test]
fn a_narrow_ascii_terminal() {
    let look = Look { width: 80, unicode: false, ..Look::default() };
    let text = scan_table(&busy(), &look);
    assert!(text.is_ascii());
    insta::assert_snapshot!(text, @r#"
    Scan scan-1 - 2026-11-23 09:59:57Z - 3.0 s - 1 API call - mode observe
      web: 4 instances: 1 clean, 2 drifted, 1 unjudged (4 of web@1)

    VERDICT     INSTANCE             WHAT
    x drifted   i-0aaaaaaaaaaaaaaaa  alice opened an SSM session (+1 more)
    x drifted   i-0bbbbbbbbbbbbbbbb  an SSH key was pushed for ec2-user
    ? unjudged  i-0cccccccccccccccc  no inventory was reported
                                     (111122223333/eu-west-1)
    + 1 clean

    x drifted i-0aaaaaaaaaaaaaaaa - web - 111122223333/eu-west-1 - web@1
      changed   event-interactive-session (high, new, f-d985ad024358f6c4): alice
                opened an SSM session
      who       alice called StartSession from 198.51.100.7, with MFA, at 2026-11-23
                09:58:00Z, event 11111111-2222-3333-4444-555555555555, session
                alice-0a1b2c (a session was open then)
      changed   software-package-changed (high, f-fca0421a71226937): package openssl
                changed
      who       the same call (a session was open then)
      policy    alert (policy asked for replace, lowered by mode = "observe"),
                severity high
                * modified in place
                controls pci-dss-4.0.1:11.5.2
      plan      would replace it, but holds
                * opt-in: refuse: fleet web is observe-only: set enforcement =
                  "replace"
                * window: hold until 2026-11-24 02:00:00Z: outside every window

    x drifted i-0bbbbbbbbbbbbbbbb - web - 111122223333/eu-west-1 - web@1
      changed   event-ssh-key-pushed (high, f-fcf47b6019090fdb): an SSH key was
                pushed for ec2-user
      who       nobody in the trail explains it
      policy    alert (policy asked for replace, lowered by mode = "observe"),
                severity high
                * modified in place
                controls pci-dss-4.0.1:11.5.2
      plan      would replace it from web@1 (hygiene track)

    Not everything could be seen
      111122223333/eu-west-1 ssm not read (ssm:GetInventory): not authorised to call
      ssm:GetInventory

    1 CloudTrail record set aside
      trail/x.json.gz record 3: no eventTime

    2 drifted, 1 unjudged, 1 clean - 1 operation planned, 1 held
    exit code 3: partial: something could not be judged
    "#);
}

#[test]
fn a_clean_scan_is_short_and_verbose_lists_everything() {
    let report = fixtures::report(Vec::new());
    insta::assert_snapshot!(scan_table(&report, &Look::default()), @r"
    Scan scan-1 · 2026-11-23 09:59:57Z · 3.0 s · 1 API call · mode observe
      web: 1 instance: 1 clean, 0 drifted, 0 unjudged (1 of web@1)

    ✓ 1 clean

    0 drifted, 0 unjudged, 1 clean · 0 operations planned, 0 held
    exit code 0: complete, nothing to report
    ");
    let verbose = scan_table(&report, &Look { verbose: true, ..Look::default() });
    assert!(verbose.contains("i-clean"), "{verbose}");
    assert!(!verbose.contains("✓ 1 clean\n"), "{verbose}");
}

#[test]
fn colours_only_on_request_and_nothing_hostile_in_either() {
    let nasty = "\u{1b}]0;pwned\u{7}\u{1b}[2J\u{202e}x\r\n\u{9b}1A";
    let mut report = busy();
    for finding in &mut report.findings {
        finding.summary = nasty.to_owned();
        finding.expected = nasty.into();
        finding.code = crate::types::Code::from_text(nasty);
        for by in &mut finding.attribution {
            by.display = nasty.to_owned();
            by.source_ip = Some(nasty.to_owned());
        }
    }
    for result in &mut report.instances {
        result.instance.tags.insert("Name".to_owned(), nasty.to_owned());
        result.reasons.push(VerdictReason { source: None, reason: nasty.to_owned() });
        result.fleet = Some(nasty.into());
        if let Some(decision) = &mut result.decision {
            decision.reasons = vec![nasty.to_owned()];
            decision.controls = vec![nasty.to_owned()];
        }
    }
    report.set_aside[0].origin = nasty.to_owned();
    report.coverage[2].reason = Some(nasty.to_owned());
    for gate in &mut report.plan.held[0].gates {
        gate.reason = nasty.to_owned();
    }
    let plain = scan_table(&report, &Look::default());
    assert!(!plain.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{plain:?}");
    let coloured = scan_table(&report, &Look { style: Style::Color, ..Look::default() });
    assert!(coloured.contains("\u{1b}[31m"));
    for sequence in coloured.split('\u{1b}').skip(1) {
        let ours = sequence.starts_with('[') && sequence.find('m').is_some_and(|end| end < 10);
        assert!(ours, "{sequence:?}");
    }
}

#[test]
fn a_flood_is_cut_and_says_so() {
    let one = |n: usize| crate::types::Finding {
        fingerprint: n.to_string(),
        ..fixtures::finding("config-user-data", &format!("i-{n:017}"), "userdata")
    };
    let findings = (0..60).map(one).collect();
    let text = scan_table(&fixtures::report(findings), &Look::default());
    assert!(text.contains("10 more drifted instances not explained here"), "{text}");
}
