//! Fail points by name, and by number.

use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Hooks;
use crate::remediate::{Flow, Moment, OperationRecord};

/// How a fail point is written.
const SPELLING: &str = "a fail point is spelled STEP[@SUBJECT]:before|after[:N]";

/// Aborts the process at one moment: `STEP[@SUBJECT]:before|after[:N]`, the N-th time that it comes.
#[derive(Debug)]
pub struct FailPoint {
    step: String,
    subject: Option<String>,
    moment: Moment,
    times: u64,
    seen: AtomicU64,
}

impl FailPoint {
    /// Whether it is this one, now.
    fn is_hit(&self, step: &str, subject: &str, moment: Moment) -> bool {
        let here = self.step == step && self.moment == moment;
        let here = here && self.subject.as_deref().is_none_or(|wanted| wanted == subject);
        here && self.seen.fetch_add(1, Ordering::Relaxed) + 1 == self.times
    }
}

impl FromStr for FailPoint {
    type Err = String;

    /// Read from the end: subjects such as ARNs hold colons.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("`{}`: {SPELLING}", crate::report::text::clean(text, 200));
        let (rest, last) = text.rsplit_once(':').ok_or_else(wrong)?;
        let (what, moment, times) = match moment(last) {
            Some(moment) => (rest, moment, 1),
            None => {
                let times = last.parse().ok().filter(|times| *times > 0).ok_or_else(wrong)?;
                let (what, word) = rest.rsplit_once(':').ok_or_else(wrong)?;
                (what, moment(word).ok_or_else(wrong)?, times)
            }
        };
        let (step, subject) = match what.split_once('@') {
            Some((step, subject)) => (step, Some(subject.to_owned())),
            None => (what, None),
        };
        if step.is_empty() {
            return Err(wrong());
        }
        Ok(Self { step: step.to_owned(), subject, moment, times, seen: AtomicU64::new(0) })
    }
}

fn moment(word: &str) -> Option<Moment> {
    match word {
        "before" => Some(Moment::Before),
        "after" => Some(Moment::After),
        _ => None,
    }
}

impl Hooks for FailPoint {
    fn at(&self, operation: &OperationRecord, step: usize, moment: Moment) -> Flow {
        if let Some(record) = operation.steps.get(step)
            && self.is_hit(&record.step.name, &record.step.subject, moment)
        {
            // As SIGKILL: no destructor runs, nothing is flushed.
            std::process::abort();
        }
        Flow::Go
    }
}

/// Dies at the N-th moment of a run, counted from 1, and only there; 0 never dies and counts.
#[derive(Debug, Default)]
pub struct KillAt {
    at: u64,
    seen: AtomicU64,
}

impl KillAt {
    /// Dies at this moment.
    pub fn new(at: u64) -> Self {
        Self { at, seen: AtomicU64::new(0) }
    }

    /// Moments that have come so far.
    pub fn seen(&self) -> u64 {
        self.seen.load(Ordering::Relaxed)
    }
}

impl Hooks for KillAt {
    fn at(&self, _operation: &OperationRecord, _step: usize, _moment: Moment) -> Flow {
        if self.seen.fetch_add(1, Ordering::Relaxed) + 1 == self.at { Flow::Die } else { Flow::Go }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remediate::samples;

    fn point(text: &str) -> FailPoint {
        text.parse().unwrap()
    }

    #[test]
    fn a_point_is_hit_at_its_step_its_side_and_its_time() {
        use Moment::{After, Before};
        let simple = point("launch:before");
        assert!(!simple.is_hit("launch", "", After) && !simple.is_hit("stop", "", Before));
        assert!(simple.is_hit("launch", "anything", Before));
        assert!(!simple.is_hit("launch", "", Before), "only the first time");
        let third = point("isolate-interface@eni-2:after:2");
        assert!(!third.is_hit("isolate-interface", "eni-1", After));
        assert!(!third.is_hit("isolate-interface", "eni-2", After));
        assert!(third.is_hit("isolate-interface", "eni-2", After));
    }

    #[test]
    fn subjects_may_hold_colons() {
        let arn = "arn:aws:elasticloadbalancing:eu-west-1:000000000000:targetgroup/web/1";
        assert!(point(&format!("deregister@{arn}:after")).is_hit("deregister", arn, Moment::After));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "launch", "launch:during", "launch:before:0", "launch:before:x", ":before", "@x:before", "a:3"]
        {
            assert!(text.parse::<FailPoint>().is_err(), "{text}");
        }
    }

    #[test]
    fn kill_at_dies_once() {
        let hooks = KillAt::new(2);
        let record = samples::record("op-1");
        let flows: Vec<Flow> = (0..4).map(|step| hooks.at(&record, step, Moment::Before)).collect();
        assert_eq!(flows, [Flow::Go, Flow::Die, Flow::Go, Flow::Go]);
        assert_eq!(hooks.seen(), 4);
        let counting = KillAt::default();
        assert_eq!(counting.at(&record, 0, Moment::After), Flow::Go);
    }
}
