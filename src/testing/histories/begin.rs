//! Carries a plan out: reads everything about the instance again, lays the operation out, and gives it to the
//! engine. As the program does it, without its configuration files.

use futures::StreamExt as _;

use super::past;
use super::process::Process;
use super::scan::Seen;
use crate::remediate::{CloudWrite, OperationRecord, OperationStatus, Prepare, Requested, in_quarantine, prepare};
use crate::store::{Lease, StoreError};
use crate::types::{Operation, OperationKind, Plan, Track};

/// Operations that one process carries out at once.
const CONCURRENCY: usize = 2;

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
            if in_quarantine(&past, &operation.instance).is_none() {
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
        // A group launches a substitute for a member in quarantine as well.
        let golden = golden.or_else(|| world.promoted());
        let past = past::operations(world).map_err(|error: StoreError| error.to_string())?;
        let what = Prepare {
            id: world.new_operation(),
            operation,
            kind,
            requested,
            settings: world.settings.clone(),
            golden: golden.as_ref(),
            seen: seen.instances.iter().find(|instance| instance.id == operation.instance),
            past: &past,
            now: world.now(),
        };
        let prepared = prepare(&self.cloud, &self.cloud, what).await;
        let mut record = prepared.map_err(|refusal| refusal.reason)?;
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
        operation: None,
        findings: operation.findings.clone(),
        fingerprints: behind.map(|finding| finding.fingerprint.clone()).collect(),
        overridden: None,
    }
}
