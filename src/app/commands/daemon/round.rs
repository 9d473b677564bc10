//! One round of enforcement: recover, look, and carry the plan out.

use tokio::sync::oneshot;

use super::Daemon;
use crate::app::enforce::{Desk, Looked, Outcome, Outcomes};
use crate::app::error::AppError;
use crate::remediate::OperationRecord;
use crate::store::StoreError;

/// How a round went.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Went {
    /// An operation came to rest: the fleet looks different now.
    pub(super) ended: bool,
    /// Another process enforces at the moment.
    pub(super) elsewhere: bool,
}

impl Daemon<'_> {
    /// Goes on with what is not over; nothing where nothing may be enforced.
    pub(super) async fn recover(&self) -> Went {
        let Some(desk) = self.desk else { return Went::default() };
        let clock = || self.context.now();
        let held = match desk.lease(&clock) {
            Ok(held) => held,
            Err(error) => return not_begun(&error),
        };
        let say = |record: &OperationRecord, text: &str| desk.say(record, text);
        match desk.session(&held, Some(self.shutdown), &say).recover().await {
            Ok(outcomes) => logged(&outcomes),
            Err(error) => not_begun(&error),
        }
    }

    /// Looks and carries out. `looked` is told when the scan is committed. Errors are logged: the next round is on
    /// schedule.
    pub(super) async fn round(&self, looked: oneshot::Sender<()>) -> Went {
        let Some(desk) = self.desk else { return Went::default() };
        match self.enforce(desk, looked).await {
            Ok(went) => went,
            Err(error) => {
                tracing::error!(error = %error.message(), "a round of enforcement failed; the next one is on schedule");
                Went::default()
            }
        }
    }

    async fn enforce(&self, desk: &Desk<'_>, looked: oneshot::Sender<()>) -> Result<Went, AppError> {
        let clock = || self.context.now();
        let held = match desk.lease(&clock) {
            Ok(held) => held,
            Err(error @ StoreError::LeaseHeld { .. }) => return Ok(not_begun(&error)),
            Err(error) => return Err(error.into()),
        };
        let say = |record: &OperationRecord, text: &str| desk.say(record, text);
        let session = desk.session(&held, Some(self.shutdown), &say);
        let progress = self.context.progress();
        let Looked { recovered: mut outcomes, scanned } =
            desk.look(&session, &held, &progress, None, self.shutdown).await?;
        if let Some(scanned) = scanned {
            // Nobody listens any more when the daemon ends.
            let _ = looked.send(());
            let report = scanned.report;
            outcomes.extend(session.execute(&report.plan, &report.findings, "cattleguard", None).await);
        }
        Ok(logged(&outcomes))
    }
}

fn not_begun(error: &StoreError) -> Went {
    let elsewhere = matches!(error, StoreError::LeaseHeld { .. });
    if !elsewhere {
        tracing::error!(error = %error, "operations that are not over could not be looked at");
    }
    Went { elsewhere, ..Went::default() }
}

/// What was not begun, or stopped on its way, is said here; how operations ended was said when they did.
fn logged(outcomes: &Outcomes) -> Went {
    for outcome in &outcomes.0 {
        match outcome {
            Outcome::Ended(_) => {}
            Outcome::Refused(operation, refused) => tracing::warn!(
                instance.id = %operation.instance, kind = %operation.kind, "not begun: {}", refused.reason
            ),
            Outcome::Halted(record, reason) => tracing::warn!(
                operation = %record.id, instance.id = %record.instance, "stopped on its way: {reason}"
            ),
            Outcome::Unjournalled(operation, reason) => tracing::error!(
                instance.id = %operation.instance, kind = %operation.kind, "not begun: {reason}"
            ),
        }
    }
    let ended = outcomes.0.iter().any(|outcome| matches!(outcome, Outcome::Ended(_)));
    Went { ended, elsewhere: false }
}
