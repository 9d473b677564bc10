//! The matrix, quick, and that nothing is missing in it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;

use regex::Regex;

use super::run::{Options, Outcome, run};

/// Played once for all tests.
fn outcome() -> &'static Outcome {
    static OUTCOME: OnceLock<Outcome> = OnceLock::new();
    let jobs = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(4);
    OUTCOME.get_or_init(|| run(&Options { quick: true, only: None, jobs }, &|_| {}))
}

fn failed(outcome: &Outcome) -> String {
    let each = outcome.failed.iter().map(|failed| format!("{}: {}", failed.cell, failed.problems.join("; ")));
    each.collect::<Vec<_>>().join("\n")
}

#[test]
fn every_cell_keeps_every_promise() {
    let outcome = outcome();
    assert!(outcome.failed.is_empty(), "`cattleguard-sim cell NAME -v` shows one of them:\n{}", failed(outcome));
    assert!(outcome.cells > 3000, "{} cells", outcome.cells);
    // A run in which everything passes, or nothing is ever undone, proves nothing.
    for end in
        ["done then done", "rolled-back then rolled-back", "needs-human then rolled-back", "needs-human then done"]
    {
        assert!(outcome.ends.get(end).is_some_and(|count| *count >= 50), "{end}: {:?}", outcome.ends);
    }
}

#[test]
fn the_scenes_have_every_step_that_there_is_and_undo_every_one_that_can_be() {
    let outcome = outcome();
    let written = names_in_the_sequences();
    let missing = |wanted: &BTreeSet<String>, there: &BTreeSet<String>| -> Vec<String> {
        wanted.difference(there).cloned().collect()
    };
    assert_eq!(
        missing(&written, &outcome.laid),
        Vec::<String>::new(),
        "steps that a sequence can lay out and that no scene has: give a server in `scene.rs` what the step is there for"
    );
    assert_eq!(
        missing(&outcome.undoable, &outcome.undone),
        Vec::<String>::new(),
        "steps that can be undone and that no scene undoes"
    );
    assert_eq!(
        missing(&outcome.releasing, &outcome.laid),
        Vec::<String>::new(),
        "what a quarantine does and no scene's release undoes"
    );
    let mut known = written;
    known.extend(outcome.releasing.iter().cloned());
    assert_eq!(
        missing(&outcome.laid, &known),
        Vec::<String>::new(),
        "steps whose names are not found in `src/remediate/sequence`: `names_in_the_sequences` has to learn how they are written"
    );
}

/// The names of steps as they are written in the sequences.
fn names_in_the_sequences() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/remediate/sequence");
    let step = Regex::new(r"Step::(?:call|wait|collect|nothing)\(").unwrap();
    let named =
        Regex::new(r#"(?-u)(?:Step::(?:call|wait|collect|nothing)|\b(?:re)?mark)\(\s*(laid,\s*)?"([a-z0-9-]+)""#)
            .unwrap();
    let mut names = BTreeSet::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        names.extend(named.captures_iter(&text).map(|found| found[2].to_owned()));
        let unnamed =
            step.find_iter(&text).count() - named.captures_iter(&text).filter(|found| found.get(1).is_none()).count();
        // A release names its steps after those that it undoes; `mark` and `remark` get the name from their callers.
        let known = match path.file_name().and_then(|name| name.to_str()) {
            Some("release.rs" | "mod.rs") => 2,
            // What outlives an instance is taken away under the name that its release would have.
            Some("outliving.rs") => 1,
            _ => 0,
        };
        assert_eq!(unnamed, known, "steps in {} whose names are not written out where they are made", path.display());
    }
    assert!(names.len() > 50, "{names:?}");
    names
}
