//! One call, made so that it has its effect exactly once, whatever fails in between.

use std::time::Duration;

use jiff::Timestamp;

use super::write::Line;
use super::{Engine, Flow, Halt, Moment};
use crate::remediate::effect::{Effect, Found, effect};
use crate::remediate::resolve::{Sight, needs, resolve};
use crate::remediate::{Answered, CallContext, OperationRecord, Output, StepState, WriteCall, WriteFailure};

/// Reads may show the state before a change for this long (EC2 Developer Guide, "Eventual consistency", gives no
/// figure; two minutes is what its own examples of polling wait).
pub(super) const LAG: Duration = Duration::from_secs(120);
pub(super) const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(20);

/// How making one call ended.
pub(super) enum Made {
    /// The effect is in place.
    Effect,
    /// There was nothing to do.
    Nothing,
    /// Given up.
    Failed(String),
}

/// One call of a step, on its way.
struct Attempt {
    index: usize,
    state: StepState,
    /// When its intent was written last.
    intended_at: Option<Timestamp>,
    /// AWS took it.
    answered: bool,
    pause: Duration,
    until: Timestamp,
    last: String,
}

impl Engine<'_> {
    /// Makes one call of a step. `state` is what the step is in meanwhile; `look_first`: the call may have been made
    /// by a process that was killed.
    pub(super) async fn make(
        &self,
        record: &mut OperationRecord,
        index: usize,
        template: &WriteCall,
        state: StepState,
        look_first: bool,
    ) -> Result<Made, Halt> {
        let timeout = record.steps.get(index).map_or(300, |step| step.step.timeout_s);
        let now = self.host.now();
        let mut attempt = Attempt {
            index,
            state,
            intended_at: look_first.then_some(now),
            answered: false,
            pause: FIRST_PAUSE,
            until: later(now, Duration::from_secs(timeout)),
            last: "no answer".to_owned(),
        };
        let mut look = look_first;
        loop {
            self.host.renew()?;
            if self.host.stopping() {
                return Err(Halt::Stopping);
            }
            let Some(call) = (match self.resolved(record, index, template).await {
                Ok(found) => found,
                Err(reason) => {
                    attempt.last = reason;
                    if let Some(made) = self.pause(&mut attempt).await {
                        return Ok(made);
                    }
                    continue;
                }
            }) else {
                return Ok(Made::Nothing);
            };
            if let Err(reason) = self.note_capacity(record, index, &call).await {
                attempt.last = reason;
                if let Some(made) = self.pause(&mut attempt).await {
                    return Ok(made);
                }
                continue;
            }
            if look || attempt.answered {
                match effect(self.probe, record, &call).await {
                    Ok(Effect::InPlace(found)) => {
                        learn(record, found);
                        return Ok(Made::Effect);
                    }
                    Ok(Effect::Unseen) if attempt.answered => return Ok(Made::Effect),
                    Ok(Effect::Impossible(reason)) => return Ok(Made::Failed(reason)),
                    Ok(Effect::Absent | Effect::Unseen) => {}
                    // Blind: nothing may be concluded, least of all that it did not happen.
                    Err(error) => {
                        attempt.last = error.to_string();
                        if let Some(made) = self.pause(&mut attempt).await {
                            return Ok(made);
                        }
                        continue;
                    }
                }
                if self.must_wait(&attempt, &call) {
                    if let Some(made) = self.pause(&mut attempt).await {
                        return Ok(made);
                    }
                    continue;
                }
            }
            look = true;
            match self.once(record, &mut attempt, &call).await? {
                None => {}
                Some(made) => return Ok(made),
            }
        }
    }

    /// Whether the effect may simply not be visible yet, so that calling again would be wrong or of no use.
    fn must_wait(&self, attempt: &Attempt, call: &WriteCall) -> bool {
        let Some(intended) = attempt.intended_at else { return false };
        let waited = self.host.now().duration_since(intended);
        let lagging = waited < jiff::SignedDuration::try_from(LAG).unwrap_or_default();
        lagging && (attempt.answered || call.creates_again())
    }

    /// Writes the intent, calls, writes the answer. `None`: look at the effect next.
    async fn once(
        &self,
        record: &mut OperationRecord,
        attempt: &mut Attempt,
        call: &WriteCall,
    ) -> Result<Option<Made>, Halt> {
        self.host.may_change(record).await.map_err(Halt::Pulled)?;
        // On the way back a launch is only asked for again to learn what it launched.
        if attempt.state == StepState::Intended
            && call.brings_golden()
            && let Err(reason) = self.host.golden_stands(record)
        {
            return Ok(Some(Made::Failed(reason)));
        }
        let user_data = match call {
            WriteCall::Launch(request) => match self.host.user_data(record, request).await {
                Ok(text) => text,
                Err(reason) => return Ok(Some(Made::Failed(reason))),
            },
            _ => None,
        };
        let line = Line { call: Some(call.clone()), ..Line::default() };
        let before = set_happened(record, attempt.index, true);
        self.step(record, attempt.index, attempt.state, line)?;
        attempt.intended_at = Some(self.host.now());
        if self.host.at(record, attempt.index, Moment::Before) == Flow::Die {
            return Err(Halt::Killed);
        }
        let context = CallContext {
            place: &record.place,
            operation: &record.id,
            instance: &record.instance,
            replacement: record.facts.replacement.as_ref(),
            user_data: user_data.as_deref(),
        };
        let answer = self.write.call(&context, call).await;
        if self.host.at(record, attempt.index, Moment::After) == Flow::Die {
            return Err(Halt::Killed);
        }
        match answer {
            Ok(Answered { request_id, output }) => {
                take_output(record, output);
                attempt.answered = true;
                attempt.pause = FIRST_PAUSE;
                let line = Line { request_id, detail: Some("answered".to_owned()), ..Line::default() };
                self.step(record, attempt.index, attempt.state, line)?;
                Ok(None)
            }
            Err(error) => {
                attempt.last = error.to_string();
                if !error.failure.is_ambiguous() {
                    set_happened(record, attempt.index, before);
                }
                self.step(record, attempt.index, attempt.state, Line::detail(error.to_string()))?;
                if error.failure == WriteFailure::Capacity {
                    record.facts.notes.push(format!("capacity: {}", error.detail));
                }
                // A thing that we have just made may not be visible to the next call yet.
                let transient = error.failure.is_transient() || error.failure == WriteFailure::NotFound;
                // After an attempt whose outcome is not known, a refusal may only mean that it succeeded.
                if !transient && !before {
                    // It may be done all the same, by somebody else.
                    let done = matches!(effect(self.probe, record, call).await, Ok(Effect::InPlace(_)));
                    return Ok(Some(if done { Made::Effect } else { Made::Failed(error.to_string()) }));
                }
                Ok(self.pause(attempt).await)
            }
        }
    }

    /// Waits before the next look; `Some` when the step's time is over.
    async fn pause(&self, attempt: &mut Attempt) -> Option<Made> {
        if self.host.now() >= attempt.until {
            return Some(Made::Failed(format!("not done in time: {}", attempt.last)));
        }
        self.host.sleep(attempt.pause).await;
        attempt.pause = attempt.pause.saturating_mul(2).min(LONGEST_PAUSE);
        None
    }

    async fn resolved(
        &self,
        record: &OperationRecord,
        index: usize,
        template: &WriteCall,
    ) -> Result<Option<WriteCall>, String> {
        let (old, new) = needs(template);
        let mut sight = Sight::default();
        let look = async |id| self.probe.instance(&record.place, id).await.map_err(|error| error.to_string());
        if old {
            sight.old = look(&record.instance).await?;
        }
        if let (true, Some(id)) = (new, &record.facts.replacement) {
            sight.new = look(id).await?;
        }
        match resolve(template, record, &sight)? {
            Some(call @ WriteCall::SetDesiredCapacity { .. }) => self.lowered(record, index, call).await,
            Some(call @ WriteCall::SetScaleInProtection { .. }) => self.spared(record, index, call).await,
            Some(call) => self.numbered(record, index, call).await,
            None => Ok(None),
        }
    }
}

/// Remembers what a probe found. It is written with the next entry.
pub(super) fn learn(record: &mut OperationRecord, found: Found) {
    let Found { instance, task, snapshots } = found;
    if instance.is_some() {
        record.facts.replacement = instance;
    }
    if task.is_some() {
        record.facts.task = task;
    }
    if !snapshots.is_empty() {
        record.facts.snapshots = snapshots;
    }
}

fn take_output(record: &mut OperationRecord, output: Output) {
    match output {
        Output::Nothing => {}
        Output::Instance(instance) => record.facts.replacement = Some(instance),
        Output::Task(task) => record.facts.task = Some(task),
        Output::Snapshots(made) => {
            record.facts.snapshots = made.into_iter().map(|snapshot| snapshot.snapshot).collect();
        }
    }
}

/// Notes whether a step's call may have had an effect; returns what was noted before.
fn set_happened(record: &mut OperationRecord, index: usize, happened: bool) -> bool {
    record.steps.get_mut(index).is_some_and(|step| std::mem::replace(&mut step.may_have_happened, happened))
}

pub(super) fn later(now: Timestamp, by: Duration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}
