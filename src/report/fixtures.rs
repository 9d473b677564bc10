//! Values in real shapes with made-up ids, for the tests of this stage.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::json;

use super::destination::{Destination, DestinationKind, Filter, Quiet};
use super::draft::{NotifySettings, OutboxHistory, draft_notices};
pub(crate) use super::memory_outbox::MemoryOutbox;
use super::notice::{AuditHead, Notice};
use super::scan_report::{ScanReport, ScanTotals};
use crate::store::InstanceResult;
use crate::types::*;

pub(crate) fn now() -> Timestamp {
    "2026-11-23T10:00:00Z".parse().unwrap()
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(now().as_second() + seconds).unwrap()
}

pub(crate) fn attribution(name: &str) -> Attribution {
    Attribution {
        principal: format!("arn:aws:sts::111122223333:assumed-role/Admin/{name}"),
        display: name.to_owned(),
        event_id: "11111111-2222-3333-4444-555555555555".into(),
        event_name: "StartSession".to_owned(),
        event_time: at(-120),
        source_ip: Some("198.51.100.7".to_owned()),
        mfa: Some(true),
        execution: Some(format!("{name}-0a1b2c")),
        because: "a session was open then".to_owned(),
        caller: None,
    }
}

pub(crate) fn finding(code: &'static str, instance: &str, subject: &str) -> Finding {
    let (code, account, region) = (Code::known(code), AccountId::from("111122223333"), Region::from("eu-west-1"));
    let instance = InstanceId::from(instance);
    let (expected, actual) = (json!("1.0"), json!("2.0"));
    Finding {
        id: Finding::identity(&code, &account, &region, &instance, subject),
        fingerprint: Finding::fingerprint_of(&code, subject, &expected, &actual),
        summary: format!("{subject} differs from the golden"),
        subject: subject.to_owned(),
        code,
        instance,
        account,
        region,
        fleet: Some("web".into()),
        golden: Some(GoldenRef::new("web", "1")),
        severity: Severity::High,
        expected,
        actual,
        source: Source::Ssm,
        attribution: vec![attribution("alice")],
        first_seen: at(-60),
        last_seen: now(),
        times_seen: 2,
        status: FindingStatus::Open,
        exception: None,
    }
}

pub(crate) fn instance(id: &str) -> Instance {
    Instance {
        account: "111122223333".into(),
        image: "ami-0aaaaaaaaaaaaaaaa".into(),
        launched_at: at(-30 * 86_400),
        subnet: Some("subnet-0a".to_owned()),
        ..crate::types::sample::instance(id)
    }
}

pub(crate) fn decision(instance: &Instance, action: Action) -> Decision {
    Decision {
        instance: instance.id.clone(),
        account: instance.account.clone(),
        region: instance.region.clone(),
        fleet: Some("web".into()),
        action,
        asked: Action::Replace,
        capped_by: (action < Action::Replace).then(|| "mode = \"observe\"".to_owned()),
        track: Track::Hygiene,
        severity: Severity::High,
        reasons: vec!["modified in place".to_owned()],
        controls: vec!["pci-dss-4.0.1:11.5.2".to_owned()],
        grace_s: 0,
        status: DecisionStatus::Ok,
        policies: vec![PolicyResult {
            policy: "cattleguard.host.in_place_modification".to_owned(),
            outcome: PolicyOutcome::Violation,
            hits: Vec::new(),
            error: None,
        }],
        input_digest: "sha256:0".to_owned(),
        bundle_digest: "sha256:1".to_owned(),
    }
}

pub(crate) fn result(id: &str, verdict: Verdict, findings: &[Finding]) -> InstanceResult {
    let instance = instance(id);
    let mine: Vec<_> =
        findings.iter().filter(|f| f.instance == instance.id && f.is_active()).map(|f| f.id.clone()).collect();
    let action = if mine.is_empty() { Action::None } else { Action::Alert };
    let mut decision = decision(&instance, action);
    if mine.is_empty() {
        decision.asked = Action::None;
        decision.capped_by = None;
        decision.reasons.clear();
        decision.severity = Severity::Info;
    }
    let reasons = match verdict {
        Verdict::Unjudged => {
            vec![VerdictReason { source: Some(Source::Ssm), reason: "no inventory was reported".to_owned() }]
        }
        Verdict::Clean | Verdict::Drifted => Vec::new(),
    };
    InstanceResult {
        instance,
        fleet: Some("web".into()),
        golden: Some(GoldenRef::new("web", "1")),
        verdict,
        reasons,
        decision: Some(decision),
        findings: mine,
    }
}

pub(crate) fn gates() -> Vec<GateReport> {
    vec![
        GateReport { gate: Gate::KillSwitch, answer: GateAnswer::Allow, until: None, reason: "not pulled".to_owned() },
        GateReport {
            gate: Gate::Window,
            answer: GateAnswer::Hold,
            until: Some("2026-11-24T02:00:00Z".parse().unwrap()),
            reason: "outside every window".to_owned(),
        },
        GateReport {
            gate: Gate::OptIn,
            answer: GateAnswer::Refuse,
            until: None,
            reason: "fleet web is observe-only: set enforcement = \"replace\"".to_owned(),
        },
    ]
}

pub(crate) fn held(id: &str) -> Held {
    let instance = instance(id);
    Held {
        kind: OperationKind::Replace,
        instance: instance.id,
        account: instance.account,
        region: instance.region,
        fleet: Some("web".into()),
        operation: None,
        gates: gates(),
    }
}

pub(crate) fn operation(id: &str) -> Operation {
    let instance = instance(id);
    Operation {
        kind: OperationKind::Replace,
        instance: instance.id,
        account: instance.account,
        region: instance.region,
        fleet: "web".into(),
        golden: Some(GoldenRef::new("web", "1")),
        track: Track::Hygiene,
        severity: Severity::High,
        findings: Vec::new(),
        before_image: "blake3:0".to_owned(),
        reasons: vec!["modified in place".to_owned()],
        gates: vec![GateReport {
            gate: Gate::KillSwitch,
            answer: GateAnswer::Allow,
            until: None,
            reason: "not pulled".to_owned(),
        }],
    }
}

pub(crate) fn plan() -> Plan {
    Plan {
        hash: "blake3:00aa".into(),
        approval: None,
        created_at: now(),
        operations: Vec::new(),
        held: Vec::new(),
        frozen: Vec::new(),
    }
}

pub(crate) fn coverage(source: Source, status: CoverageStatus) -> Coverage {
    let complete = status == CoverageStatus::Complete;
    Coverage {
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        source,
        status,
        through: None,
        reason: (!complete).then(|| "not authorised to call ssm:GetInventory".to_owned()),
        api: (!complete).then(|| "ssm:GetInventory".to_owned()),
        denied: !complete,
    }
}

/// A scan with these findings: their instances drifted, `i-clean` is clean.
pub(crate) fn report(findings: Vec<Finding>) -> ScanReport {
    let ids: BTreeSet<_> = findings.iter().map(|finding| finding.instance.clone()).collect();
    let mut instances: Vec<_> = ids
        .iter()
        .map(|id| {
            let active = findings.iter().any(|f| f.instance == *id && f.is_active());
            result(id.as_str(), if active { Verdict::Drifted } else { Verdict::Clean }, &findings)
        })
        .collect();
    instances.push(result("i-clean", Verdict::Clean, &[]));
    let drifted = instances.iter().filter(|result| result.verdict == Verdict::Drifted).count() as u64;
    let clean = instances.len() as u64 - drifted;
    ScanReport {
        scan_id: "scan-1".into(),
        started_at: at(-3),
        finished_at: now(),
        mode: Enforcement::Observe,
        coverage: vec![
            coverage(Source::Ec2, CoverageStatus::Complete),
            coverage(Source::Ssm, CoverageStatus::Complete),
        ],
        instances,
        findings,
        resolved: Vec::new(),
        new: BTreeSet::new(),
        plan: plan(),
        unfinished: Vec::new(),
        set_aside: Vec::new(),
        trail_sources: Vec::new(),
        dead_letters: Vec::new(),
        unresolved_events: Vec::new(),
        calls: BTreeMap::from([("ec2:DescribeInstances".to_owned(), 1)]),
        calls_saved: 0,
        calls_throttled: 0,
        calls_retried: 0,
        totals: ScanTotals { clean, drifted, unjudged: 0, exit_code: u8::from(drifted > 0) },
    }
}

pub(crate) fn slack(name: &str, url: &str) -> Destination {
    Destination {
        name: name.to_owned(),
        kind: DestinationKind::Slack { url: url.to_owned().into() },
        filter: Filter::default(),
        routes: None,
        quiet: Quiet::default(),
        allow_private: true,
        broken: None,
    }
}

pub(crate) fn webhook(name: &str, url: &str) -> Destination {
    let secrets = vec!["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned().into()];
    Destination { kind: DestinationKind::Webhook { url: url.to_owned().into(), secrets }, ..slack(name, url) }
}

pub(crate) fn event(instance: &str) -> ChangeEvent {
    ChangeEvent {
        id: "99999999-2222-3333-4444-555555555555".into(),
        time: at(-90),
        event_source: "ssm.amazonaws.com".to_owned(),
        event_name: "StartSession".to_owned(),
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        category: Category::InteractiveSession,
        code: Code::known("event-interactive-session"),
        severity: Severity::High,
        instances: vec![instance.into()],
        unresolved: Vec::new(),
        actor: Actor {
            principal: "arn:aws:sts::111122223333:assumed-role/Admin/alice".to_owned(),
            display: "alice\u{1b}[31m".to_owned(),
            kind: ActorKind::AssumedRole,
            issuer: None,
            session_name: Some("alice".to_owned()),
            source_identity: None,
            source_ip: Some("198.51.100.7".to_owned()),
            user_agent: None,
            mfa: None,
            invoked_by: None,
            vpc_endpoint: None,
            calling_instance: None,
        },
        explains: BTreeSet::new(),
        directness: Directness::Enabling,
        outcome: CallOutcome::Succeeded,
        execution: None,
        reason: None,
        summary: "opened an SSM session".to_owned(),
    }
}

pub(crate) fn golden(version: &str, status: GoldenStatus) -> Golden {
    Golden {
        line: "web".into(),
        version: version.into(),
        status,
        images: vec![GoldenImage { account: None, region: "eu-west-1".into(), image: "ami-0aaaaaaaaaaaaaaaa".into() }],
        contract: LaunchContract {
            instance_profile: Some(Some("web".to_owned())),
            key_name: Some(None),
            source_dest_check: Some(true),
            ..LaunchContract::default()
        },
        baseline: Baseline::default(),
        reference_instance: Some("i-0ref".into()),
        recorded_by: "arn:aws:iam::111122223333:user/baker".to_owned(),
        recorded_at: at(-86_400),
        promoted_at: (status == GoldenStatus::Promoted).then(|| at(-80_000)),
        note: None,
    }
}

pub(crate) fn inventory(rows: &[(&str, &str)]) -> BaselineItem {
    let entry = |(name, version): &(&str, &str)| {
        InventoryEntry::from([("Name".into(), (*name).into()), ("Version".into(), (*version).into())])
    };
    BaselineItem { entries: rows.iter().map(entry).collect(), captured_at: None }
}

/// The notice that a scan with these findings draws first.
pub(crate) fn notice(findings: Vec<Finding>) -> Notice {
    let outbox = MemoryOutbox::default();
    let settings = NotifySettings { listed_findings: 100, ..NotifySettings::default() };
    let destination = [webhook("hook", "http://127.0.0.1/")];
    let drafts = draft_notices(&report(findings), &destination, &OutboxHistory::new(&outbox), now(), &settings);
    let mut notice: Notice = serde_json::from_value(drafts[0].payload.clone()).unwrap();
    notice.audit = Some(AuditHead { seq: 412, hash: "ab".repeat(32) });
    notice
}

/// As long and as hostile as everything in a notice can be, beyond what drafting lets through.
pub(crate) fn worst_notice() -> Notice {
    let hostile = "<!channel> <at>all</at> [x](http://x) {{DATE(1)}} \u{1b}[2J\r\n\"\\*_~`𝔘 ".repeat(300);
    let findings = (0..100)
        .map(|number| {
            let mut finding = finding("event-ssh-key-pushed", &format!("i-{number}"), "key");
            finding.summary.clone_from(&hostile);
            finding.attribution[0].display = "alice".to_owned();
            finding.attribution[0].principal.clone_from(&hostile);
            finding.attribution[0].because.clone_from(&hostile);
            finding
        })
        .collect();
    let mut notice = notice(findings);
    notice.title.clone_from(&hostile);
    notice.lines = vec![hostile.clone(); 60];
    for finding in &mut notice.findings {
        finding.expected.clone_from(&hostile);
        finding.actual.clone_from(&hostile);
        finding.policy = vec![hostile.clone(); 20];
        finding.held = vec![hostile.clone(); 20];
        finding.next.clone_from(&hostile);
    }
    notice
}
