//! One generated rule that asks all deciding rules, so that what they share is computed once for an input: each
//! evaluation starts from nothing, and policies of one pack have most of their work in common.
//!
//! One rule that fails makes the whole fail. Then the rules are asked one by one.

use std::fmt::Write as _;

use serde_json::Value;

use super::{Engine, EngineInput, FileLines};

/// The generated package. No policy decides in it: deciding packages are below `cattleguard`.
const PACKAGE: &str = "cattleguard_together";

/// An engine with the generated rule.
#[derive(Clone)]
pub(in crate::evaluate) struct Together(Engine);

impl Together {
    /// For these rules; `None` when a name among them cannot be written into a rule.
    pub(super) fn new(engine: &Engine, rules: &[&str]) -> Option<Self> {
        let text = generated(rules)?;
        let mut engine = engine.clone();
        engine.inner.add_policy(PACKAGE.to_owned(), text).ok()?;
        engine.prepare(&entry()).ok()?;
        Some(Self(engine))
    }

    /// What the rules say, in their order; an inner `None` is undefined. `None` when any of them fails.
    pub(in crate::evaluate) fn eval(&mut self, input: &EngineInput) -> Option<Vec<Option<Value>>> {
        self.0.set_input(input);
        let answers = self.0.eval(&entry()).ok().flatten();
        self.0.take_prints();
        let Value::Array(answers) = answers? else { return None };
        answers.into_iter().map(unwrapped).collect()
    }
}

/// The same engine, which also tells how far each evaluation got.
pub(in crate::evaluate) struct Watched(Together);

impl Watched {
    /// Of an engine that goes on without being watched.
    pub(in crate::evaluate) fn of(together: &Together) -> Self {
        let mut watched = together.clone();
        watched.0.record_coverage();
        Self(watched)
    }

    /// As [`Together::eval`], with the lines that this evaluation reached.
    pub(in crate::evaluate) fn eval(&mut self, input: &EngineInput) -> Option<(Vec<Option<Value>>, Vec<FileLines>)> {
        self.0.0.forget_coverage();
        let answers = self.0.eval(input)?;
        Some((answers, self.0.0.known_coverage()?))
    }
}

/// Path of the generated rule.
fn entry() -> String {
    format!("data.{PACKAGE}.answers")
}

/// The text of the generated package.
fn generated(rules: &[&str]) -> Option<String> {
    // A name that is no plain identifier could end the text early and go on as something else.
    if rules.is_empty() || !rules.iter().all(|rule| rule.split('.').all(is_identifier)) {
        return None;
    }
    let mut text = format!("package {PACKAGE}\n\nanswers := [\n");
    for rule in rules {
        // An empty list stands for an undefined rule, which would make the whole list undefined.
        writeln!(text, "\t[value | value := {rule}],").ok()?;
    }
    text.push_str("]\n");
    Some(text)
}

/// What one member of the generated list stands for.
fn unwrapped(answer: Value) -> Option<Option<Value>> {
    let Value::Array(mut values) = answer else { return None };
    let value = values.pop();
    values.is_empty().then_some(value)
}

fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|character| character.is_ascii_alphanumeric() || character == '_')
}
