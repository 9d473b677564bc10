//! Carries a plan out, a few operations at a time.

use futures::StreamExt as _;
use tracing::{Instrument as _, Span};

use super::begin::{Refused, in_quarantine, requested_by_plan};
use super::session::Session;
use crate::remediate::{Halt, OperationRecord, OperationStatus, Requested};
use crate::types::{Finding, Operation, OperationKind, Plan, TRACE, Track};

/// How one operation went.
#[derive(Debug)]
pub(in crate::app) enum Outcome {
    /// It came to rest.
    Ended(Box<OperationRecord>),
    /// It was not begun.
    Refused(Box<Operation>, Refused),
    /// It stopped on its way; the next run goes on with it.
    Halted(Box<OperationRecord>, String),
    /// It could not even be begun: the journal refused.
    Unjournalled(Box<Operation>, String),
}

/// How several went.
#[derive(Debug, Default)]
pub(in crate::app) struct Outcomes(pub(in crate::app) Vec<Outcome>);

impl Outcomes {
    pub(in crate::app) fn add(&mut self, outcome: Outcome) {
        self.0.push(outcome);
    }

    pub(in crate::app) fn extend(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    /// Whether something waits for a person, a window, or the next run.
    pub(in crate::app) fn holds(&self) -> bool {
        self.0.iter().any(|outcome| match outcome {
            Outcome::Ended(record) => record.status == OperationStatus::NeedsHuman,
            Outcome::Refused(..) | Outcome::Halted(..) | Outcome::Unjournalled(..) => true,
        })
    }

    /// Whether an operation failed and was undone.
    pub(in crate::app) fn failed(&self) -> bool {
        self.0.iter().any(|outcome| {
            matches!(outcome, Outcome::Ended(record)
                if matches!(record.status, OperationStatus::RolledBack | OperationStatus::NeedsHuman))
        })
    }
}

/// The span of traces for an operation, or for what is left of one.
pub(super) fn span(record: &OperationRecord) -> Span {
    tracing::info_span!(
        target: TRACE, "operation", otel.name = %record.kind, operation.id = %record.id,
        instance.id = %record.instance
    )
}

impl Session<'_> {
    /// Carries out the operations of a plan.
    pub(in crate::app) async fn execute(
        &self,
        plan: &Plan,
        findings: &[Finding],
        by: &str,
        overridden: Option<&str>,
    ) -> Outcomes {
        let most = usize::try_from(self.config().enforcement.concurrency).unwrap_or(1).max(1);
        let each = plan.operations.iter().map(|operation| {
            let requested = requested_by_plan(operation, &plan.hash, findings, by, overridden);
            self.one(operation, requested, findings)
        });
        let done: Vec<Vec<Outcome>> = futures::stream::iter(each).buffered(most).collect().await;
        Outcomes(done.into_iter().flatten().collect())
    }

    async fn one(&self, operation: &Operation, requested: Requested, findings: &[Finding]) -> Vec<Outcome> {
        if self.stopping() {
            return Vec::new();
        }
        let contain_first = operation.kind == OperationKind::Replace && operation.track == Track::Compromise;
        let mut outcomes = Vec::new();
        if contain_first {
            match in_quarantine(self.store(), &operation.instance) {
                Ok(Some(_)) => {}
                Ok(None) => {
                    let contained =
                        self.carry_out(operation, OperationKind::Quarantine, requested.clone(), findings).await;
                    let well = matches!(&contained, Outcome::Ended(record) if record.status == OperationStatus::Done);
                    let in_group = matches!(&contained, Outcome::Ended(record) if record.before.group.is_some());
                    outcomes.push(contained);
                    // Its group has launched a substitute from the same golden, or may launch none.
                    if !well || in_group {
                        return outcomes;
                    }
                }
                Err(error) => {
                    outcomes.push(Outcome::Unjournalled(Box::new(operation.clone()), error.to_string()));
                    return outcomes;
                }
            }
        }
        outcomes.push(self.carry_out(operation, operation.kind, requested, findings).await);
        outcomes
    }

    async fn carry_out(
        &self,
        operation: &Operation,
        kind: OperationKind,
        requested: Requested,
        findings: &[Finding],
    ) -> Outcome {
        if let Err(refused) = self.still_allowed(operation, &requested, findings).await {
            return Outcome::Refused(Box::new(operation.clone()), refused);
        }
        let record = match self.prepare(operation, kind, requested).await {
            Ok(record) => record,
            Err(refused) => return Outcome::Refused(Box::new(operation.clone()), refused),
        };
        self.run(record, operation).await
    }

    async fn run(&self, record: OperationRecord, operation: &Operation) -> Outcome {
        let begun = record.clone();
        let span = span(&record);
        match self.engine().begin(record).instrument(span).await {
            Ok(record) => self.ended(record),
            Err(Halt::Store(error)) if self.store().operation(&begun.id).ok().flatten().is_none() => {
                Outcome::Unjournalled(Box::new(operation.clone()), error.to_string())
            }
            Err(halt) => Outcome::Halted(Box::new(begun), halt.to_string()),
        }
    }

    /// What follows from an operation that came to rest.
    pub(in crate::app) fn ended(&self, record: OperationRecord) -> Outcome {
        self.stop_a_failing_rollout(&record);
        Outcome::Ended(Box::new(record))
    }
}
