//! Wrong configurations and wrong command lines.

use std::fs;

use crate::harness::{CONFIG, FAILED, OK, Setup, USAGE, small};
use crate::processes::sim;

#[test]
fn everything_that_is_wrong_is_said_at_once_with_its_place() {
    let app = Setup::new(small()).start_unrecorded();
    app.write(
        "cattleguard.toml",
        "mod = \"observe\"\n\n[[account]]\nid = 12\nregions = [\"eu-west-1\"]\n\n[[fleet]]\nname = \"web\"\n\
         select = { tags = { app = \"web\" } }\ngolden = \"web\"\nbudgt = { count = 1 }\n\n[[fleet]]\nname = \"web\"\n\
         select = { tags = { app = \"web\" } }\ngolden = \"web\"\n\n[schedule]\ncron = \"every minute\"\n",
    );
    let output = sim(&app, &["scan"]);
    assert_eq!((output.code, output.stdout.as_str()), (CONFIG, ""));
    for part in [
        "cattleguard.toml:1:",
        "cattleguard.toml:4:",
        "cattleguard.toml:11:",
        "cattleguard.toml:14:",
        "cattleguard.toml:19:",
        "mode",
        "budget",
    ] {
        assert!(output.stderr.contains(part), "{part} is missing:\n{}", output.stderr);
    }
    assert_eq!(sim(&app, &["config", "check"]).code, CONFIG);
    assert!(!app.path("state.db").exists(), "nothing was begun");
}

#[test]
fn a_file_that_is_not_there_or_no_toml_is_a_configuration_error() {
    let app = Setup::new(small()).start_unrecorded();
    app.write("cattleguard.toml", "mode = \"observe");
    assert_eq!(app.run(&["scan"]), CONFIG);
    fs::remove_file(app.path("cattleguard.toml")).unwrap();
    let output = sim(&app, &["scan"]);
    assert_eq!(output.code, CONFIG);
    assert!(
        output.stderr.contains("cattleguard.toml") && output.stderr.contains("cattleguard init"),
        "{}",
        output.stderr
    );
}

#[test]
fn accounts_that_are_not_simulated_are_refused_by_the_simulator() {
    let app = Setup::new(small()).start_unrecorded();
    app.reconfigure(|text| text.replace("000000000000", "123456789012"));
    assert_eq!(app.run(&["scan"]), CONFIG);
}

#[test]
fn wrong_command_lines_exit_64() {
    let app = Setup::new(small()).start();
    let lines: [&[&str]; 10] = [
        &["scan", "--fleet", "nope"],
        &["scan", "--region", "mars-1"],
        &["scan", "--account", "999999999999"],
        &["scan", "--fail-on", "dire"],
        &["scan", "--since", "soon"],
        &["golden", "show", "web"],
        &["pause"],
        &["pause", "--fleet", "nope", "--reason", "r"],
        &["exceptions", "add", "--reason", "r", "--ticket", "T", "--approver", "a", "--expires", "1d"],
        &["frobnicate"],
    ];
    for line in lines {
        assert_eq!(app.run(line), USAGE, "{line:?}");
    }
    assert_eq!(app.run(&["scan", "--help"]), OK);
}

#[test]
fn reading_commands_say_that_nothing_was_scanned_yet() {
    let app = Setup::new(small()).start();
    for line in [&["findings", "list"][..], &["plan"], &["pets"], &["explain", "i-0123456789abcdef0"]] {
        assert_eq!(app.run(line), FAILED, "{line:?}");
    }
}

#[test]
fn values_in_force_are_shown_with_where_they_come_from() {
    let app = Setup::new(small()).fleet("budget = { count = 3 }").start_unrecorded();
    let (code, text) = app.text("table", &["config", "show", "--origin"]);
    assert_eq!(code, OK);
    for part in ["fleet.web.budget.count = 3", "cattleguard.toml:", "collect.lookback = \"24h\"", "default"] {
        assert!(text.contains(part), "{part} is missing:\n{text}");
    }
    let output = crate::processes::command(&app, &["config", "show", "--origin"])
        .env("CATTLEGUARD__FLEET__WEB__BUDGET__COUNT", "5")
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(shown.contains("fleet.web.budget.count = 5") && shown.contains("CATTLEGUARD__FLEET__WEB__BUDGET__COUNT"));
    let unknown = crate::processes::command(&app, &["config", "check"]).env("CATTLEGUARD__MOOD", "x").output().unwrap();
    assert_eq!(unknown.status.code(), Some(CONFIG), "a variable that sets nothing is a mistake");
}

#[test]
fn init_writes_what_the_loader_accepts_and_a_scan_can_use() {
    let app = Setup::new(small()).start_unrecorded();
    fs::remove_file(app.path("cattleguard.toml")).unwrap();
    let (state, policy) = (app.path("state.db"), app.path("policy.json"));
    let args = ["init", "--account", "000000000000", "--region", "eu-west-1", "--fleet", "web"];
    let files = ["--state", state.to_str().unwrap(), "--policy-out", policy.to_str().unwrap()];
    assert_eq!(app.run(&[&args[..], &files].concat()), OK);
    assert_eq!(app.run(&["config", "check"]), OK);
    app.record("1");
    assert_eq!(app.scan().code, OK);
    let document: serde_json::Value = serde_json::from_str(&fs::read_to_string(policy).unwrap()).unwrap();
    assert_eq!(document["Version"], "2012-10-17");
    assert_eq!(app.run(&args), FAILED, "nothing is overwritten");
}

#[test]
fn completions_and_manual_pages_are_printed() {
    let app = Setup::new(small()).start_unrecorded();
    for shell in ["bash", "zsh", "fish"] {
        let output = sim(&app, &["completion", shell]);
        assert_eq!(output.code, OK);
        assert!(output.stdout.contains("exceptions"), "{shell}");
    }
    let man = sim(&app, &["man"]);
    assert!(man.code == OK && man.stdout.starts_with(".ie") || man.stdout.contains(".TH"), "{}", man.stdout);
    let folder = app.path("man");
    assert_eq!(sim(&app, &["man", "--dir", folder.to_str().unwrap()]).code, OK);
    assert!(fs::read_dir(&folder).unwrap().count() > 10);
}
