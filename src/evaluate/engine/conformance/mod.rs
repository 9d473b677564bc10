//! Small policies with what they must say: an engine whose answers change their meaning fails here.
//!
//! Each case runs on the interpreter, asked alone and together with other rules, and on the bytecode machine. Where the
//! machine refuses or says something else the file says so: those cases are why it does not decide.

use serde::Deserialize;
use serde_json::Value;

use super::{Engine, EngineInput, machine};
use crate::evaluate::{PolicySource, shipped};

const FILES: [&str; 4] = ["language.toml", "strict.toml", "builtins.toml", "load.toml"];

/// The rule whose value is compared.
const RULE: &str = "data.cattleguard.t.out";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Suite {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    policy: String,
    #[serde(default)]
    input: Option<String>,
    #[serde(default)]
    data: Option<String>,
    /// JSON of the value.
    #[serde(default)]
    expect: Option<String>,
    #[serde(default)]
    undefined: bool,
    /// Part of the error's text when it is evaluated.
    #[serde(default)]
    error: Option<String>,
    /// Part of the problem's text when it is loaded.
    #[serde(default)]
    refused: Option<String>,
    /// What the machine does with it.
    #[serde(default)]
    machine: Machine,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Machine {
    /// Says the same, or fails as well.
    #[default]
    Same,
    /// Does not compile it, or fails.
    Refuses,
    /// Says something else.
    Differs,
    /// Would end the test.
    Untried,
}

fn parse(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("{text}: {error}"))
}

/// What is wrong with a case, if anything.
fn check(case: &Case) -> Result<(), String> {
    let source = PolicySource::new("case.rego", format!("package cattleguard.t\n\n{}", case.policy));
    let data = parse(case.data.as_deref().unwrap_or("{}"))?;
    let expected = case.expect.as_deref().map(parse).transpose()?;
    let loaded = Engine::load(&[source], &data).and_then(|mut engine| {
        engine.prepare(RULE).map_err(|problem| vec![problem])?;
        Ok(engine)
    });
    let mut engine = match (loaded, &case.refused) {
        (Err(problems), Some(part)) if problems.iter().any(|problem| problem.to_string().contains(part.as_str())) => {
            return Ok(());
        }
        (Err(problems), _) => return Err(format!("refused: {problems:?}")),
        (Ok(_), Some(_)) => return Err("it loads".to_owned()),
        (Ok(engine), None) => engine,
    };
    let input = EngineInput::parse(case.input.as_deref().unwrap_or("{}"))?;
    engine.set_input(&input);
    let said = engine.eval(RULE);
    match (&said, &case.error, &expected) {
        (Err(error), Some(part), None) if error.message.contains(part.as_str()) => {}
        (Ok(None), None, None) if case.undefined => {}
        (Ok(Some(value)), None, Some(expected)) if value == expected && !case.undefined => {}
        _ => return Err(format!("the interpreter says {said:?}")),
    }
    let together = engine.together(&[RULE, RULE]).ok_or("it cannot be asked together")?.eval(&input);
    match (&together, &said) {
        (None, Err(_)) => {}
        (Some(values), Ok(value)) if *values == [value.clone(), value.clone()] => {}
        _ => return Err(format!("together: {together:?}")),
    }
    if case.machine == Machine::Untried {
        return Ok(());
    }
    let by_machine = machine::eval(&engine, RULE, &input);
    let found = match (&by_machine, &said) {
        (Ok(machine), Ok(said)) if machine == said => Machine::Same,
        (Err(_), Err(_)) => Machine::Same,
        (Err(_), Ok(_)) => Machine::Refuses,
        (Ok(_), _) => Machine::Differs,
    };
    if found == case.machine { Ok(()) } else { Err(format!("the machine: {found:?}, {by_machine:?}")) }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the cases are files, so that they can be worked on without a build")]
fn every_evaluator_says_what_the_suite_says() {
    let mut wrong = Vec::new();
    let mut cases = 0;
    for file in FILES {
        let path = format!("{}/src/evaluate/engine/conformance/{file}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).expect("a file of cases");
        let suite: Suite = toml::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
        for case in &suite.case {
            cases += 1;
            if let Err(what) = check(case) {
                wrong.push(format!("{file}: {}: {what}", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {cases}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_shipped_policies_are_asked_together() {
    let set = crate::evaluate::PolicySet::compile(shipped(), Value::Null).unwrap();
    assert!(crate::evaluate::Evaluator::fast(&set).is_fast());
}

#[test]
fn rule_names_cannot_leave_the_generated_rule() {
    let source = PolicySource::new("p.rego", "package cattleguard.t\n\nout := 1\n");
    let mut engine = Engine::load(&[source], &Value::Object(serde_json::Map::new())).unwrap();
    engine.prepare(RULE).unwrap();
    for name in ["data.cattleguard.t.out]\nx := [1", "data.cattleguard.t[\"out\"]", "data.cattleguard..out", ""] {
        assert!(engine.together(&[name]).is_none(), "{name}");
    }
    assert!(engine.together(&[]).is_none());
}
