//! Carries a plan out: reads everything about the instance again, lays the operation out, and gives it to the
//! engine. As the program does it, without its configuration files.

use futures::StreamExt as _;

use super::past;
use super::process::Process;
use super::scan::Seen;
use crate::remediate::{
    self, Begin, CaptureRequest, CloudWrite, Method, OperationRecord, OperationStatus, Requested, image_in, lay_out,
};
use crate::store::{Lease, StoreError};
use crate::types::{Operation, OperationKind, Plan, Track};

/// Operations that one process carries out at once.
const CONCURRENCY: usize = 2;
/// How long reads may lag behind the last operation on an instance.
const SETTLES: jiff::SignedDuration = jiff::SignedDuration::from_secs(120);

impl Process {
    pub(super) async fn execute(&self, lease: &Lease, seen: &Seen, plan: &Plan) {
        let each = plan.operations.iter().map(|operation| self.one(lease, seen, plan, operation));
        let mut running = futures::stream::iter(each).buffer_unordered(CONCURRENCY);
        while running.next().await.is_some() {}
    }

    async fn one(&self, lease: &Lease, seen: &Seen, plan: &Plan, operation: &Operation) {
        if self.world.truth().ending || self.journal.alive().is_err() {
            return;
        }
        let requested = requested(seen, plan, operation);
        if operation.kind == OperationKind::Replace && operation.track == Track::Compromise {
            let Ok(past) = past::operations(&self.world) else { return };
            if past::in_quarantine(&past, &operation.instance).is_none() {
                let contained = self.carry_out(lease, seen, operation, OperationKind::Quarantine, &requested).await;
                let go_on = contained
                    .is_some_and(|record| record.status == OperationStatus::Done && record.before.group.is_none());
                if !go_on {
                    return;
                }
            }
        }
        self.carry_out(lease, seen, operation, operation.kind, &requested).await;
    }

    async fn carry_out(
        &self,
        lease: &Lease,
        seen: &Seen,
        operation: &Operation,
        kind: OperationKind,
        requested: &Requested,
    ) -> Option<OperationRecord> {
        match self.prepare(seen, operation, kind, requested.clone()).await {
            Ok(record) => {
                let began = self.engine(lease).begin(record).await;
                self.told(began).ok().flatten()
            }
            Err(reason) => {
                self.world.count("refused", kind.as_str());
                self.world.tell(|| format!("[{}] {kind} {} refused: {reason}", self.number, operation.instance));
                None
            }
        }
    }

    pub(super) async fn prepare(
        &self,
        seen: &Seen,
        operation: &Operation,
        kind: OperationKind,
        requested: Requested,
    ) -> Result<OperationRecord, String> {
        let (world, place) = (&self.world, &self.world.place);
        let golden = if kind == OperationKind::Replace { world.promoted() } else { None };
        let golden = golden.filter(|golden| Some(golden.reference()) == operation.golden);
        if kind == OperationKind::Replace && golden.is_none() {
            return Err("another golden was promoted since".to_owned());
        }
        // A group launches a substitute for a member in quarantine as well: that must be the golden, too.
        let image = golden.clone().or_else(|| world.promoted()).and_then(|golden| image_in(&golden, place).cloned());
        let past = past::operations(world).map_err(|error: StoreError| error.to_string())?;
        let contained = kind == OperationKind::Replace && operation.track == Track::Compromise;
        let quarantine = past::in_quarantine(&past, &operation.instance).filter(|_| contained);
        let before = match quarantine {
            Some(quarantine) => quarantine.before.clone(),
            None => {
                // What the last operation changed may not be visible yet, and would be taken for what was there before.
                let since = |at: jiff::Timestamp| world.now().duration_since(at) < SETTLES;
                let mut own = past.iter().filter(|record| record.instance == operation.instance);
                if own.any(|record| record.ended_at.is_some_and(since)) {
                    return Err("an operation on it ended a moment ago".to_owned());
                }
                let instance = seen.instances.iter().find(|instance| instance.id == operation.instance);
                let instance = instance.ok_or("the scan did not see it")?;
                let mut groups: Vec<String> =
                    instance.targets.iter().map(|target| target.target_group.clone()).collect();
                groups.dedup();
                let request = CaptureRequest {
                    place,
                    instance: &operation.instance,
                    kind,
                    settings: &world.settings,
                    track: operation.track,
                    target_groups: &groups,
                    asg: instance.asg.as_ref().map(|membership| membership.group.as_str()),
                    golden_image: image.as_ref(),
                };
                remediate::capture(&self.cloud, &self.cloud, &request).await.map_err(|refusal| refusal.reason)?
            }
        };
        let made = |other: &&OperationRecord| other.facts.replacement.as_ref() == Some(&operation.instance);
        let generation = past.iter().filter(made).map(|other| other.generation).max().unwrap_or(0).saturating_add(1);
        let begin = Begin {
            id: world.new_operation(),
            kind,
            place: place.clone(),
            instance: operation.instance.clone(),
            fleet: operation.fleet.clone(),
            golden: golden.as_ref().map(crate::types::Golden::reference),
            image,
            track: operation.track,
            severity: operation.severity,
            requested,
            settings: world.settings.clone(),
            before,
            generation,
            now: world.now(),
        };
        let launches =
            kind == OperationKind::Replace && begin.settings.method == Method::Launch && begin.before.group.is_none();
        let request = match &golden {
            Some(golden) if launches => {
                let token = begin.launch_token();
                let request = remediate::launch_request(&begin.before, golden, place, &begin.id, &token);
                Some(request.map_err(|refusal| refusal.reason)?)
            }
            _ => None,
        };
        let mut record = lay_out(begin, request)?;
        record.facts.principal = Some(self.cloud.principal(place).await.map_err(|error| error.to_string())?);
        Ok(record)
    }
}

fn requested(seen: &Seen, plan: &Plan, operation: &Operation) -> Requested {
    let behind = seen.findings.iter().filter(|finding| operation.findings.contains(&finding.id));
    Requested {
        by: "cattleguard".to_owned(),
        reasons: operation.reasons.clone(),
        plan: Some(plan.hash.clone()),
        findings: operation.findings.clone(),
        fingerprints: behind.map(|finding| finding.fingerprint.clone()).collect(),
        overridden: None,
    }
}
