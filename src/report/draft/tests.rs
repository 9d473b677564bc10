//! Scenarios: several scans over one outbox, and what each adds to it.

use std::time::Duration;

use super::*;
use crate::report::fixtures::{self, MemoryOutbox, at, now};
use crate::report::notice::NoticeKind;
use crate::store::Outbox as _;
use crate::types::{CoverageStatus, Finding, FindingStatus, PolicyOutcome, Severity, Source};

pub(super) struct World {
    outbox: MemoryOutbox,
    pub(super) destinations: Vec<Destination>,
    pub(super) settings: NotifySettings,
    scans: usize,
}

impl World {
    pub(super) fn new() -> Self {
        let destinations = vec![fixtures::slack("ops", "http://127.0.0.1/")];
        Self { outbox: MemoryOutbox::default(), destinations, settings: NotifySettings::default(), scans: 0 }
    }

    /// Drafts and commits one scan; returns what it added, delivering everything that is due meanwhile.
    pub(super) fn scan(&mut self, mut report: ScanReport, seconds: i64) -> Vec<Notice> {
        self.scans += 1;
        report.scan_id = format!("scan-{}", self.scans).into();
        let drafts = self.draft(&report, seconds);
        self.outbox.enqueue(&drafts, at(seconds)).unwrap();
        drafts.into_iter().map(|draft| serde_json::from_value(draft.payload).unwrap()).collect()
    }

    fn draft(&self, report: &ScanReport, seconds: i64) -> Vec<OutboxDraft> {
        let history = OutboxHistory::new(&self.outbox);
        let drafts = draft_notices(report, &self.destinations, &history, at(seconds), &self.settings);
        assert!(history.take_error().is_none());
        drafts
    }

    pub(super) fn kinds(&mut self, report: ScanReport, seconds: i64) -> Vec<NoticeKind> {
        self.scan(report, seconds).into_iter().map(|notice| notice.kind).collect()
    }
}

pub(super) fn session(instance: &str) -> Finding {
    fixtures::finding("event-interactive-session", instance, "session")
}

fn resolved(finding: &Finding) -> ScanReport {
    let mut report = fixtures::report(Vec::new());
    report.resolved.push(Finding { status: FindingStatus::Resolved, ..finding.clone() });
    report
}

pub(super) fn resolved_all(findings: Vec<Finding>) -> ScanReport {
    let mut report = fixtures::report(Vec::new());
    let resolved = |finding| Finding { status: FindingStatus::Resolved, ..finding };
    report.resolved = findings.into_iter().map(resolved).collect();
    report
}

#[test]
fn a_group_is_told_once_then_updated_repeated_and_resolved() {
    let mut world = World::new();
    let first = world.scan(fixtures::report(vec![session("i-1"), session("i-2")]), 0);
    assert_eq!(first.len(), 1, "one group: same fleet, code and actor");
    assert_eq!((first[0].kind, first[0].due_at), (NoticeKind::New, at(30)));
    assert_eq!((first[0].totals.findings, first[0].totals.instances, first[0].totals.added), (2, 2, 2));
    assert_eq!(first[0].title, "web: event-interactive-session on 2 instances, by alice");

    assert_eq!(world.kinds(fixtures::report(vec![session("i-1"), session("i-2")]), 60), []);
    let three = || fixtures::report(vec![session("i-1"), session("i-3")]);
    let update = world.scan(three(), 100);
    assert_eq!((update[0].kind, update[0].due_at), (NoticeKind::Update, at(30 + 300)));
    assert_eq!((update[0].totals.added, update[0].totals.gone), (1, 1));
    assert!(update[0].title.starts_with("Update: "), "{}", update[0].title);
    assert_eq!(world.kinds(fixtures::report(vec![session("i-4")]), 200), [], "an update is still waiting");

    assert_eq!(world.kinds(three(), 330 + 4 * 3600 - 1), []);
    assert_eq!(world.kinds(three(), 330 + 4 * 3600), [NoticeKind::Repeat]);
    let end = world.scan(resolved(&session("i-1")), 20_000);
    assert_eq!(end[0].kind, NoticeKind::Resolved);
    assert_eq!(world.kinds(resolved(&session("i-1")), 20_100), [], "resolved once");
    assert_eq!(world.kinds(three(), 30_000), [NoticeKind::New], "the same drift again is news");
}

#[test]
fn nothing_is_resolved_that_was_never_told() {
    assert_eq!(World::new().kinds(resolved(&session("i-1")), 0), []);
}

#[test]
fn the_same_commit_twice_adds_nothing() {
    let world = World::new();
    let report = fixtures::report(vec![session("i-1")]);
    let (first, second) = (world.draft(&report, 0), world.draft(&report, 5));
    assert_eq!(first[0].key, second[0].key);
    world.outbox.enqueue(&first, now()).unwrap();
    world.outbox.enqueue(&second, now()).unwrap();
    assert_eq!(world.outbox.rows(None).unwrap().len(), 1);
}

#[test]
fn groups_differ_by_fleet_code_and_actor() {
    let mut other_actor = session("i-2");
    other_actor.attribution = vec![fixtures::attribution("bob")];
    let mut nobody = session("i-3");
    nobody.attribution.clear();
    let mut other_fleet = session("i-4");
    other_fleet.fleet = Some("api".into());
    let other_code = fixtures::finding("event-ssh-key-pushed", "i-5", "key");
    let report = fixtures::report(vec![session("i-1"), other_actor, nobody, other_fleet, other_code]);
    assert_eq!(World::new().scan(report, 0).len(), 5);
}

#[test]
fn acknowledged_and_waived_findings_are_not_told() {
    let mut world = World::new();
    let with = |status| Finding { status, ..session("i-1") };
    assert_eq!(world.kinds(fixtures::report(vec![with(FindingStatus::Acknowledged)]), 0), []);
    assert_eq!(world.kinds(fixtures::report(vec![with(FindingStatus::Waived)]), 10), []);
    assert_eq!(world.kinds(fixtures::report(vec![session("i-1")]), 20), [NoticeKind::New]);
    let day = 24 * 3600;
    assert_eq!(world.kinds(fixtures::report(vec![with(FindingStatus::Acknowledged)]), day), [], "no repeats");
    let end = world.scan(fixtures::report(vec![with(FindingStatus::Waived)]), day + 10);
    assert_eq!(end[0].kind, NoticeKind::Resolved);
    assert!(end[0].lines[0].contains("waived"), "{:?}", end[0].lines);
}

#[test]
fn where_policy_asks_for_nothing_nothing_is_told() {
    let mut world = World::new();
    let mut report = fixtures::report(vec![session("i-1")]);
    report.instances[0].decision.as_mut().unwrap().action = Action::None;
    assert_eq!(world.kinds(report.clone(), 0), []);
    report.instances[0].decision = None;
    assert_eq!(world.kinds(report, 10), [NoticeKind::New], "undecided is not harmless");
}

#[test]
fn a_late_explanation_closes_the_unexplained_group() {
    let mut world = World::new();
    let mut unexplained = session("i-1");
    unexplained.attribution.clear();
    assert_eq!(world.kinds(fixtures::report(vec![unexplained]), 0), [NoticeKind::New]);
    let told = world.scan(fixtures::report(vec![session("i-1")]), 600);
    let kinds: Vec<_> = told.iter().map(|notice| notice.kind).collect();
    assert_eq!(kinds, [NoticeKind::Reattributed, NoticeKind::New]);
    assert!(told[0].lines[0].contains("now attributed to alice"), "{:?}", told[0].lines);
    assert_eq!(world.kinds(resolved(&session("i-1")), 900), [NoticeKind::Resolved]);
}

#[test]
fn severity_and_fleets_filter_by_destination() {
    let mut world = World::new();
    world.destinations[0].filter.min_severity = Severity::Critical;
    for name in ["api", "web"] {
        let mut destination = fixtures::slack(name, "http://127.0.0.1/");
        destination.filter.fleets = vec![name.into()];
        world.destinations.push(destination);
    }
    world.scan(fixtures::report(vec![session("i-1")]), 0);
    let names: Vec<_> = world.outbox.states().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["web"]);
}

#[test]
fn mass_drift_is_one_notice_with_what_is_shared() {
    let mut world = World::new();
    let findings: Vec<_> = (0..12)
        .flat_map(|n| {
            [session(&format!("i-{n}")), fixtures::finding("config-user-data", &format!("i-{n}"), "userdata")]
        })
        .collect();
    let mut frozen = fixtures::report(findings.clone());
    frozen.plan.frozen.push(("web".into(), "12 of 13 instances drifted".to_owned()));
    let told = world.scan(frozen.clone(), 0);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].kind, NoticeKind::MassDrift);
    assert_eq!((told[0].totals.findings, told[0].totals.instances), (24, 12));
    assert_eq!(told[0].shared.iter().map(|shared| shared.instances).collect::<Vec<_>>(), [12, 12]);
    assert_eq!(world.kinds(frozen, 60), []);
    let kinds = world.kinds(fixtures::report(findings), 900);
    assert_eq!(kinds, [NoticeKind::Resolved, NoticeKind::New, NoticeKind::New], "thawed: the groups speak again");
}

pub(super) fn storm(groups: usize) -> Vec<Finding> {
    (0..groups)
        .map(|n| Finding {
            attribution: vec![fixtures::attribution(&format!("user{n}"))],
            ..session(&format!("i-{n}"))
        })
        .collect()
}

#[test]
fn a_storm_is_one_digest_that_counts_as_told() {
    let mut world = World::new();
    assert_eq!(world.scan(fixtures::report(storm(20)), 0).len(), 20, "twenty groups are not yet a storm");

    let mut world = World::new();
    let told = world.scan(fixtures::report(storm(25)), 0);
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].kind, told[0].totals.findings), (NoticeKind::Digest, 25));
    assert_eq!(told[0].lines, ["high: web event-interactive-session: 25 groups, 25 findings"]);
    assert_eq!(world.kinds(fixtures::report(storm(25)), 60), [], "told by the digest");
    assert_eq!(world.kinds(fixtures::report(storm(26)), 120), [NoticeKind::New], "one more is told by itself");

    let mut calm = fixtures::report(storm(25).split_off(1));
    calm.resolved.push(Finding { status: FindingStatus::Resolved, ..storm(1).remove(0) });
    assert_eq!(world.kinds(calm, 600), [NoticeKind::Resolved], "the digest counts as having fired");
    let again = world.kinds(fixtures::report(storm(26).split_off(1)), 600 + 4 * 3600);
    assert_eq!(again, [NoticeKind::Digest], "repeated as a digest");
}

#[test]
fn a_storm_that_ends_at_once_is_one_digest_too() {
    let mut world = World::new();
    world.settings.group_wait = Duration::ZERO;
    world.scan(fixtures::report(storm(25)), 0);
    let calm = resolved_all(storm(25));
    let told = world.scan(calm.clone(), 10);
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].title.as_str(), told[0].due_at), ("25 groups resolved at once", at(300)));
    assert_eq!(world.kinds(calm, 400), []);
}

#[test]
fn lost_sight_is_told_and_its_return_too() {
    let mut world = World::new();
    let blind = |status| {
        let mut report = fixtures::report(Vec::new());
        report.coverage =
            vec![fixtures::coverage(Source::Ec2, CoverageStatus::Complete), fixtures::coverage(Source::Ssm, status)];
        report
    };
    assert_eq!(world.kinds(blind(CoverageStatus::Complete), 0), []);
    let lost = world.scan(blind(CoverageStatus::Failed), 100);
    assert_eq!((lost[0].kind, lost[0].severity), (NoticeKind::CoverageLost, Severity::High));
    assert!(lost[0].lines[0].contains("ssm not read (ssm:GetInventory)"), "{:?}", lost[0].lines);
    assert_eq!(world.kinds(blind(CoverageStatus::Failed), 200), []);
    assert_eq!(world.kinds(blind(CoverageStatus::Complete), 300), [NoticeKind::CoverageRestored]);
    assert_eq!(world.kinds(blind(CoverageStatus::Complete), 400), []);
}

#[test]
fn a_failing_policy_is_told_until_it_works() {
    let mut world = World::new();
    let mut report = fixtures::report(Vec::new());
    let decision = report.instances[0].decision.as_mut().unwrap();
    decision.status = DecisionStatus::Error;
    decision.policies[0].outcome = PolicyOutcome::Error;
    decision.policies[0].error = Some("execution time limit".to_owned());
    let told = world.scan(report, 0);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].kind, NoticeKind::PolicyError);
    assert!(told[0].lines[0].contains("execution time limit"), "{:?}", told[0].lines);
    assert_eq!(world.kinds(fixtures::report(Vec::new()), 100), [NoticeKind::Resolved]);
}

#[test]
fn an_unreadable_history_tells_again_and_says_so() {
    struct Broken;
    impl NoticeHistory for Broken {
        fn last(&self, _: &str, _: &str) -> Option<(Timestamp, Notice)> {
            None
        }
    }
    let report = fixtures::report(vec![session("i-1")]);
    let destinations = [fixtures::slack("ops", "http://127.0.0.1/")];
    let drafts = draft_notices(&report, &destinations, &Broken, now(), &NotifySettings::default());
    assert_eq!(drafts.len(), 1);
}

#[test]
fn a_further_event_of_the_same_person_is_an_update_before_any_reminder() {
    let mut world = World::new();
    let mut one = session("i-1");
    one.source = Source::Cloudtrail;
    world.scan(fixtures::report(vec![one.clone()]), 0);
    assert_eq!(world.kinds(fixtures::report(vec![one.clone()]), 400), []);
    let mut again = fixtures::attribution("alice");
    again.event_id = "22222222-2222-3333-4444-555555555555".into();
    one.attribution.insert(0, again);
    assert_eq!(world.kinds(fixtures::report(vec![one.clone()]), 500), [NoticeKind::Update]);
    assert_eq!(world.kinds(fixtures::report(vec![one]), 1_000), []);
}

#[test]
fn a_drift_that_becomes_another_is_an_update() {
    let mut world = World::new();
    let mut one = fixtures::finding("config-security-groups", "i-1", "interface 0");
    world.scan(fixtures::report(vec![one.clone()]), 0);
    one.fingerprint = "another".to_owned();
    assert_eq!(world.kinds(fixtures::report(vec![one]), 500), [NoticeKind::Update]);
}

pub(super) fn silence(fleet: Option<&str>, code: Option<&str>, instance: Option<&str>) -> crate::types::Silence {
    crate::types::Silence {
        id: "s-1".into(),
        fleet: fleet.map(Into::into),
        code: code.map(str::to_owned),
        account: None,
        instance: instance.map(Into::into),
        actor: None,
        reason: "planned".to_owned(),
        by: "erin@ops".to_owned(),
        created_at: at(0),
        until: at(1000),
    }
}

#[test]
fn what_is_silenced_is_not_told_until_the_silence_ends() {
    let mut world = World::new();
    world.settings.silences = vec![silence(None, Some("event-*"), Some("i-1"))];
    assert_eq!(world.kinds(fixtures::report(vec![session("i-1")]), 10), []);
    assert_eq!(world.kinds(fixtures::report(vec![session("i-1")]), 1000), [NoticeKind::New]);

    let mut world = World::new();
    world.settings.silences = vec![silence(None, Some("event-*"), Some("i-1"))];
    let both = || fixtures::report(vec![session("i-1"), session("i-2")]);
    assert_eq!(world.kinds(both(), 10), [NoticeKind::New], "the other instance of the group is not silenced");
    world.settings.silences = vec![silence(Some("web"), None, None)];
    assert_eq!(world.kinds(fixtures::report(vec![session("i-2")]), 900), [], "no updates either");
    let end = world.kinds(resolved(&session("i-2")), 950);
    assert_eq!(end, [NoticeKind::Resolved], "the end of what was told is told");
}

#[test]
fn quiet_hours_wait_and_lose_nothing() {
    let window = crate::types::plan::Window {
        days: Vec::new(),
        from: "10:00".to_owned(),
        to: "11:00".to_owned(),
        zone: "UTC".to_owned(),
    };
    let mut world = World::new();
    world.destinations[0].quiet.windows = vec![window];
    assert_eq!(world.kinds(fixtures::report(vec![session("i-1")]), 0), []);
    let mut severe = session("i-2");
    severe.severity = Severity::Critical;
    severe.attribution = vec![fixtures::attribution("bob")];
    let told = world.scan(fixtures::report(vec![session("i-1"), severe.clone()]), 60);
    assert_eq!(told.len(), 1, "only what is critical");
    assert_eq!((told[0].severity, told[0].due_at), (Severity::Critical, at(90)));
    let mut report = fixtures::report(vec![severe.clone()]);
    report.resolved.push(Finding { status: FindingStatus::Resolved, ..session("i-1") });
    let gone = world.scan(report, 120);
    assert_eq!((gone[0].kind, gone[0].due_at), (NoticeKind::Resolved, at(3600)), "told when they are over");
    assert_eq!(world.kinds(fixtures::report(vec![severe, session("i-3")]), 3600), [NoticeKind::New]);
}

#[test]
fn what_comes_and_goes_is_told_as_flapping_and_then_only_its_end() {
    let mut world = World::new();
    let come = || fixtures::report(vec![session("i-1")]);
    let go = || resolved(&session("i-1"));
    assert_eq!(world.kinds(come(), 0), [NoticeKind::New]);
    assert_eq!(world.kinds(go(), 60), [NoticeKind::Resolved]);
    let flaps = world.scan(come(), 120);
    assert_eq!((flaps[0].kind, flaps[0].due_at), (NoticeKind::Flapping, at(150)));
    assert!(flaps[0].title.starts_with("Flapping: ") && flaps[0].lines[0].contains("3 times"), "{flaps:?}");
    let end = world.scan(go(), 180);
    assert_eq!((end[0].kind, end[0].due_at), (NoticeKind::Resolved, at(150 + 1800)), "it may be back before");
    for second in [240, 360, 480] {
        assert_eq!(world.kinds(come(), second), [], "nothing more while its end waits");
        assert_eq!(world.kinds(go(), second + 60), []);
    }
    assert_eq!(world.kinds(come(), 1700), []);
    assert_eq!(world.kinds(come(), 1951), [NoticeKind::New], "it has settled");
}

#[test]
fn what_flaps_and_grows_worse_is_told() {
    let mut world = World::new();
    let come = || fixtures::report(vec![session("i-1")]);
    world.scan(come(), 0);
    world.scan(resolved(&session("i-1")), 60);
    world.scan(come(), 120);
    let mut worse = session("i-1");
    worse.severity = Severity::Critical;
    assert_eq!(world.kinds(come(), 700), []);
    assert_eq!(world.kinds(fixtures::report(vec![worse]), 700), [NoticeKind::Update]);
}

#[test]
fn a_pager_does_not_hear_that_something_begins() {
    let pager = crate::report::DestinationKind::PagerDuty {
        key: "k".to_owned().into(),
        url: "https://events.pagerduty.com/v2/enqueue".to_owned(),
    };
    assert!(!pager.hears(NoticeKind::OperationStarted) && pager.hears(NoticeKind::OperationDone));
}
