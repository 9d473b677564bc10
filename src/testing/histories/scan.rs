//! What a scan sees, and what policy makes of it. Reads go through the process's own connection; what they are
//! compared with is plain: image, groups, and the packages that were reported.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::json;

use super::past;
use super::process::Process;
use crate::collect::source::{CloudRead, InventoryRecord};
use crate::collect::{Page, PageToken, ReadError};
use crate::plan::{Alarm, AlarmState, Approval, Pause, Permissions, PlanInput, PlanSubject, plan};
use crate::remediate::CloudProbe;
use crate::store::StoreError;
use crate::types::{
    Action, Code, Coverage, CoverageStatus, Decision, DecisionStatus, Enforcement, Finding, FindingStatus, Fleet,
    GateAnswer, Golden, GoldenStatus, Image, ImageId, Instance, InventoryItem, InventoryType, Plan, Severity, Source,
    TargetMembership, Track,
};

/// Actions that a history takes away now and then.
pub(super) const ACTIONS: [&str; 4] =
    ["ec2:RunInstances", "ec2:StopInstances", "ec2:ModifyNetworkInterfaceAttribute", "ec2:TerminateInstances"];
const APPLICATION: &str = "AWS:Application";

/// One scan.
pub(super) struct Seen {
    pub(super) instances: Vec<Instance>,
    pub(super) findings: Vec<Finding>,
    coverage: Vec<Coverage>,
    images: BTreeMap<ImageId, Image>,
}

impl Process {
    /// Reads the account. `None`: it could not be read at all.
    pub(super) async fn look(&self) -> Option<Seen> {
        let place = &self.world.place;
        let mut coverage = Vec::new();
        let mut covered = |source: Source, failed: Option<ReadError>| {
            let status = if failed.is_some() { CoverageStatus::Failed } else { CoverageStatus::Complete };
            coverage.push(Coverage {
                account: place.account.clone(),
                region: place.region.clone(),
                source,
                status,
                through: None,
                reason: failed.map(|error| error.to_string()),
                api: None,
                denied: false,
            });
        };
        let mut instances = self.cloud.instances(place, None).await.ok()?.items;
        covered(Source::Ec2, None);
        covered(Source::Cloudtrail, None);
        covered(Source::Autoscaling, self.members(&mut instances).await.err());
        covered(Source::Elb, self.targets(&mut instances).await.err());
        let reported = self.reported(&mut instances).await;
        let findings = match &reported {
            Ok(records) => self.findings(&instances, records),
            Err(_) => self.findings(&instances, &BTreeMap::new()),
        };
        covered(Source::Ssm, reported.err());
        let images = self.cloud.images(place, &self.world.images).await.unwrap_or_default();
        let images = images.into_iter().map(|image| (image.id.clone(), image)).collect();
        Some(Seen { instances, findings, coverage, images })
    }

    async fn members(&self, instances: &mut [Instance]) -> Result<(), ReadError> {
        for member in self.cloud.asg_members(&self.world.place, None).await?.items {
            for instance in instances.iter_mut().filter(|instance| instance.id == member.instance) {
                instance.asg = Some(member.membership.clone());
            }
        }
        Ok(())
    }

    async fn targets(&self, instances: &mut [Instance]) -> Result<(), ReadError> {
        for group in self.cloud.target_groups(&self.world.place, None).await?.items {
            let health = self.cloud.target_health(&self.world.place, &group).await?;
            let healthy = |zone: Option<&str>| {
                let good = health.iter().filter(|target| target.state == "healthy");
                let here = good.filter(|target| zone.is_none_or(|zone| target.zone.as_deref() == Some(zone)));
                u32::try_from(here.count()).unwrap_or(u32::MAX)
            };
            for target in &health {
                let is = |instance: &Instance| {
                    let mut addresses = instance.interfaces.iter().flat_map(|interface| &interface.addresses);
                    instance.id.as_str() == target.target || addresses.any(|address| *address == target.target)
                };
                for instance in instances.iter_mut().filter(|instance| is(instance)) {
                    instance.targets.push(TargetMembership {
                        target_group: group.arn.clone(),
                        health: target.state.clone(),
                        port: target.port,
                        healthy_in_group: healthy(None),
                        healthy_in_zone: healthy(Some(&instance.zone)),
                    });
                }
            }
        }
        Ok(())
    }

    async fn reported(&self, instances: &mut [Instance]) -> Result<BTreeMap<String, InventoryRecord>, ReadError> {
        let kind = InventoryType::new(APPLICATION);
        let mut records = BTreeMap::new();
        let mut next: Option<PageToken> = None;
        loop {
            let page: Page<InventoryRecord> = self.cloud.inventory(&self.world.place, &kind, &[], next).await?;
            records.extend(page.items.into_iter().map(|record| (record.instance.to_string(), record)));
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        for instance in instances {
            let Some(record) = records.get(instance.id.as_str()) else { continue };
            let item = InventoryItem {
                captured_at: record.captured_at,
                schema_version: record.schema_version.clone(),
                content: Arc::default(),
            };
            instance.inventory.insert(kind.clone(), item);
        }
        Ok(records)
    }

    /// What differs. The same difference keeps its first sighting.
    fn findings(&self, instances: &[Instance], records: &BTreeMap<String, InventoryRecord>) -> Vec<Finding> {
        let now = self.world.now();
        let mut truth = self.world.truth();
        let (goldens, fleet) = (truth.goldens.clone(), truth.fleet.clone());
        let mut found = Vec::new();
        for instance in instances.iter().filter(|instance| instance.is_live() && fleet.select.matches(instance)) {
            for (code, subject, severity, source) in differences(instance, &goldens, records) {
                let code = Code::known(code);
                let id = Finding::identity(&code, &instance.account, &instance.region, &instance.id, &subject);
                let sighting = truth.sightings.entry(id.clone()).or_insert((now, 0));
                sighting.1 += 1;
                let (first_seen, times_seen) = *sighting;
                found.push(Finding {
                    id,
                    fingerprint: Finding::fingerprint_of(&code, &subject, &json!(0), &json!(1)),
                    code,
                    instance: instance.id.clone(),
                    account: instance.account.clone(),
                    region: instance.region.clone(),
                    fleet: Some(fleet.name.clone()),
                    golden: None,
                    severity,
                    subject,
                    summary: String::new(),
                    expected: json!(0),
                    actual: json!(1),
                    source,
                    attribution: Vec::new(),
                    first_seen,
                    last_seen: now,
                    times_seen,
                    status: FindingStatus::Open,
                    exception: None,
                });
            }
        }
        found
    }

    /// The real plan over what was seen.
    pub(super) async fn plan(&self, seen: &Seen) -> Result<Plan, StoreError> {
        let now = self.world.now();
        let operations = past::operations(&self.world)?;
        let history = past::history(&operations, now);
        let pauses: Vec<Pause> = self.world.store.pauses()?;
        let approvals = self.world.store.approvals(now)?.into_iter().map(|given| Approval {
            plan: given.plan,
            approver: given.approver,
            given_at: given.at,
            expires_at: given.expires_at,
        });
        let approvals: Vec<Approval> = approvals.collect();
        let (alarms, permissions) = (self.alarms().await, self.permissions().await);
        let decisions = self.decisions(seen, &operations);
        let (fleet, goldens) = {
            let truth = self.world.truth();
            (truth.fleet.clone(), truth.goldens.clone())
        };
        let fleets: [Fleet; 1] = [fleet];
        let subjects = seen.instances.iter().filter(|instance| instance.is_live()).map(|instance| PlanSubject {
            instance,
            fleet: fleets.iter().find(|fleet| fleet.select.matches(instance)).map(|fleet| &fleet.name),
            decision: decisions.get(instance.id.as_str()),
            findings: seen.findings.iter().filter(|finding| finding.instance == instance.id).collect(),
        });
        let plan = plan(&PlanInput {
            now,
            mode: Enforcement::Replace,
            subjects: subjects.collect(),
            unseen: Vec::new(),
            fleets: &fleets,
            goldens: &goldens,
            images: &seen.images,
            exceptions: &[],
            pauses: &pauses,
            stopped: None,
            coverage: &seen.coverage,
            history: &history,
            alarms: &alarms,
            approvals: &approvals,
            permissions: &permissions,
            overriding: None,
        });
        self.set_planned(now);
        self.tally(&plan);
        Ok(plan)
    }

    fn tally(&self, plan: &Plan) {
        let mut truth = self.world.truth();
        let done = plan.operations.iter().map(|operation| &operation.gates);
        for report in done.chain(plan.held.iter().map(|held| &held.gates)).flatten() {
            truth.tally.count("gate", format!("{} {}", report.gate, report.answer.as_str()));
        }
        let waits = |held: &crate::types::Held| {
            held.gates
                .iter()
                .all(|report| report.answer == GateAnswer::Allow || report.gate == crate::types::Gate::Approval)
        };
        truth.unapproved = plan.held.iter().any(waits).then(|| plan.hash.clone());
    }

    async fn alarms(&self) -> Vec<Alarm> {
        let names = &self.world.settings.alarms;
        let states = self.cloud.alarms(&self.world.place, names).await.unwrap_or_default();
        let state = |name: &String| states.get(name).copied().unwrap_or(AlarmState::Unknown);
        names.iter().map(|name| Alarm { fleet: None, name: name.clone(), state: state(name) }).collect()
    }

    async fn permissions(&self) -> Permissions {
        match self.cloud.missing_permissions(&self.world.place, &ACTIONS).await {
            Ok(missing) => Permissions::Checked(BTreeMap::from([(self.world.place.account.clone(), missing)])),
            Err(_) => Permissions::Checked(BTreeMap::new()),
        }
    }

    /// What policy says: drawn once for each server.
    fn decisions(&self, seen: &Seen, operations: &[crate::remediate::OperationRecord]) -> BTreeMap<String, Decision> {
        let mut decisions = BTreeMap::new();
        let drifted: BTreeSet<_> = seen.findings.iter().map(|finding| &finding.instance).collect();
        let mut truth = self.world.truth();
        for instance in seen.instances.iter().filter(|instance| drifted.contains(&instance.id)) {
            let own = || seen.findings.iter().filter(|finding| finding.instance == instance.id);
            let (mut action, mut track) = match truth.wishes.get(&instance.id) {
                Some(wish) => *wish,
                None => {
                    let action = if truth.dice.per_mille(700) { Action::Replace } else { Action::Quarantine };
                    let track = if truth.dice.per_mille(300) { Track::Compromise } else { Track::Hygiene };
                    truth.wishes.insert(instance.id.clone(), (action, track));
                    (action, track)
                }
            };
            if own().all(|finding| finding.code.family() == "image") {
                (action, track) = (Action::Replace, Track::Hygiene);
            }
            if !past::may_plan(operations, &instance.id, action) {
                continue;
            }
            decisions.insert(instance.id.to_string(), decision(instance, &truth.fleet, action, track));
        }
        decisions
    }
}

type Difference = (&'static str, String, Severity, Source);

fn differences(
    instance: &Instance,
    goldens: &[Golden],
    records: &BTreeMap<String, InventoryRecord>,
) -> Vec<Difference> {
    let mut found = Vec::new();
    let Some(golden) = goldens.iter().find(|golden| golden.images.iter().any(|held| held.image == instance.image))
    else {
        return vec![("image-unrecorded", instance.image.to_string(), Severity::High, Source::Ec2)];
    };
    if golden.status != GoldenStatus::Promoted {
        found.push(("image-not-promoted", golden.version.to_string(), Severity::Low, Source::Ec2));
    }
    let wanted = golden.contract.security_groups.values().next();
    let groups: BTreeSet<String> = instance
        .interfaces
        .iter()
        .filter(|interface| interface.device_index == 0)
        .flat_map(|interface| interface.groups.iter().map(ToString::to_string))
        .collect();
    if wanted.is_some_and(|wanted| *wanted != groups) {
        found.push(("config-security-groups", "primary".to_owned(), Severity::Medium, Source::Ec2));
    }
    let kind = InventoryType::new(APPLICATION);
    let rows = records.get(instance.id.as_str()).map(|record| record.entries.iter().collect::<BTreeSet<_>>());
    let baseline = golden.baseline.inventory.get(&kind).map(|item| item.entries.iter().collect::<BTreeSet<_>>());
    if let (Some(rows), Some(baseline)) = (rows, baseline)
        && rows != baseline
    {
        found.push(("software-package-added", instance.id.to_string(), Severity::High, Source::Ssm));
    }
    found
}

fn decision(instance: &Instance, fleet: &Fleet, action: Action, track: Track) -> Decision {
    Decision {
        instance: instance.id.clone(),
        account: instance.account.clone(),
        region: instance.region.clone(),
        fleet: Some(fleet.name.clone()),
        action,
        asked: action,
        capped_by: None,
        track,
        severity: Severity::High,
        reasons: vec!["it drifted".to_owned()],
        controls: Vec::new(),
        grace_s: 0,
        status: DecisionStatus::Ok,
        policies: Vec::new(),
        input_digest: String::new(),
        bundle_digest: String::new(),
    }
}
