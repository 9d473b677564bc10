//! Policies that cannot work: each is refused or an error, with its place, and never asks for anything.

use cattleguard::app::policies::Policies;
use cattleguard::app::policy_worker::LoadError;
use cattleguard::evaluate::PolicyProblem;

use super::*;

fn start(text: &str) -> Result<Worker, LoadError> {
    let source = PolicySource::new("bad.rego", format!("package cattleguard.t.bad\n\n{text}\n"));
    Worker::start(launch(), vec![source], Value::Null)
}

fn refused(text: &str) -> PolicyProblem {
    match start(text) {
        Err(LoadError::Refused(mut problems)) => problems.remove(0),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it loads: {text}"),
    }
}

#[test]
fn recursion_is_refused_with_its_line() {
    for (text, line) in [
        ("f(x) := f(x)\n\nviolation contains \"x\" if f(1)", 3),
        ("f(x) := g(x)\n\ng(x) := f(x)\n\nviolation contains \"x\" if f(1)", 3),
        ("f(x) := y if { y := r }\n\nr := f(1)\n\nviolation contains \"x\" if r", 3),
    ] {
        let problem = refused(text);
        assert!(problem.message.contains("call itself"), "{problem}");
        assert_eq!((problem.file.as_str(), problem.line), ("bad.rego", line));
    }
}

#[test]
fn what_can_allocate_without_bound_is_refused_with_its_line() {
    let problem = refused("violation contains \"x\" if count(numbers.range(1, 200000000)) > 0");
    assert_eq!((problem.line, problem.message.contains("numbers.range")), (3, true), "{problem}");
    let problem = refused("violation contains \"x\" if {\n\tcount(net.cidr_expand(\"10.0.0.0/4\")) > 0\n}");
    assert_eq!((problem.line, problem.message.contains("net.cidr_expand")), (4, true), "{problem}");
}

#[test]
fn nesting_is_refused_before_a_process_is_started() {
    let deep = format!("package cattleguard.t.bad\n\nx := {}1{}\n", "[".repeat(32), "]".repeat(32));
    let sources = vec![PolicySource::new("deep.rego", deep)];
    let nowhere = Launch::of("/nonexistent/program");
    let error = Policies::load(Some(nowhere), sources, Value::Null).err().expect("it is refused");
    assert_eq!(error.exit().code(), 78);
    assert!(error.diags()[0].message.contains("nest deeper than"), "{:?}", error.diags());
}

#[test]
fn a_program_that_cannot_be_started_is_told_with_the_way_out() {
    let error = Policies::load(Some(Launch::of("/nonexistent/program")), shipped(), Value::Null).err().unwrap();
    assert_eq!(error.exit().code(), 69);
    assert!(error.hint().unwrap().contains("policy.sandbox"), "{:?}", error.hint());
}

#[test]
fn what_a_policy_may_not_say_is_an_error_with_its_place_and_no_action() {
    for (text, part) in [
        (
            "violation contains {\"msg\": \"m\", \"action\": \"repalce\"}",
            "bad.rego:3: `action`: `repalce` is not one of",
        ),
        ("violation contains 5", "bad.rego:3: an element of `violation` is 5"),
        ("violation := {\"a\": 1}", "bad.rego:3: `violation` is {\"a\":1}, not a set"),
        ("violation := \"x\"", "bad.rego:3: `violation` is \"x\", not a set"),
        ("v := 1 if input.n\n\nv := 2 if input.n\n\nviolation contains \"x\" if v", "bad.rego:5:"),
        ("violation contains \"x\" if to_number(\"a\") > 1", "bad.rego:3:"),
        ("violation contains {\"msg\": \"m\", \"severity\": \"hgih\", \"action\": \"replace\"}", "`severity`: `hgih`"),
    ] {
        let mut worker = start(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let results = ask(&mut worker, 1, &[]);
        let [result] = results[0].as_slice() else { panic!("{results:?}") };
        assert_eq!((result.outcome, result.hits.len()), (PolicyOutcome::Error, 0), "{text}");
        let error = result.error.as_deref().unwrap();
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn data_may_not_take_the_place_of_a_rule() {
    let source = PolicySource::new("p.rego", "package cattleguard.t.bad\n\nviolation contains \"x\"\n");
    let data = json!({"cattleguard": {"t": {"bad": {"violation": []}}}});
    let error = Worker::start(launch(), vec![source], data).err().expect("it is refused");
    let LoadError::Refused(problems) = error else { panic!("{error}") };
    assert!(problems[0].to_string().starts_with("p.rego:1:1: data is given at or above"), "{problems:?}");
}

#[test]
fn a_policy_without_bounds_ends_the_command_that_evaluates_it_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    // The engine's own bounds do not see the width of a number.
    let text = "package cattleguard.t.hungry_test\n\ntest_wide if count(sprintf(\"%02000000000d\", [1])) > 0\n";
    std::fs::write(folder.path().join("hungry_test.rego"), text).unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_cattleguard-sim"))
        .args(["policy", "test"])
        .arg(folder.path())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(78), "{told}");
    assert!(told.contains("wanted more than 2048 MiB of memory") && told.contains("hint: "), "{told}");
}
