//! Policies in a process of their own: that it says what the engine says, that it is shut in, and what its death costs.

mod bad_files;
mod bad_policies;

use cattleguard::app::policy_worker::{Launch, SandboxLevel, Worker};
use cattleguard::evaluate::{Answered, Evaluator, MAX_INPUT_BYTES, PolicySet, PolicySource, shipped};
use cattleguard::types::{PolicyOutcome, PolicyResult};
use serde_json::{Value, json};

/// The built program as a worker.
fn launch() -> Launch {
    Launch::of(env!("CARGO_BIN_EXE_cattleguard-sim"))
}

/// A policy that is harmless, and one that is not when the input says so.
fn sources(bad_body: &str) -> Vec<PolicySource> {
    let good =
        "package cattleguard.t.good\n\nviolation contains {\"id\": \"G-1\", \"msg\": \"seen\"} if input.n >= 0\n";
    let bad =
        format!("package cattleguard.t.bad\n\nviolation contains \"bad\" if {{\n\tinput.poison\n\t{bad_body}\n}}\n");
    vec![PolicySource::new("good.rego", good), PolicySource::new("bad.rego", bad)]
}

fn worker(bad_body: &str, launch: Launch) -> Worker {
    Worker::start(launch, sources(bad_body), Value::Null).expect("a worker")
}

/// Asks about that many inputs, of which those are poison; the results by number.
fn ask(worker: &mut Worker, count: usize, poison: &[usize]) -> Vec<Vec<PolicyResult>> {
    let mut results = vec![Vec::new(); count];
    let mut questions = worker.questions(|n: usize, answered: Answered| results[n] = answered.policies);
    for n in 0..count {
        questions.ask(n, json!({"n": n, "poison": poison.contains(&n)}).to_string());
    }
    questions.finish();
    results
}

fn outcomes(results: &[PolicyResult]) -> Vec<(&str, PolicyOutcome)> {
    results.iter().map(|result| (result.policy.rsplit('.').next().unwrap(), result.outcome)).collect()
}

const HARMLESS: [(&str, PolicyOutcome); 2] = [("bad", PolicyOutcome::Pass), ("good", PolicyOutcome::Violation)];

#[test]
fn a_worker_says_what_the_engine_says() {
    let mut worker = Worker::start(launch(), shipped(), Value::Null).expect("a worker");
    let set = PolicySet::compile(shipped(), Value::Null).unwrap();
    assert_eq!((worker.digest(), worker.packages()), (set.digest(), set.packages()));
    let inputs: Vec<Value> = (0..150)
        .map(|n| {
            let finding = json!({"id": format!("f-{n}"), "code": "event-interactive-session", "severity": "high",
                "status": "open", "summary": "s", "attribution": []});
            let findings = if n % 3 == 0 { json!([finding]) } else { json!([]) };
            json!({"instance": {"id": format!("i-{n}")}, "drift": {"findings": findings, "verdict": "drifted"}})
        })
        .collect();
    let mut said = vec![Vec::new(); inputs.len()];
    let mut questions = worker.questions(|n: usize, answered: Answered| said[n] = answered.policies);
    inputs.iter().enumerate().for_each(|(n, input)| questions.ask(n, input.to_string()));
    questions.finish();
    let mut evaluator = Evaluator::new(&set);
    for (input, said) in inputs.iter().zip(said) {
        assert_eq!(said, evaluator.results(input), "{input}");
    }
    assert_eq!(worker.deaths(), 0);
}

#[test]
fn a_worker_is_shut_in_as_far_as_this_kernel_can() {
    let level: SandboxLevel = Worker::probe(&launch()).expect("a level");
    let words = level.to_string();
    assert!(words.starts_with("a process of their own; limits full, seccomp full"), "{words} {:?}", level.notes);
}

#[test]
fn one_bad_input_costs_its_own_policy_and_nothing_else() {
    let mut worker = worker("count(sprintf(\"%02000000000d\", [input.n])) > 0", launch());
    let results = ask(&mut worker, 100, &[37]);
    for (n, result) in results.iter().enumerate().filter(|(n, _)| *n != 37) {
        assert_eq!(outcomes(result), HARMLESS, "{n}");
    }
    assert_eq!(outcomes(&results[37]), [("bad", PolicyOutcome::Error), ("good", PolicyOutcome::Violation)]);
    let error = results[37][0].error.as_deref().unwrap();
    assert!(error.contains("MiB of memory"), "{error}");
    assert_eq!(worker.deaths(), 3, "in company, alone, and policy by policy");
    worker.forgive();
    assert_eq!(outcomes(&ask(&mut worker, 1, &[])[0]), HARMLESS, "it is started again");
}

#[test]
fn a_policy_that_kills_on_every_input_is_set_aside_and_the_others_go_on() {
    let mut worker = worker("count(sprintf(\"%02000000000d\", [input.n])) > 0", launch());
    let all: Vec<usize> = (0..200).collect();
    let results = ask(&mut worker, 200, &all);
    for (n, result) in results.iter().enumerate() {
        assert_eq!(outcomes(result), [("bad", PolicyOutcome::Error), ("good", PolicyOutcome::Violation)], "{n}");
    }
    let last = results[199][0].error.as_deref().unwrap_or_default();
    assert!(last.contains("ended the process for policies 3 times before"), "{last}");
    assert!(worker.deaths() <= 9, "{}", worker.deaths());
    worker.forgive();
    assert_eq!(outcomes(&ask(&mut worker, 1, &[])[0]), HARMLESS, "another scan asks it again");
}

#[test]
fn too_many_deaths_end_evaluation_and_are_never_a_pass() {
    let mut worker = worker("count(sprintf(\"%02000000000d\", [input.n])) > 0", Launch { max_deaths: 5, ..launch() });
    let all: Vec<usize> = (0..80).collect();
    let results = ask(&mut worker, 80, &all);
    assert!(worker.deaths() <= 6, "{}", worker.deaths());
    for result in &results {
        assert_eq!(result[0].outcome, PolicyOutcome::Error, "{result:?}");
    }
    let last = results[79][1].error.as_deref().unwrap_or_default();
    assert!(last.contains("had died"), "{last}");
}

#[test]
fn a_policy_that_does_not_end_is_stopped_by_the_engine() {
    let text = "package cattleguard.t.loop\n\nviolation contains \"x\" if {\n\tsome a in input.l\n\tsome b in input.l\n\t\
                some c in input.l\n\tsome d in input.l\n\ta + b + c + d == -1\n}\n";
    let sources = vec![PolicySource::new("loop.rego", text)];
    let mut worker = Worker::start(launch(), sources, Value::Null).expect("a worker");
    let mut said = Vec::new();
    let mut questions = worker.questions(|(), answered: Answered| said.push(answered));
    let list: Vec<u32> = (0..500).collect();
    questions.ask((), json!({"l": list}).to_string());
    questions.ask((), json!({"l": [1]}).to_string());
    questions.finish();
    assert_eq!(said[0].policies[0].outcome, PolicyOutcome::Error);
    assert!(said[0].policies[0].error.as_ref().unwrap().contains("time"), "{:?}", said[0]);
    assert_eq!((said[1].policies[0].outcome, worker.deaths()), (PolicyOutcome::Pass, 0));
}

#[test]
fn an_input_that_is_too_large_is_an_error_and_not_sent() {
    let mut worker = worker("true", launch());
    let mut said = Vec::new();
    let mut questions = worker.questions(|(), answered: Answered| said.push(answered));
    questions.ask((), format!("{{\"n\": 1, \"text\": \"{}\"}}", "x".repeat(50 * 1024 * 1024)));
    questions.ask((), format!("{{\"n\": 1, \"text\": \"{}\"}}", "x".repeat(MAX_INPUT_BYTES - 100)));
    questions.ask((), "{\"n\": 1, ".to_owned());
    questions.finish();
    assert!(said[0].policies[0].error.as_ref().unwrap().contains("more than"), "{:?}", said[0].policies[0].error);
    assert_eq!(outcomes(&said[1].policies), HARMLESS);
    let broken: Vec<_> = said[2].policies.iter().map(|result| result.outcome).collect();
    assert_eq!(broken, [PolicyOutcome::Error; 2]);
    assert_eq!(worker.deaths(), 0);
}
