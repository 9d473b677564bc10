//! The engine's bytecode machine, for the conformance suite alone.
//!
//! It is about twice as fast as the interpreter and may not decide: an error inside the body of a rule makes the body
//! not hold, whatever `set_strict_builtin_errors` says, and two values of one rule make the rule undefined (regorus
//! 0.14.1, `rvm/vm/rules.rs`). So a policy that cannot be computed would read as a pass. The suite says in which cases
//! it differs, and fails when an upgrade changes that.

use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::vm::RegoVM;
use regorus::utils::limits::ExecutionTimerConfig;
use serde_json::Value;

use super::{CHECK_INTERVAL, Engine, EngineInput, RULE_TIME_LIMIT};

/// What the machine says of a rule: `Err` is a refusal to compile or an error of the run.
pub(super) fn eval(engine: &Engine, rule: &str, input: &EngineInput) -> Result<Option<Value>, String> {
    let policy = engine.inner.clone().compile_with_entrypoint(&rule.into()).map_err(|error| error.to_string())?;
    let program = Compiler::compile_from_policy(&policy, &[rule]).map_err(|error| error.to_string())?;
    let mut machine = RegoVM::new();
    machine.load_program(program);
    machine.set_data(engine.data.clone()).map_err(|error| error.to_string())?;
    machine.set_strict_builtin_errors(true);
    // It would stop after 25,000; the clock is the limit that matters.
    machine.set_max_instructions(usize::MAX);
    let limit = ExecutionTimerConfig { limit: RULE_TIME_LIMIT, check_interval: CHECK_INTERVAL };
    machine.set_execution_timer_config(Some(limit));
    machine.set_input(input.0.clone());
    match machine.execute_entry_point_by_index(0).map_err(|error| error.to_string())? {
        regorus::Value::Undefined => Ok(None),
        value => serde_json::to_value(&value).map(Some).map_err(|error| error.to_string()),
    }
}
