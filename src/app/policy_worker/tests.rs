//! Programs that are no workers. Those of the built program are in `tests/it/policy_worker`.

use std::time::Duration;

use serde_json::Value;

use super::{Death, Launch, LoadError, Worker};
use crate::evaluate::PolicySource;

fn launch(program: &str, args: &[&str]) -> Launch {
    let args = args.iter().map(Into::into).collect();
    Launch { program: program.into(), args, patience: Duration::from_millis(200), max_deaths: 3 }
}

fn start(launch: Launch) -> LoadError {
    let source = PolicySource::new("p.rego", "package cattleguard.p\n\nviolation contains \"x\" if false\n");
    Worker::start(launch, vec![source], Value::Null).err().expect("it is no worker")
}

#[test]
fn a_program_that_says_nothing_is_given_up() {
    let error = start(launch("/bin/sleep", &["60"]));
    assert!(matches!(error, LoadError::Early(Death::Silent(_))), "{error}");
}

#[test]
fn a_program_that_says_something_else_is_not_believed() {
    let error = start(launch("/bin/echo", &["{\"packages\": []}"]));
    assert!(matches!(error, LoadError::Early(Death::Nonsense(_))), "{error}");
    // A frame of a kind that comes later.
    let error = start(launch("/usr/bin/printf", &["\\003\\002\\000\\000\\000{}"]));
    assert!(matches!(&error, LoadError::Early(Death::Nonsense(what)) if what.contains("Loaded")), "{error}");
}

#[test]
fn a_program_that_ends_tells_how() {
    let error = start(launch("/bin/sh", &["-c", "echo broken >&2; exit 3"]));
    assert_eq!(error.to_string(), "the process for policies ended with exit code 3: broken before it was given any");
    let error = start(launch("/nonexistent/program", &[]));
    assert!(matches!(error, LoadError::Start(_)), "{error}");
    assert!(matches!(Worker::probe(&launch("/bin/true", &[])), Err(LoadError::Early(_))));
}
