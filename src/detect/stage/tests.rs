use super::super::fixtures::*;
use super::*;
use crate::types::*;

fn run(snapshot: &Snapshot, known: &[Finding], last_clean: Option<&str>) -> Detection {
    run_with(snapshot, known, last_clean, &[], &[golden()])
}

fn run_with(
    snapshot: &Snapshot,
    known: &[Finding],
    last_clean: Option<&str>,
    exceptions: &[Exception],
    goldens: &[Golden],
) -> Detection {
    let last_clean = last_clean.map(|at| (InstanceId::new("i-1"), time(at))).into_iter().collect();
    detect(&DetectInput {
        snapshot,
        goldens,
        fleets: &[fleet()],
        exceptions,
        known,
        remembered: &[],
        last_clean: &last_clean,
        renewed: &BTreeMap::new(),
    })
}

fn codes(detection: &Detection) -> Vec<&str> {
    detection.findings.iter().map(|finding| finding.code.as_str()).collect()
}

#[test]
fn an_instance_that_equals_its_golden_is_clean() {
    let detection = run(&snapshot(vec![instance("i-1")], vec![]), &[], None);
    assert_eq!(codes(&detection), Vec::<&str>::new());
    assert_eq!(detection.instances[0].verdict, Verdict::Clean);
    assert_eq!(detection.instances[0].golden, Some(GoldenRef::new("web", "1")));
}

#[test]
fn every_part_of_the_contract_is_judged() {
    let mut one = instance("i-1");
    one.interfaces[0].groups = vec!["sg-open".into()];
    one.interfaces[0].source_dest_check = Some(false);
    one.instance_profile = Some("arn:aws:iam::000000000000:instance-profile/admin".to_owned());
    one.metadata_options.http_tokens = Some("optional".to_owned());
    one.user_data = Observed::Seen(Some(Digest::new("sha256:bb")));
    one.volumes.push(Volume {
        device: "/dev/xvdf".to_owned(),
        id: "vol-x".into(),
        root: false,
        ..one.volumes[0].clone()
    });
    one.interfaces.push(NetworkInterface {
        device_index: 1,
        groups: vec!["sg-web".into()],
        ..one.interfaces[0].clone()
    });
    one.interfaces[1].source_dest_check = Some(true);
    one.instance_type = "m7g.xlarge".to_owned();
    let mut found =
        codes(&run(&snapshot(vec![one], vec![]), &[], None)).into_iter().map(str::to_owned).collect::<Vec<_>>();
    found.sort();
    assert_eq!(
        found,
        [
            "config-instance-profile",
            "config-instance-type",
            "config-metadata-options",
            "config-network-interfaces",
            "config-security-groups",
            "config-source-dest-check",
            "config-user-data",
            "config-volumes",
        ]
    );
}

#[test]
fn a_package_change_names_the_session_before_the_capture_and_not_the_one_after_it() {
    let mut one = instance("i-1");
    one.inventory.insert("AWS:Application".into(), item(&[("bash", "5.1"), ("openssl", "3.0.9")], "11:30"));
    let events = vec![
        event("before", "11:00", Directness::Enabling, &[Aspect::Software]),
        event("after", "11:55", Directness::Enabling, &[Aspect::Software]),
    ];
    let detection = run(&snapshot(vec![one], events), &[], Some("10:00"));
    let software = detection.findings.iter().find(|finding| finding.code.family() == "software").unwrap();
    assert_eq!(software.summary, "package openssl changed from 3.0.1 to 3.0.9");
    let names: Vec<_> = software.attribution.iter().map(|found| found.event_id.as_str()).collect();
    assert_eq!(names, ["before"]);
}

#[test]
fn a_drift_that_nothing_explains_says_so() {
    let mut one = instance("i-1");
    one.user_data = Observed::Seen(None);
    let detection = run(&snapshot(vec![one], vec![]), &[], None);
    assert_eq!(codes(&detection), ["config-user-data"]);
    assert!(detection.findings[0].attribution.is_empty());
}

#[test]
fn an_event_without_state_drift_is_a_finding_and_survives_the_next_scan() {
    let first = run(&snapshot(vec![instance("i-1")], vec![event("e", "11:00", Directness::Enabling, &[])]), &[], None);
    assert_eq!(codes(&first), ["event-interactive-session"]);
    assert_eq!(first.instances[0].verdict, Verdict::Drifted);
    let second = run(&snapshot(vec![instance("i-1")], vec![]), &first.findings, None);
    assert_eq!(codes(&second), ["event-interactive-session"]);
    assert!(second.new.is_empty() && second.resolved.is_empty());
}

#[test]
fn a_fixed_state_drift_is_resolved_only_on_complete_coverage() {
    let mut one = instance("i-1");
    one.instance_type = "m7g.xlarge".to_owned();
    let first = run(&snapshot(vec![one], vec![]), &[], None);
    let mut blind = snapshot(vec![instance("i-1")], vec![]);
    blind.coverage[0] = coverage(Source::Ec2, CoverageStatus::Partial);
    let kept = run(&blind, &first.findings, None);
    assert!(codes(&kept).contains(&"config-instance-type"));
    let seen = run(&snapshot(vec![instance("i-1")], vec![]), &first.findings, None);
    assert_eq!(seen.resolved.len(), 1);
    assert_eq!(seen.resolved[0].status, FindingStatus::Resolved);
}

#[test]
fn a_terminated_instance_resolves_its_findings_but_a_missing_page_does_not() {
    let first = run(&snapshot(vec![instance("i-1")], vec![event("e", "11:00", Directness::Enabling, &[])]), &[], None);
    let mut partial = snapshot(vec![], vec![]);
    partial.coverage[0] = coverage(Source::Ec2, CoverageStatus::Partial);
    assert_eq!(run(&partial, &first.findings, None).resolved.len(), 0);
    assert_eq!(run(&snapshot(vec![], vec![]), &first.findings, None).resolved.len(), 1);
}

#[test]
fn denied_cloudtrail_makes_the_place_unjudged_and_is_a_finding() {
    let mut blind = snapshot(vec![instance("i-1")], vec![]);
    blind.coverage[4] = coverage(Source::Cloudtrail, CoverageStatus::Failed);
    let detection = run(&blind, &[], None);
    assert_eq!(detection.instances[0].verdict, Verdict::Unjudged);
    assert_eq!(codes(&detection), ["blind-access-denied"]);
    let healed = run(&snapshot(vec![instance("i-1")], vec![]), &detection.findings, None);
    assert_eq!(healed.resolved.len(), 1);
}

#[test]
fn unread_user_data_is_unjudged_and_never_clean() {
    let mut one = instance("i-1");
    one.user_data = Observed::Unknown;
    let detection = run(&snapshot(vec![one], vec![]), &[], None);
    assert_eq!(detection.instances[0].verdict, Verdict::Unjudged);
}

#[test]
fn a_server_that_reports_nothing_is_unjudged_with_a_finding() {
    let mut one = instance("i-1");
    one.node = Observed::Seen(None);
    one.inventory.clear();
    let detection = run(&snapshot(vec![one], vec![]), &[], None);
    assert_eq!(codes(&detection), ["blind-not-managed"]);
    assert_eq!(detection.instances[0].verdict, Verdict::Unjudged);
}

#[test]
fn stale_inventory_does_not_resolve_a_package_finding() {
    let mut one = instance("i-1");
    one.inventory.insert("AWS:Application".into(), item(&[("bash", "5.9"), ("openssl", "3.0.1")], "11:30"));
    let first = run(&snapshot(vec![one], vec![]), &[], None);
    let mut later = snapshot(vec![instance("i-1")], vec![]);
    later.started_at = "2026-11-09T12:00:00Z".parse().unwrap();
    let second = run(&later, &first.findings, None);
    assert!(codes(&second).contains(&"software-package-changed"), "{:?}", codes(&second));
    assert!(codes(&second).contains(&"blind-inventory-stale"));
}

#[test]
fn images_are_judged_by_the_registry() {
    let mut revoked = golden();
    revoked.status = GoldenStatus::Revoked;
    let one = || snapshot(vec![instance("i-1")], vec![]);
    assert_eq!(codes(&run_with(&one(), &[], None, &[], &[revoked])), ["image-revoked"]);
    assert_eq!(codes(&run_with(&one(), &[], None, &[], &[])), ["image-unrecorded"]);
    let mut old = golden();
    old.status = GoldenStatus::Deprecated;
    let mut new = golden();
    new.version = "2".into();
    new.images[0].image = "ami-2".into();
    assert_eq!(codes(&run_with(&one(), &[], None, &[], &[old, new])), ["image-not-promoted"]);
}

#[test]
fn a_place_without_recorded_groups_is_a_gap_not_a_pass() {
    let mut golden = golden();
    let groups = golden.contract.security_groups.remove("000000000000/eu-west-1").unwrap();
    golden.contract.security_groups.insert("000000000001/us-east-1".to_owned(), groups);
    let detection = run_with(&snapshot(vec![instance("i-1")], vec![]), &[], None, &[], &[golden]);
    assert_eq!(detection.instances[0].verdict, Verdict::Unjudged);
}

#[test]
fn a_golden_without_a_software_baseline_makes_nothing_clean() {
    let mut bare = golden();
    bare.baseline.inventory.clear();
    let detection = run_with(&snapshot(vec![instance("i-1")], vec![]), &[], None, &[], &[bare]);
    assert_eq!(detection.instances[0].verdict, Verdict::Unjudged);
}

#[test]
fn a_stretch_of_the_trail_that_is_lost_stays_a_finding_until_somebody_has_seen_it() {
    let mut lost = snapshot(vec![instance("i-1")], vec![]);
    lost.coverage[4] = Coverage {
        denied: false,
        reason: Some(format!("the trail was last read long ago, {TRAIL_GAP}")),
        ..coverage(Source::Cloudtrail, CoverageStatus::Partial)
    };
    let mut first = run(&lost, &[], None);
    assert_eq!(codes(&first), ["blind-trail-gap"]);
    let later = snapshot(vec![instance("i-1")], vec![]);
    assert_eq!(codes(&run(&later, &first.findings, None)), ["blind-trail-gap"]);
    first.findings[0].status = FindingStatus::Acknowledged;
    assert_eq!(run(&later, &first.findings, None).resolved.len(), 1);
}

#[test]
fn an_exception_waives_and_its_end_reopens() {
    let mut one = instance("i-1");
    one.instance_type = "m7g.xlarge".to_owned();
    let exception = |until: &str| Exception {
        id: "x".into(),
        fleet: Some("web".into()),
        account: None,
        instance: None,
        code: Some("config-*".to_owned()),
        fingerprint: None,
        subject: None,
        path: None,
        reason: "resize".to_owned(),
        ticket: "T-1".to_owned(),
        approver: "carol".to_owned(),
        created_at: time("00:00"),
        expires_at: time(until),
    };
    let waived = run_with(&snapshot(vec![one.clone()], vec![]), &[], None, &[exception("13:00")], &[golden()]);
    assert_eq!(waived.findings[0].status, FindingStatus::Waived);
    let reopened = run_with(&snapshot(vec![one], vec![]), &waived.findings, None, &[exception("11:00")], &[golden()]);
    assert_eq!(reopened.findings[0].status, FindingStatus::Open);
    assert_eq!(reopened.findings[0].first_seen, waived.findings[0].first_seen);
}

#[test]
fn an_acknowledged_finding_stays_acknowledged() {
    let mut one = instance("i-1");
    one.instance_type = "m7g.xlarge".to_owned();
    let mut first = run(&snapshot(vec![one.clone()], vec![]), &[], None);
    first.findings[0].status = FindingStatus::Acknowledged;
    let second = run(&snapshot(vec![one], vec![]), &first.findings, None);
    assert_eq!(second.findings[0].status, FindingStatus::Acknowledged);
    assert_eq!(second.findings[0].times_seen, 2);
}

#[test]
fn hosts_that_drifted_in_the_same_way_share_a_fingerprint() {
    let drifted = |id: &str| {
        let mut one = instance(id);
        one.inventory.insert("AWS:Application".into(), item(&[("bash", "6"), ("openssl", "3.0.1")], "11:30"));
        one
    };
    let detection = run(&snapshot(vec![drifted("i-1"), drifted("i-2")], vec![]), &[], None);
    assert_eq!(detection.findings.len(), 2);
    assert_eq!(detection.findings[0].fingerprint, detection.findings[1].fingerprint);
    assert_ne!(detection.findings[0].id, detection.findings[1].id);
}

#[test]
fn instances_outside_every_fleet_are_shown_without_alarm() {
    let mut one = instance("i-1");
    one.tags.clear();
    one.image = "ami-other".into();
    let detection = run(&snapshot(vec![one], vec![]), &[], None);
    assert_eq!(detection.findings[0].severity, Severity::Low);
    assert_eq!(detection.instances[0].fleet, None);
}

fn wide_event(id: &str, unresolved: &str) -> ChangeEvent {
    let mut event = event(id, "11:00", Directness::Executing, &[]);
    event.instances.clear();
    event.unresolved = vec![unresolved.to_owned()];
    event
}

#[test]
fn a_grave_change_of_unknown_targets_is_a_finding_about_the_place() {
    let events = vec![wide_event("omitted", "requestParameters omitted"), wide_event("account", "account")];
    let first = run(&snapshot(vec![instance("i-1")], events.clone()), &[], None);
    assert_eq!(codes(&first), ["event-interactive-session"]);
    let finding = &first.findings[0];
    assert_eq!((finding.instance.as_str(), finding.severity), ("*", Severity::High));
    assert_eq!(finding.actual["events"], 2);
    assert_eq!(finding.attribution.len(), 2);
    assert_eq!(first.instances[0].verdict, Verdict::Clean, "nobody knows that it was this one");

    // It stays until somebody has seen it and the event is no longer remembered.
    let second = run(&snapshot(vec![instance("i-1")], vec![]), &first.findings, None);
    assert_eq!((codes(&second).len(), second.resolved.len()), (1, 0));
    let mut seen = first.findings.clone();
    seen[0].status = FindingStatus::Acknowledged;
    assert_eq!(run(&snapshot(vec![instance("i-1")], events), &seen, None).resolved.len(), 0);
    assert_eq!(run(&snapshot(vec![instance("i-1")], vec![]), &seen, None).resolved.len(), 1);
}

#[test]
fn failed_mild_or_nearly_resolved_events_are_no_finding_about_the_place() {
    let mut failed = wide_event("failed", "account");
    failed.outcome = CallOutcome::Failed("AccessDenied".to_owned());
    let mut mild = wide_event("mild", "account");
    mild.severity = Severity::Medium;
    let group = wide_event("group", "sg-0123");
    assert_eq!(codes(&run(&snapshot(vec![instance("i-1")], vec![failed, mild, group]), &[], None)), Vec::<&str>::new());
}
