//! Evaluates a bundle on many inputs.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use super::answer::{Answer, Answered, RuleAnswer};
use super::decide::{combine, input_digest};
use super::engine::{Engine, EngineInput, EvalError, FileLines, Together, Watched};
use super::input::InputBuilder;
use super::memo::Memo;
use super::waived::Waived;
use super::{InputFacts, PolicyPackage, PolicySet, canonical_json};
use crate::types::{Decision, PolicyResult};

/// Longest time that all rules together may run for one input; each of them has a limit of its own, too.
const INPUT_TIME_LIMIT: Duration = Duration::from_secs(5);

/// After this many inputs on which a package ran out of time it is not evaluated any more: a policy that never ends
/// would otherwise hold up a large fleet for hours.
const MAX_SLOW: u32 = 3;

/// Time that has passed since any one moment. Whoever evaluates brings it: this stage has no clock.
pub type Stopwatch = fn() -> Duration;

/// Evaluates many inputs on one engine.
pub struct Evaluator<'a> {
    set: &'a PolicySet,
    /// Packages that are not asked when all are.
    aside: BTreeSet<usize>,
    engine: Engine,
    together: Option<Together>,
    pub(super) memo: Option<(Memo, Watched)>,
    builder: InputBuilder,
    /// How often each package ran out of time.
    slow: Vec<u32>,
    stopwatch: Stopwatch,
}

impl<'a> Evaluator<'a> {
    /// Asks each rule by itself: that tells why a rule did not fire.
    pub fn new(set: &'a PolicySet) -> Self {
        Self {
            set,
            aside: BTreeSet::new(),
            engine: set.engine.clone(),
            together: None,
            memo: None,
            builder: InputBuilder::default(),
            slow: vec![0; set.packages().len()],
            stopwatch: || Duration::ZERO,
        }
    }

    /// Also limits the time of all rules together, and tells how long each input took. What is decided does not depend on
    /// it otherwise; without it only the limit of each single rule holds.
    #[must_use]
    pub fn timed(self, stopwatch: Stopwatch) -> Self {
        Self { stopwatch, ..self }
    }

    /// Asks all rules together, so that what they share is computed once, and one by one only when that fails. Inputs
    /// that are equal in all that was read are evaluated once.
    pub fn fast(set: &'a PolicySet) -> Self {
        Self::without(set, BTreeSet::new())
    }

    /// The same, of all packages but those at these places; answers are about the others.
    pub fn without(set: &'a PolicySet, aside: BTreeSet<usize>) -> Self {
        let together = Self { aside, ..Self::new(set) }.asking_together();
        let memo = together.together.as_ref().and_then(|engine| Some((Memo::of(set.modules())?, Watched::of(engine))));
        Self { memo, ..together }
    }

    /// Asks all rules together, each input anew.
    pub fn together(set: &'a PolicySet) -> Self {
        Self::new(set).asking_together()
    }

    fn asking_together(self) -> Self {
        let rules: Vec<&str> = self.asked(None).flat_map(|(_, package)| package.paths()).collect();
        Self { together: self.set.engine.together(&rules), ..self }
    }

    /// Whether all rules are asked together.
    pub fn is_fast(&self) -> bool {
        self.together.is_some()
    }

    /// Decides about one instance; also returns the input document that the policies saw.
    pub fn decide(&mut self, facts: &InputFacts<'_>) -> (Decision, Value) {
        let input = self.builder.build(facts);
        let text = canonical_json(&input);
        let answered = self.results_of(&text);
        (combine(facts, answered.policies, input_digest(&text), self.set.digest()), input)
    }

    /// Starts to record how far each rule gets.
    pub(super) fn record_coverage(&mut self) {
        self.ask_each();
        self.engine.record_coverage();
    }

    /// The lines that were reached since.
    pub(super) fn coverage(&self) -> Vec<FileLines> {
        self.engine.coverage()
    }

    /// What each policy says of an input document as it stands, after exceptions.
    pub fn results(&mut self, input: &Value) -> Vec<PolicyResult> {
        let answer = self.ask(EngineInput::of(input), None);
        Waived::of_input(input).apply(self.read(answer).policies)
    }

    /// What each policy says of an input document given as JSON text, before exceptions.
    pub fn results_of(&mut self, text: &str) -> Answered {
        let answer = self.answer(text, None);
        self.read(answer)
    }

    /// What each rule says of an input document given as JSON text; of one package, when only that is asked.
    pub fn answer(&mut self, text: &str, only: Option<usize>) -> Answer {
        if only.is_some() {
            return self.ask(EngineInput::parse(text), only);
        }
        let started = (self.stopwatch)();
        if let Some(rules) = self.memo.as_mut().and_then(|(memo, _)| memo.get(text)) {
            return Answer { rules, ns: self.ns_since(started) };
        }
        let input = EngineInput::parse(text);
        match input.as_ref().ok().and_then(|input| self.watched(text, input)) {
            Some(rules) => Answer { rules, ns: self.ns_since(started) },
            None => self.ask(input, only),
        }
    }

    /// Evaluates an input for the memo, when that wants it and nothing fails.
    fn watched(&mut self, text: &str, input: &EngineInput) -> Option<Vec<RuleAnswer>> {
        let (memo, engine) = self.memo.as_mut()?;
        let (values, coverage) = memo.wants_to_watch().then(|| engine.eval(input)).flatten()?;
        let rules = answers(values);
        memo.learn(text, &coverage, &rules);
        Some(rules)
    }

    /// From now on each rule by itself.
    fn ask_each(&mut self) {
        self.together = None;
        self.memo = None;
    }

    fn read(&self, answer: Answer) -> Answered {
        let packages: Vec<&PolicyPackage> = self.asked(None).map(|(_, package)| package).collect();
        Answered::of(&packages, answer).unwrap_or_else(|error| Answered::failed(packages, &error))
    }

    fn ask(&mut self, input: Result<EngineInput, String>, only: Option<usize>) -> Answer {
        let started = (self.stopwatch)();
        let rules = match input {
            Ok(input) => self.rules(&input, only, started),
            Err(error) => {
                let error = RuleAnswer::Error(format!("the input could not be loaded: {error}"));
                self.asked(only).flat_map(|(_, package)| package.paths()).map(|_| error.clone()).collect()
            }
        };
        // Prints are gathered so that a policy cannot write to the terminal; here nobody reads them.
        self.engine.take_prints();
        Answer { rules, ns: self.ns_since(started) }
    }

    fn ns_since(&self, started: Duration) -> u64 {
        u64::try_from(self.since(started).as_nanos()).unwrap_or(u64::MAX)
    }

    fn since(&self, started: Duration) -> Duration {
        (self.stopwatch)().saturating_sub(started)
    }

    fn rules(&mut self, input: &EngineInput, only: Option<usize>, started: Duration) -> Vec<RuleAnswer> {
        let together = match &mut self.together {
            Some(together) if only.is_none() => together.eval(input),
            _ => None,
        };
        match together {
            Some(values) => answers(values),
            None => self.one_by_one(input, only, started),
        }
    }

    /// The packages that are asked, with their places: that one, or all that are not set aside.
    fn asked(&self, only: Option<usize>) -> impl Iterator<Item = (usize, &'a PolicyPackage)> + use<'_, 'a> {
        let packages = self.set.packages().iter().enumerate();
        packages.filter(move |(index, _)| only.map_or_else(|| !self.aside.contains(index), |only| only == *index))
    }

    fn one_by_one(&mut self, input: &EngineInput, only: Option<usize>, started: Duration) -> Vec<RuleAnswer> {
        self.engine.set_input(input);
        let mut answers = Vec::new();
        let asked: Vec<(usize, &PolicyPackage)> = self.asked(only).collect();
        for (index, package) in asked {
            let given_up = self.slow.get(index).is_some_and(|slow| *slow >= MAX_SLOW);
            let mut timed_out = false;
            for path in package.paths() {
                answers.push(if given_up {
                    RuleAnswer::Error(format!("not evaluated: it ran out of time on {MAX_SLOW} instances before"))
                } else if self.since(started) > INPUT_TIME_LIMIT {
                    timed_out = true;
                    RuleAnswer::Error(format!("not evaluated: the rules before it took {INPUT_TIME_LIMIT:?}"))
                } else {
                    match self.engine.eval(path) {
                        Ok(Some(value)) => RuleAnswer::Value(value),
                        Ok(None) => RuleAnswer::Undefined,
                        Err(EvalError { message, timed_out: late }) => {
                            timed_out |= late;
                            RuleAnswer::Error(message)
                        }
                    }
                });
            }
            if timed_out {
                // Together they would run into the same limit first, on every input.
                self.ask_each();
                if let Some(slow) = self.slow.get_mut(index) {
                    *slow += 1;
                }
            }
        }
        answers
    }
}

fn answers(values: Vec<Option<Value>>) -> Vec<RuleAnswer> {
    values.into_iter().map(|value| value.map_or(RuleAnswer::Undefined, RuleAnswer::Value)).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::evaluate::PolicySource;
    use crate::types::PolicyOutcome;

    /// Three seconds pass between two looks.
    fn slow_world() -> Duration {
        static LOOKS: AtomicU64 = AtomicU64::new(0);
        Duration::from_secs(3 * LOOKS.fetch_add(1, Ordering::Relaxed))
    }

    fn three_policies() -> PolicySet {
        let source = |name: &str| {
            let text = format!("package cattleguard.own.{name}\n\nwarn contains \"seen\" if input.instance\n");
            PolicySource::new(format!("{name}.rego"), text)
        };
        PolicySet::compile(["a", "b", "c"].map(source).into(), Value::Null).unwrap()
    }

    #[test]
    fn what_comes_after_the_limit_of_an_input_is_an_error_and_never_a_pass() {
        let set = three_policies();
        let outcomes = |mut evaluator: Evaluator<'_>| -> Vec<PolicyOutcome> {
            let input = serde_json::json!({"instance": {"id": "i-1"}});
            evaluator.results(&input).into_iter().map(|result| result.outcome).collect()
        };
        assert_eq!(
            outcomes(Evaluator::new(&set)),
            [PolicyOutcome::Warn; 3],
            "without a stopwatch each rule has its own"
        );
        let timed = outcomes(Evaluator::new(&set).timed(slow_world));
        assert_eq!(timed, [PolicyOutcome::Warn, PolicyOutcome::Error, PolicyOutcome::Error]);
    }
}
