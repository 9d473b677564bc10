//! Made-up values for the contract.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::store::traits::{InstanceResult, Lease, Leases, OutboxDraft, ScanCommit};
use crate::store::{ContentMarks, TrailMarks};
use crate::types::{
    Action, Actor, ActorKind, Aspect, Attribution, Baseline, CallOutcome, Category, ChangeEvent, Code, Coverage,
    CoverageStatus, Decision, DecisionStatus, Directness, EventId, Finding, FindingStatus, Golden, GoldenStatus,
    Instance, InventoryContent, InventoryItem, LaunchContract, ManagedNode, Observed, Place, Plan, PlanHash, Severity,
    Source, Track, Verdict,
};

pub(crate) const ACCOUNT: &str = "000000000000";
pub(crate) const REGION: &str = "eu-west-1";

/// Seconds after an arbitrary start.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).expect("in range")
}

pub(crate) fn place() -> Place {
    Place::new(ACCOUNT, REGION)
}

pub(crate) fn lease(store: &impl Leases) -> Lease {
    store.acquire("scan", "host-a pid 1 scan", at(0), 3600).expect("a free lease")
}

pub(crate) fn golden(line: &str, version: &str, recorded: i64) -> Golden {
    Golden {
        line: line.into(),
        version: version.into(),
        status: GoldenStatus::Recorded,
        images: vec![],
        contract: LaunchContract::default(),
        baseline: Baseline::default(),
        reference_instance: None,
        recorded_by: "carol@ops".to_owned(),
        recorded_at: at(recorded),
        promoted_at: None,
        note: None,
    }
}

pub(crate) fn instance(id: &str) -> Instance {
    let content = InventoryContent {
        entries: vec![BTreeMap::from([(Arc::from("Name"), Arc::from("zlib"))])],
        digest: "blake3:0a".to_owned(),
    };
    Instance {
        image: "ami-00000001".into(),
        launched_at: at(-1000),
        tags: BTreeMap::from([("app".to_owned(), "web".to_owned())]),
        node: Observed::Seen(Some(ManagedNode {
            ping_status: "Online".to_owned(),
            last_ping: Some(at(-10)),
            agent_version: None,
            platform_name: None,
            platform_version: None,
            association_status: None,
        })),
        inventory: BTreeMap::from([(
            "AWS:Application".into(),
            InventoryItem { captured_at: Some(at(-20)), schema_version: "1.1".to_owned(), content: Arc::new(content) },
        )]),
        ..crate::types::sample::instance(id)
    }
}

pub(crate) fn decision(id: &str, input_digest: &str) -> Decision {
    Decision {
        instance: id.into(),
        account: ACCOUNT.into(),
        region: REGION.into(),
        fleet: None,
        action: Action::Alert,
        asked: Action::Replace,
        capped_by: None,
        track: Track::Hygiene,
        severity: Severity::High,
        reasons: vec!["changed in place".to_owned()],
        controls: vec![],
        grace_s: 0,
        status: DecisionStatus::Ok,
        policies: vec![],
        input_digest: input_digest.to_owned(),
        bundle_digest: "b".to_owned(),
    }
}

pub(crate) fn result(id: &str, verdict: Verdict) -> InstanceResult {
    InstanceResult {
        instance: instance(id),
        fleet: Some("web".into()),
        golden: None,
        verdict,
        reasons: vec![],
        decision: Some(decision(id, "input-1")),
        findings: vec![],
    }
}

pub(crate) fn finding(id: &str, instance: &str, seen: i64) -> Finding {
    Finding {
        id: id.into(),
        code: Code::known("software-package-changed"),
        instance: instance.into(),
        account: ACCOUNT.into(),
        region: REGION.into(),
        fleet: Some("web".into()),
        golden: None,
        severity: Severity::High,
        subject: "zlib".to_owned(),
        summary: "zlib changed".to_owned(),
        expected: json!("1.3"),
        actual: json!("1.4"),
        source: Source::Ssm,
        attribution: vec![],
        first_seen: at(seen),
        last_seen: at(seen),
        times_seen: 1,
        status: FindingStatus::Open,
        exception: None,
        fingerprint: "aa".to_owned(),
    }
}

pub(crate) fn attribution(event: &str, time: i64) -> Attribution {
    Attribution {
        principal: "arn:aws:iam::000000000000:user/dave".to_owned(),
        display: "dave".to_owned(),
        event_id: EventId::new(event),
        event_name: "SendCommand".to_owned(),
        event_time: at(time),
        source_ip: None,
        mfa: None,
        execution: None,
        because: "it ran on the machine".to_owned(),
        caller: None,
    }
}

pub(crate) fn event(id: &str, time: i64, instances: &[&str]) -> ChangeEvent {
    ChangeEvent {
        id: id.into(),
        time: at(time),
        event_source: "ssm.amazonaws.com".to_owned(),
        event_name: "SendCommand".to_owned(),
        account: ACCOUNT.into(),
        region: REGION.into(),
        category: Category::RemoteExecution,
        code: Code::known("event-remote-command"),
        severity: Severity::Medium,
        instances: instances.iter().map(|id| (*id).into()).collect(),
        unresolved: vec![],
        actor: Actor {
            principal: "arn:aws:iam::000000000000:user/dave".to_owned(),
            display: "dave".to_owned(),
            kind: ActorKind::IamUser,
            issuer: None,
            session_name: None,
            source_identity: None,
            source_ip: Some("198.51.100.7".to_owned()),
            user_agent: None,
            mfa: Some(true),
            invoked_by: None,
            vpc_endpoint: None,
            calling_instance: None,
        },
        explains: BTreeSet::from([Aspect::Software]),
        directness: Directness::Executing,
        outcome: CallOutcome::Succeeded,
        execution: None,
        reason: None,
        summary: "ran a command".to_owned(),
    }
}

pub(crate) fn draft(key: &str, destination: &str, due: i64) -> OutboxDraft {
    OutboxDraft {
        key: key.to_owned(),
        destination: destination.to_owned(),
        group: "web software-package-changed dave".to_owned(),
        due_at: at(due),
        payload: json!({"text": key}),
    }
}

pub(crate) fn plan(hash: &str, created: i64) -> Plan {
    Plan {
        hash: PlanHash::new(hash),
        approval: None,
        created_at: at(created),
        operations: vec![],
        held: vec![],
        frozen: vec![],
    }
}

/// A scan that started at `start`, took ten seconds and found nothing; tests fill in what they are about.
pub(crate) fn scan(id: &str, start: i64) -> ScanCommit {
    ScanCommit {
        scan_id: id.into(),
        started_at: at(start),
        finished_at: at(start + 10),
        exit_code: 0,
        coverage: vec![Coverage {
            account: ACCOUNT.into(),
            region: REGION.into(),
            source: Source::Ec2,
            status: CoverageStatus::Complete,
            through: None,
            reason: None,
            api: None,
            denied: false,
        }],
        instances: vec![],
        findings: vec![],
        events: vec![],
        checkpoints: vec![],
        marks: TrailMarks::default(),
        contents: ContentMarks::default(),
        links: vec![],
        user_data: vec![],
        plan: plan(&format!("plan-{id}"), start),
        notices: vec![],
        inputs: vec![],
        circumstances: vec![],
    }
}

pub(crate) fn input(instance: &str, digest: &str) -> (crate::types::InstanceId, String, Value) {
    (instance.into(), digest.to_owned(), json!({"scan": digest, "instance": instance}))
}
