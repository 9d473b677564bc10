//! `store`: what an operator does with the state file.

use crate::harness::{FAILED, OK, Setup, array, small, text};

#[test]
fn a_backup_is_a_state_that_the_program_reads() {
    let app = Setup::new(small()).start();
    app.settle();
    app.scan();
    let copy = app.path("copy.db");
    let name = copy.display().to_string();
    assert_eq!(app.run(&["store", "backup", &name]), OK);
    assert_eq!(app.run(&["store", "backup", &name]), FAILED, "a backup never replaces a file");
    app.reconfigure(|config| config.replace("state.db", "copy.db"));
    let (code, verified) = app.json(&["store", "verify"]);
    assert_eq!((code, &verified["ok"]), (OK, &true.into()));
    let (_, stats) = app.json(&["store", "stats"]);
    assert!(array(&stats, "tables").iter().any(|table| text(table, "name") == "instance"), "{stats:#}");
}

#[test]
fn what_prune_would_delete_is_what_it_deletes() {
    let app = Setup::new(small()).start();
    app.settle();
    app.scan();
    app.minutes(60 * 24 * 120);
    app.settle();
    let (_, told) = app.json(&["store", "prune", "--dry-run"]);
    let (_, again) = app.json(&["store", "prune", "--dry-run"]);
    assert_eq!(told, again, "a preview changes nothing");
    let (_, done) = app.json(&["store", "prune"]);
    assert_eq!(done["rows"], told["rows"]);
    let (_, left) = app.json(&["store", "prune", "--dry-run"]);
    assert_eq!(left["rows"], 0);
}
