//! From an operation of the plan to a record that can begin: everything is read again and refused when it does not
//! hold any more.

use super::session::Session;
use crate::remediate::{
    self, Begin, CaptureRequest, Method, OperationRecord, OperationStatus, Requested, WriteCall, WriteFailure, lay_out,
    lay_out_release,
};
use crate::types::{Finding, GoldenStatus, ImageId, Operation, OperationId, OperationKind, Place, Track};

/// Why an operation is not begun.
#[derive(Debug)]
pub(in crate::app) struct Refused {
    pub(in crate::app) reason: String,
    /// Whether it passes by itself.
    pub(in crate::app) transient: bool,
}

impl Refused {
    pub(super) fn lasting(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), transient: false }
    }

    fn passing(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), transient: true }
    }
}

fn new_id() -> OperationId {
    OperationId::new(format!("op-{}", uuid::Uuid::now_v7()))
}

impl Session<'_> {
    /// Reads everything again and lays the operation out.
    pub(super) async fn prepare(
        &self,
        operation: &Operation,
        kind: OperationKind,
        requested: Requested,
    ) -> Result<OperationRecord, Refused> {
        let host = self.host();
        let place = Place { account: operation.account.clone(), region: operation.region.clone() };
        let settings = self.config().settings_for(&operation.fleet);
        let stored = |error: crate::store::StoreError| Refused::passing(error.to_string());
        let golden = match (&operation.golden, kind) {
            (Some(reference), OperationKind::Replace) => {
                let golden = self.store().golden(reference).map_err(stored)?;
                let golden = golden.filter(|golden| golden.status != GoldenStatus::Revoked);
                Some(golden.ok_or_else(|| Refused::lasting(format!("{reference} cannot be launched any more")))?)
            }
            _ => None,
        };
        // A group launches a substitute for a member in quarantine as well: that must be the golden, too.
        let expected = match &golden {
            Some(golden) => Some(golden.clone()),
            None => self.promoted(operation).map_err(stored)?,
        };
        let image: Option<ImageId> = expected.as_ref().and_then(|golden| remediate::image_in(golden, &place)).cloned();
        let contained = kind == OperationKind::Replace && operation.track == Track::Compromise;
        let quarantine = if contained { self.quarantine_of(operation).map_err(stored)? } else { None };
        // Quarantined already: what was there before that is what the replacement takes the place of.
        let before = match quarantine.as_ref().map(|record| record.before.clone()) {
            Some(before) if !remediate::data_volumes(&before.detail).is_empty() => {
                return Err(Refused::lasting(
                    "its data volumes stay with the contained instance as evidence: a replacement would come up without data",
                ));
            }
            Some(before) => before,
            None => {
                let result = self.store().instance_result(&operation.instance).map_err(stored)?;
                let seen = result.ok_or_else(|| Refused::passing("no scan has seen the instance"))?.instance;
                let mut groups: Vec<String> = seen.targets.iter().map(|target| target.target_group.clone()).collect();
                groups.dedup();
                let request = CaptureRequest {
                    place: &place,
                    instance: &operation.instance,
                    kind,
                    settings: &settings,
                    track: operation.track,
                    target_groups: &groups,
                    asg: seen.asg.as_ref().map(|membership| membership.group.as_str()),
                    golden_image: image.as_ref(),
                };
                remediate::capture(host.enforcing.probe.as_ref(), host.cloud, &request)
                    .await
                    .map_err(|refusal| Refused { reason: refusal.reason, transient: refusal.transient })?
            }
        };
        let past = self.store().operations_of(&operation.instance).map_err(stored)?;
        let generation = past
            .iter()
            .filter(|other| other.facts.replacement.as_ref() == Some(&operation.instance))
            .map(|other| other.generation)
            .max()
            .unwrap_or(0)
            .saturating_add(1);
        let begin = Begin {
            id: new_id(),
            kind,
            place: place.clone(),
            instance: operation.instance.clone(),
            fleet: operation.fleet.clone(),
            golden: golden.as_ref().map(crate::types::Golden::reference),
            image,
            track: operation.track,
            severity: operation.severity,
            requested,
            settings,
            before,
            generation,
            now: self.now(),
        };
        let launches =
            kind == OperationKind::Replace && begin.settings.method == Method::Launch && begin.before.group.is_none();
        let request = match &golden {
            Some(golden) if launches => {
                let token = begin.launch_token();
                let request = remediate::launch_request(&begin.before, golden, &place, &begin.id, &token);
                Some(request.map_err(|refusal| Refused { reason: refusal.reason, transient: refusal.transient })?)
            }
            _ => None,
        };
        let mut record = lay_out(begin, request).map_err(Refused::lasting)?;
        if let Some(quarantine) = &quarantine {
            remediate::take_away_what_outlives(&mut record, quarantine);
        }
        self.introduce(&mut record).await?;
        Ok(record)
    }

    /// The promoted golden of the operation's fleet.
    fn promoted(&self, operation: &Operation) -> Result<Option<crate::types::Golden>, crate::store::StoreError> {
        let fleet = self.config().fleets.iter().find(|fleet| fleet.name == operation.fleet);
        let Some(fleet) = fleet else { return Ok(None) };
        let goldens = self.store().goldens()?;
        Ok(goldens.into_iter().find(|golden| golden.line == fleet.golden && golden.status == GoldenStatus::Promoted))
    }

    /// Lays out the undoing of a quarantine.
    pub(in crate::app) async fn prepare_release(
        &self,
        quarantine: &OperationRecord,
        requested: Requested,
    ) -> Result<OperationRecord, Refused> {
        let mut record = lay_out_release(new_id(), quarantine, requested, self.now());
        self.introduce(&mut record).await?;
        Ok(record)
    }

    /// Notes who will make the calls, and asks AWS whether those would be allowed that can be asked about now.
    async fn introduce(&self, record: &mut OperationRecord) -> Result<(), Refused> {
        let write = self.host().enforcing.write.as_ref();
        let principal = write.principal(&record.place).await;
        record.facts.principal = Some(principal.map_err(|error| Refused::passing(error.to_string()))?);
        for step in &record.steps {
            let remediate::Does::Call(call) = &step.step.does else { continue };
            if !can_be_asked(record, call) {
                continue;
            }
            let context = remediate::CallContext {
                place: &record.place,
                operation: &record.id,
                instance: &record.instance,
                replacement: None,
                user_data: None,
            };
            match write.rehearse(&context, call).await {
                Ok(()) => {}
                Err(error) if matches!(error.failure, WriteFailure::Denied | WriteFailure::Credentials) => {
                    return Err(Refused::lasting(format!(
                        "{error}; `cattleguard iam-policy --enforce` prints what the enforcing role needs"
                    )));
                }
                // A dry run that fails otherwise (throttled, not supported) proves nothing.
                Err(error) => tracing::debug!(error = %error, "a rehearsal gave no answer"),
            }
        }
        Ok(())
    }

    /// The quarantine that an instance is in.
    pub(in crate::app) fn quarantine_of(
        &self,
        operation: &Operation,
    ) -> Result<Option<OperationRecord>, crate::store::StoreError> {
        in_quarantine(self.store(), &operation.instance)
    }
}

/// Whether an answer now says anything about the call when it is made. What is about the replacement has no resource
/// yet. And the enforcing role may change only an instance that carries the mark of an operation, which comes with the
/// first step: until then every other call on the instance is refused.
fn can_be_asked(record: &OperationRecord, call: &WriteCall) -> bool {
    let text = serde_json::to_string(call).unwrap_or_default();
    if text.contains(remediate::REPLACEMENT) || text.contains(remediate::CURRENT) {
        return false;
    }
    let marks = matches!(call, WriteCall::CreateTags { .. } | WriteCall::DeleteTags { .. });
    let on_instance = matches!(call, WriteCall::SetInterfaceDeletion { .. }) || text.contains(record.instance.as_str());
    let marked = record.before.detail.instance.tags.contains_key(remediate::OPERATION_TAG);
    marks || marked || !on_instance
}

/// The quarantine that an instance is in: the last one that is done and was not released.
pub(in crate::app) fn in_quarantine(
    store: &dyn crate::store::Store,
    instance: &crate::types::InstanceId,
) -> Result<Option<OperationRecord>, crate::store::StoreError> {
    let operations = store.operations_of(instance)?;
    let quarantine = operations.iter().rev().find(|record| {
        record.kind == OperationKind::Quarantine
            && record.instance == *instance
            && record.status == OperationStatus::Done
    });
    let released = |quarantine: &OperationRecord| {
        operations
            .iter()
            .any(|other| other.undoes.as_ref() == Some(&quarantine.id) && other.status == OperationStatus::Done)
    };
    Ok(quarantine.filter(|record| !released(record)).cloned())
}

/// What the record says of the plan's reasons.
pub(super) fn requested_by_plan(
    operation: &Operation,
    plan: &crate::types::PlanHash,
    findings: &[Finding],
    by: &str,
    overridden: Option<&str>,
) -> Requested {
    let fingerprints = findings
        .iter()
        .filter(|finding| operation.findings.contains(&finding.id))
        .map(|finding| finding.fingerprint.clone())
        .collect();
    Requested {
        by: by.to_owned(),
        reasons: operation.reasons.clone(),
        plan: Some(plan.clone()),
        findings: operation.findings.clone(),
        fingerprints,
        overridden: overridden.map(str::to_owned),
    }
}
