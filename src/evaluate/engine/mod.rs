//! The policy engine. Nothing outside this folder names regorus: its minor releases break, and the exact
//! version is pinned.
//!
//! The interpreter runs with strict builtin errors, so a call that cannot be computed is an error of the
//! policy and never an undefined value that reads as a pass. Scans ask all rules of an
//! input [`together`].

mod ast;
#[cfg(all(test, feature = "testing"))]
mod conformance;
mod location;
#[cfg(all(test, feature = "testing"))]
mod machine;
mod together;
mod written;

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::time::Duration;

use regorus::utils::limits::ExecutionTimerConfig;
use serde::Deserialize;
use serde_json::Value;

pub(super) use ast::{Binding, Compared, ModuleFacts, Reference, RuleFacts, Yield};
pub(super) use together::{Together, Watched};
pub(super) use written::{Shape, Written};

use super::{PolicyProblem, PolicySource};

/// Longest time one rule may run for one instance. The shipped rules take microseconds; the limit is
/// generous so that a loaded machine does not turn slowness into a policy error.
const RULE_TIME_LIMIT: Duration = Duration::from_secs(2);

/// Work units between two looks at the clock.
const CHECK_INTERVAL: NonZeroU32 = NonZeroU32::new(512).unwrap();

/// Lines of one file that the evaluations so far reached and did not reach.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FileLines {
    pub(super) file: String,
    pub(super) covered: BTreeSet<u32>,
    pub(super) not_covered: BTreeSet<u32>,
}

/// Why a rule has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EvalError {
    /// One line, with its place in front.
    pub(super) message: String,
    /// Whether it ran into [`RULE_TIME_LIMIT`].
    pub(super) timed_out: bool,
}

/// An input document as the engine holds it. Cloning it is cheap.
#[derive(Clone)]
pub(super) struct EngineInput(regorus::Value);

impl EngineInput {
    /// From JSON text.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        regorus::Value::from_json_str(text).map(Self).map_err(|error| location::one_line(&error.to_string()))
    }

    /// From a document.
    pub(super) fn of(value: &Value) -> Result<Self, String> {
        to_engine(value).map(Self)
    }
}

/// A loaded engine. Cloning one that is prepared is cheap.
#[derive(Clone)]
pub(super) struct Engine {
    inner: regorus::Engine,
    #[cfg(all(test, feature = "testing"))]
    data: regorus::Value,
}

impl Engine {
    /// Parses every source and adds data. All parse errors are returned together.
    pub(super) fn load(sources: &[PolicySource], data: &Value) -> Result<Self, Vec<PolicyProblem>> {
        let mut inner = regorus::Engine::new();
        inner.set_gather_prints(true);
        inner.set_strict_builtin_errors(true);
        inner.set_execution_timer_config(ExecutionTimerConfig {
            limit: RULE_TIME_LIMIT,
            check_interval: CHECK_INTERVAL,
        });
        let mut problems = Vec::new();
        for source in sources {
            if let Err(error) = inner.add_policy(source.name.clone(), source.text.clone()) {
                problems.push(location::problem(&source.name, &error.to_string()));
            }
        }
        let data = to_engine(data).and_then(|value| {
            inner.add_data(value.clone()).map_err(|error| error.to_string())?;
            Ok(value)
        });
        match data {
            Ok(_) if !problems.is_empty() => Err(problems),
            #[cfg(all(test, feature = "testing"))]
            Ok(data) => Ok(Self { inner, data }),
            #[cfg(not(all(test, feature = "testing")))]
            Ok(_) => Ok(Self { inner }),
            Err(message) => {
                problems.push(PolicyProblem::at("data", 0, 0, message));
                Err(problems)
            }
        }
    }

    /// All these rules as one; `None` when they cannot be asked together.
    pub(super) fn together(&self, rules: &[&str]) -> Option<Together> {
        Together::new(self, rules)
    }

    /// Analyses the whole set: unsafe variables, conflicting heads, imports. `rule` is any rule's path.
    pub(super) fn prepare(&mut self, rule: &str) -> Result<(), PolicyProblem> {
        match self.inner.compile_with_entrypoint(&rule.into()) {
            Ok(_) => Ok(()),
            Err(error) => Err(location::problem("policies", &error.to_string())),
        }
    }

    /// What the parsed modules declare and refer to.
    pub(super) fn modules(&mut self) -> Vec<ModuleFacts> {
        self.inner.get_modules().iter().map(|module| ast::facts(module)).collect()
    }

    /// Sets the input document of the next evaluations.
    pub(super) fn set_input(&mut self, input: &EngineInput) {
        self.inner.set_input(input.0.clone());
    }

    /// Evaluates one rule by its path, e.g. `data.cattleguard.host.x.deny`. `None` when it is undefined.
    pub(super) fn eval(&mut self, rule: &str) -> Result<Option<Value>, EvalError> {
        let value = self.inner.eval_rule(rule.to_owned()).map_err(|error| EvalError {
            message: location::one_line(&error.to_string()),
            timed_out: matches!(error.downcast_ref(), Some(regorus::LimitError::TimeLimitExceeded { .. })),
        })?;
        match value {
            regorus::Value::Undefined => Ok(None),
            value => serde_json::to_value(&value)
                .map(Some)
                .map_err(|error| EvalError { message: error.to_string(), timed_out: false }),
        }
    }

    /// Takes what `print` wrote since the last call.
    pub(super) fn take_prints(&mut self) -> Vec<String> {
        self.inner.take_prints().unwrap_or_default()
    }

    /// Starts recording which lines are evaluated.
    pub(super) fn record_coverage(&mut self) {
        self.inner.set_enable_coverage(true);
    }

    /// Forgets which lines were reached.
    pub(super) fn forget_coverage(&mut self) {
        self.inner.clear_coverage_data();
    }

    /// The lines reached so far. A file of which nothing was evaluated is missing.
    pub(super) fn coverage(&self) -> Vec<FileLines> {
        self.known_coverage().unwrap_or_default()
    }

    /// The same; `None` when the engine cannot say.
    pub(super) fn known_coverage(&self) -> Option<Vec<FileLines>> {
        let files = self.inner.get_coverage_report().ok()?.files.into_iter();
        let lines = |file: regorus::coverage::File| FileLines {
            file: file.path,
            covered: file.covered,
            not_covered: file.not_covered,
        };
        Some(files.map(lines).collect())
    }
}

/// Whether the engine knows a function of this name.
pub(super) fn has_builtin(name: &str) -> bool {
    name == "print" || regorus::unstable::BUILTINS.contains_key(name)
}

/// How many arguments a function of the engine takes; `None` for what is no such function, and for `print`, which takes any.
pub(super) fn builtin_arity(name: &str) -> Option<usize> {
    regorus::unstable::BUILTINS.get(name).map(|(_, count)| usize::from(*count))
}

/// Whether the engine's clock knows a time zone of this name.
pub(super) fn is_zone(name: &str) -> bool {
    let policy = "package zone\n\nknown if time.clock([0, input])\n".to_owned();
    let mut engine = regorus::Engine::new();
    engine.set_strict_builtin_errors(true);
    engine.set_input(regorus::Value::from(name));
    engine.add_policy("zone.rego".to_owned(), policy).is_ok()
        && matches!(engine.eval_rule("data.zone.known".to_owned()), Ok(regorus::Value::Bool(true)))
}

fn to_engine(value: &Value) -> Result<regorus::Value, String> {
    regorus::Value::deserialize(value).map_err(|error| error.to_string())
}
