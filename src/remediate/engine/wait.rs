//! Waiting until something is seen.

use std::time::Duration;

use super::drive::is_too_old;
use super::mutate::later;
use super::{Engine, Halt};
use crate::remediate::condition::{Learned, Looking, Seen, look, needs_agreement};
use crate::remediate::{Condition, OperationRecord, StepState};

/// The pause grows to so many times what is configured.
const GROWTH: u32 = 3;
/// Two looks that have to agree are this far apart at least: reads may be stale.
const AGREEING: Duration = Duration::from_secs(3);

/// How waiting ended.
pub(super) enum Waited {
    /// It was seen.
    Seen(Learned),
    /// It cannot be any more, or its time is over.
    Failed(String),
}

impl Engine<'_> {
    /// Looks until the condition holds.
    pub(super) async fn wait(
        &self,
        record: &OperationRecord,
        index: usize,
        condition: &Condition,
    ) -> Result<Waited, Halt> {
        let step = record.steps.get(index);
        // What is waited for on the way back began with the way back.
        let forward = step.filter(|step| step.state != StepState::Undoing);
        let begun = forward.and_then(|step| step.begun_at).unwrap_or_else(|| self.host.now());
        let timeout = Duration::from_secs(step.map_or(300, |step| step.step.timeout_s));
        // Counted from here, so that a process that was away for long looks before it gives up.
        let until = later(self.host.now(), timeout);
        let poll = Duration::from_secs(record.settings.poll_s);
        let mut between = poll;
        let mut before = false;
        loop {
            self.host.renew()?;
            let looking =
                Looking { read: self.read, probe: self.probe, host: self.host, record, now: self.host.now(), begun };
            let last = match look(&looking, condition).await {
                Ok(Seen::Yes(learned)) if before || !needs_agreement(condition) => return Ok(Waited::Seen(learned)),
                Ok(Seen::Yes(_)) => {
                    before = true;
                    between = poll.max(AGREEING);
                    "seen once".to_owned()
                }
                Ok(Seen::NotYet(reason)) => {
                    before = false;
                    reason
                }
                Ok(Seen::Never(reason)) => return Ok(Waited::Failed(reason)),
                Err(error) => {
                    before = false;
                    error.to_string()
                }
            };
            if self.host.now() >= until {
                return Ok(Waited::Failed(format!("not seen in time: {last}")));
            }
            if let Some(reason) = is_too_old(record, self.host.now()) {
                return Ok(Waited::Failed(format!("{last}; {reason}")));
            }
            if self.host.stopping() {
                return Err(Halt::Stopping);
            }
            self.host.sleep(between).await;
            between = if before { poll } else { (between.saturating_mul(3) / 2).min(poll.saturating_mul(GROWTH)) };
        }
    }
}
