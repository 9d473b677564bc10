//! A policy of about a hundred lines on an input of 5 KB: our engine module against the engine's bytecode machine, and by
//! `peer_regopy.py` against another engine. Each evaluation begins with JSON text.

use cattleguard::evaluate::{Evaluator, PolicySet, PolicySource};
use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::vm::RegoVM;
use serde_json::Value;

use crate::{rate, report};

/// The policy.
pub(crate) const TEXT: &str = include_str!("hundred/policy.rego");

const RULES: [&str; 2] = ["data.cattleguard.bench.hundred.violation", "data.cattleguard.bench.hundred.warn"];

/// Every input is of another instance, and messages name it: nothing is evaluated for two.
pub(crate) fn compare(texts: &[String]) -> Result<(), String> {
    println!("a policy of {} lines, {} bytes", TEXT.lines().count(), texts.first().map_or(0, String::len));
    let source = PolicySource::new("hundred.rego", TEXT);
    let set = PolicySet::compile(vec![source], Value::Null).map_err(|problems| format!("{problems:?}"))?;
    let mut evaluator = Evaluator::fast(&set);
    let mut inputs = texts.iter().cycle();
    let mut next = || inputs.next().map_or("", String::as_str);
    report("  as scans evaluate it", rate(100, || drop(std::hint::black_box(evaluator.results_of(next()))))?);
    let mut machine = machine().map_err(|error| format!("the machine: {error}"))?;
    let by_machine = rate(100, || {
        if let Ok(input) = regorus::Value::from_json_str(next()) {
            machine.set_input(input);
            for index in 0..RULES.len() {
                let value = machine.execute_entry_point_by_index(index);
                std::hint::black_box(value.ok().map(|value| serde_json::to_value(&value)));
            }
        }
    })?;
    report("  by the bytecode machine, which may not decide", by_machine);
    Ok(())
}

/// The engine is named here, too: the machine is no part of the product.
fn machine() -> Result<RegoVM, Box<dyn std::error::Error>> {
    let mut engine = regorus::Engine::new();
    engine.add_policy("hundred.rego".to_owned(), TEXT.to_owned())?;
    let policy = engine.compile_with_entrypoint(&RULES[0].into())?;
    let mut machine = RegoVM::new();
    machine.load_program(Compiler::compile_from_policy(&policy, &RULES)?);
    machine.set_data(regorus::Value::new_object())?;
    machine.set_strict_builtin_errors(true);
    machine.set_max_instructions(usize::MAX);
    Ok(machine)
}
