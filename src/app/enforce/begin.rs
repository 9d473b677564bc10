//! From an operation of the plan to a record that can begin: everything is read again and refused when it does not
//! hold any more.

use super::session::Session;
use crate::app::pipeline::past_of;
use crate::remediate::{
    self, OperationRecord, Prepare, Refusal, Requested, WriteCall, WriteFailure, lay_out_release, prepare,
};
use crate::types::{Finding, GoldenStatus, Operation, OperationId, OperationKind};

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

    pub(super) fn passing(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), transient: true }
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self { reason: refusal.reason, transient: refusal.transient }
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
        let stored = |error: crate::store::StoreError| Refused::passing(error.to_string());
        let golden = match (&operation.golden, kind) {
            (Some(reference), OperationKind::Replace) => {
                let golden = self.store().golden(reference).map_err(stored)?;
                Some(golden.ok_or_else(|| Refused::lasting(format!("{reference} cannot be launched any more")))?)
            }
            // A group launches a substitute for a member in quarantine as well: that must be the golden, too.
            _ => self.promoted(operation).map_err(stored)?,
        };
        let seen = self.store().instance_result(&operation.instance).map_err(stored)?;
        let past = past_of(self.store(), [&operation.instance].into_iter()).map_err(stored)?;
        let what = Prepare {
            id: new_id(),
            operation,
            kind,
            requested,
            settings: self.config().settings_for(&operation.fleet),
            golden: golden.as_ref(),
            seen: seen.as_ref().map(|result| &result.instance),
            past: &past,
            now: self.now(),
        };
        let host = self.host();
        let mut record = prepare(host.enforcing.probe.as_ref(), host.cloud, what).await?;
        if let Some(seen) = &seen {
            self.still_the_same(&record, &record.before.detail.instance, &seen.instance)?;
        }
        self.introduce(&mut record).await?;
        // The last thing: what others that begin at the same time take away is in the journal by then.
        self.others_serve(&record).await?;
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
        // One that is only stopped once it is in the journal would go on by itself as soon as the switch is let go.
        self.host().switch(&quarantine.place, &quarantine.fleet).await.map_err(Refused::passing)?;
        let mut record = lay_out_release(new_id(), quarantine, requested, self.now());
        self.introduce(&mut record).await?;
        Ok(record)
    }

    /// Notes who will make the calls, and asks AWS whether the first of them would be allowed.
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
    Ok(remediate::in_quarantine(&store.operations_of(instance)?, instance).cloned())
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
        operation: Some(crate::plan::operation_hash(operation)),
        findings: operation.findings.clone(),
        fingerprints,
        overridden: overridden.map(str::to_owned),
    }
}
