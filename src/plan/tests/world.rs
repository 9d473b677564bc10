//! A small account in which everything allows enforcement; each test takes one thing away.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::plan::{Alarm, Approval, History, Pause, Permissions, PlanInput, PlanSubject, plan};
use crate::types::plan::Window;
use crate::types::{
    Action, Attribution, Code, Coverage, CoverageStatus, Decision, DecisionStatus, Enforcement, Exception, Finding,
    FindingStatus, Fleet, FleetName, Gate, GateAnswer, GateReport, Golden, Image, ImageId, Instance, InventoryItem,
    OperationKind, Plan, PolicyOutcome, PolicyResult, RuleHit, Severity, Source, TargetMembership, Track,
};

pub(super) const ACCOUNT: &str = "111122223333";
pub(super) const REGION: &str = "eu-west-1";

/// A Tuesday, inside the window of [`fleet`].
pub(super) fn now() -> Timestamp {
    "2026-11-24T02:00:00Z".parse().unwrap()
}

pub(super) fn ago(hours: i64) -> Timestamp {
    now().checked_sub(SignedDuration::from_hours(hours)).unwrap()
}

pub(super) struct Member {
    pub(super) instance: Instance,
    pub(super) fleet: Option<FleetName>,
    pub(super) decision: Option<Decision>,
    pub(super) findings: Vec<Finding>,
}

pub(super) struct World {
    pub(super) now: Timestamp,
    pub(super) mode: Enforcement,
    pub(super) members: Vec<Member>,
    pub(super) fleets: Vec<Fleet>,
    pub(super) goldens: Vec<Golden>,
    pub(super) images: BTreeMap<ImageId, Image>,
    pub(super) exceptions: Vec<Exception>,
    pub(super) pauses: Vec<Pause>,
    pub(super) stopped: Option<&'static str>,
    pub(super) coverage: Vec<Coverage>,
    pub(super) history: History,
    pub(super) alarms: Vec<Alarm>,
    pub(super) approvals: Vec<Approval>,
    pub(super) permissions: Permissions,
}

impl World {
    /// Ten instances of fleet `web`; the first drifted and policy asks to replace it.
    pub(super) fn new() -> Self {
        let mut members: Vec<Member> = (0..10).map(|n| clean(n, "web")).collect();
        members[0] = drifted(0, "web", Action::Replace, Severity::High);
        let sources = [Source::Ec2, Source::Ssm, Source::Cloudtrail, Source::Elb, Source::Autoscaling];
        Self {
            now: now(),
            mode: Enforcement::Replace,
            members,
            fleets: vec![fleet("web")],
            goldens: vec![golden()],
            images: BTreeMap::from([("ami-0aa".into(), image())]),
            exceptions: Vec::new(),
            pauses: Vec::new(),
            stopped: None,
            coverage: sources.into_iter().map(coverage).collect(),
            history: History::default(),
            alarms: Vec::new(),
            approvals: Vec::new(),
            permissions: Permissions::Checked(BTreeMap::from([(ACCOUNT.into(), Vec::new())])),
        }
    }

    pub(super) fn plan(&self) -> Plan {
        plan(&self.input())
    }

    pub(super) fn input(&self) -> PlanInput<'_> {
        PlanInput {
            now: self.now,
            mode: self.mode,
            subjects: self
                .members
                .iter()
                .map(|member| PlanSubject {
                    instance: &member.instance,
                    fleet: member.fleet.as_ref(),
                    decision: member.decision.as_ref(),
                    findings: member.findings.iter().collect(),
                })
                .collect(),
            unseen: Vec::new(),
            fleets: &self.fleets,
            goldens: &self.goldens,
            images: &self.images,
            exceptions: &self.exceptions,
            pauses: &self.pauses,
            stopped: self.stopped,
            coverage: &self.coverage,
            history: &self.history,
            alarms: &self.alarms,
            approvals: &self.approvals,
            permissions: &self.permissions,
            overriding: None,
        }
    }

    /// The answer of one gate about the first instance, operation or held; the first entry counts.
    pub(super) fn gate(&self, gate: Gate) -> GateReport {
        let plan = self.plan();
        assert_eq!(crate::plan::check(&plan), Vec::<String>::new());
        let id = &self.members[0].instance.id;
        let operation = plan.operations.iter().find(|operation| operation.instance == *id).map(|o| &o.gates);
        let held = plan.held.iter().find(|held| held.instance == *id).map(|held| &held.gates);
        let gates = operation.or(held).expect("the first instance is a candidate");
        gates.iter().find(|report| report.gate == gate).unwrap().clone()
    }

    /// The same for its answer alone.
    pub(super) fn answer(&self, gate: Gate) -> GateAnswer {
        self.gate(gate).answer
    }

    /// What the plan does: kinds by instance number.
    pub(super) fn operations(&self) -> Vec<(OperationKind, usize)> {
        let number = |id: &crate::types::InstanceId| usize::from_str_radix(&id.as_str()[2..], 16).unwrap();
        self.plan().operations.iter().map(|operation| (operation.kind, number(&operation.instance))).collect()
    }

    pub(super) fn first(&mut self) -> &mut Member {
        &mut self.members[0]
    }

    pub(super) fn decision(&mut self) -> &mut Decision {
        self.members[0].decision.as_mut().unwrap()
    }

    pub(super) fn coverage_of(&mut self, source: Source) -> &mut Coverage {
        self.coverage.iter_mut().find(|entry| entry.source == source).unwrap()
    }
}

pub(super) fn instance(number: usize) -> Instance {
    let mut instance: Instance = serde_json::from_value(json!({
        "id": format!("i-{number:017x}"), "account": ACCOUNT, "region": REGION,
        "zone": if number.is_multiple_of(2) { "eu-west-1a" } else { "eu-west-1b" },
        "image": "ami-0aa", "instance_type": "m7g.large", "state": "running",
        "launched_at": "2026-11-01T00:00:00Z", "lifecycle": null, "platform": null, "key_name": null,
        "subnet": null, "instance_profile": null, "profile_association": null, "metadata_options": {},
        "user_data": "unknown", "source_dest_check": true, "interfaces": [], "volumes": [], "tags": {},
        "operator": null, "asg": null, "targets": [], "node": "unknown", "inventory": {}
    }))
    .unwrap();
    instance.inventory.insert(
        "AWS:Application".into(),
        InventoryItem { captured_at: Some(ago(1)), schema_version: "1.1".to_owned(), content: Arc::default() },
    );
    instance
}

pub(super) fn clean(number: usize, fleet: &str) -> Member {
    Member { instance: instance(number), fleet: Some(fleet.into()), decision: None, findings: Vec::new() }
}

pub(super) fn drifted(number: usize, fleet: &str, asked: Action, severity: Severity) -> Member {
    let finding = finding(number, fleet, severity);
    Member {
        decision: Some(decision(number, fleet, asked, severity, &finding)),
        findings: vec![finding],
        ..clean(number, fleet)
    }
}

pub(super) fn finding(number: usize, fleet: &str, severity: Severity) -> Finding {
    let instance = instance(number);
    let code = Code::known("software-package-changed");
    let subject = format!("package-{number}");
    Finding {
        id: Finding::identity(&code, &instance.account, &instance.region, &instance.id, &subject),
        fingerprint: Finding::fingerprint_of(&code, &subject, &json!(1), &json!(2)),
        code,
        instance: instance.id,
        account: instance.account,
        region: instance.region,
        fleet: Some(fleet.into()),
        golden: None,
        severity,
        subject,
        summary: "a package changed".to_owned(),
        expected: json!(1),
        actual: json!(2),
        source: Source::Ssm,
        attribution: Vec::new(),
        first_seen: ago(3),
        last_seen: now(),
        times_seen: 2,
        status: FindingStatus::Open,
        exception: None,
    }
}

pub(super) fn attribution() -> Attribution {
    Attribution {
        principal: "arn:aws:iam::111122223333:user/ada".to_owned(),
        display: "Ada".to_owned(),
        event_id: "e-1".into(),
        event_name: "SendCommand".to_owned(),
        event_time: ago(4),
        source_ip: None,
        mfa: None,
        execution: None,
        because: "it ran then".to_owned(),
        caller: None,
    }
}

pub(super) fn decision(number: usize, fleet: &str, asked: Action, severity: Severity, finding: &Finding) -> Decision {
    let instance = instance(number);
    let hit = RuleHit {
        kind: "violation".to_owned(),
        id: "T-1".to_owned(),
        msg: "it drifted".to_owned(),
        severity,
        action: asked,
        track: Track::Hygiene,
        controls: Vec::new(),
        finding_ids: vec![finding.id.clone()],
        grace_s: 0,
        details: json!(null),
    };
    Decision {
        instance: instance.id,
        account: instance.account,
        region: instance.region,
        fleet: Some(fleet.into()),
        action: asked,
        asked,
        capped_by: None,
        track: Track::Hygiene,
        severity,
        reasons: vec!["it drifted".to_owned()],
        controls: Vec::new(),
        grace_s: 0,
        status: DecisionStatus::Ok,
        policies: vec![PolicyResult {
            policy: "cattleguard.t".to_owned(),
            outcome: PolicyOutcome::Violation,
            hits: vec![hit],
            error: None,
        }],
        input_digest: String::new(),
        bundle_digest: String::new(),
    }
}

pub(super) fn window() -> Window {
    Window { days: vec!["tue".to_owned()], from: "01:00".to_owned(), to: "05:00".to_owned(), zone: "UTC".to_owned() }
}

pub(super) fn fleet(name: &str) -> Fleet {
    let mut fleet: Fleet = serde_json::from_value(json!({
        "name": name, "select": {"tags": {"app": name}, "asg": null, "accounts": []}, "golden": "web",
        "enforcement": "replace", "budget_count": 1, "budget_percent": 10.0, "allow_min_one": false,
        "budget_cooldown": {"secs": 1800, "nanos": 0}, "windows": [],
        "mass_drift": {"at_least": 3, "percent": 10.0}, "one_zone_at_a_time": true, "min_healthy": 1, "approval": false,
        "inventory_max_age": {"secs": 86400, "nanos": 0}, "expect_inventory": true, "expect_agent": false,
        "sanctioned_principals": []
    }))
    .unwrap();
    fleet.windows = vec![window()];
    fleet
}

pub(super) fn golden() -> Golden {
    serde_json::from_value(json!({
        "line": "web", "version": "1", "status": "promoted",
        "images": [{"account": null, "region": REGION, "image": "ami-0aa"}],
        "contract": {}, "baseline": {}, "reference_instance": null, "recorded_by": "ada",
        "recorded_at": "2026-10-01T00:00:00Z", "promoted_at": "2026-10-02T00:00:00Z", "note": null
    }))
    .unwrap()
}

pub(super) fn image() -> Image {
    Image {
        id: "ami-0aa".into(),
        name: None,
        state: "available".to_owned(),
        owner: None,
        created_at: None,
        deprecated_at: None,
        root_device: None,
        architecture: None,
    }
}

pub(super) fn coverage(source: Source) -> Coverage {
    Coverage {
        account: ACCOUNT.into(),
        region: REGION.into(),
        source,
        status: CoverageStatus::Complete,
        through: None,
        reason: None,
        api: None,
        denied: false,
    }
}

pub(super) fn target(healthy_in_group: u32, healthy_in_zone: u32) -> TargetMembership {
    TargetMembership {
        target_group: "arn:tg/web".to_owned(),
        health: "healthy".to_owned(),
        port: None,
        healthy_in_group,
        healthy_in_zone,
    }
}
