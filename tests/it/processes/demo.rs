//! `cattleguard-sim demo`, and going on in the world that it leaves.

use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use cattleguard::testing::{AccountEntry, By, Change, SimWorld};
use tempfile::TempDir;

use super::{Output, eventually};
use crate::harness::{FAILED, HELD, OK, PARTIAL, UNAVAILABLE, USAGE};

/// `abort` raises it.
const SIGABRT: i32 = 6;

/// The program with everything temporary in this folder, and nothing of the caller's environment.
fn sim(temporary: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cattleguard-sim"));
    command.env_clear().env("TMPDIR", temporary).env("LC_ALL", "C.UTF-8").env("USER", "tester");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn ended(command: &mut Command) -> (ExitStatus, Output) {
    let output = command.output().expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    let code = output.status.code().unwrap_or(-1);
    (output.status, Output { code, stdout: text(output.stdout), stderr: text(output.stderr) })
}

fn left_in(folder: &TempDir) -> Vec<String> {
    let entries = std::fs::read_dir(folder.path()).expect("the folder");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

/// What the enforcer has launched in a world, by the account's own log.
fn launches(world: &Path) -> Vec<AccountEntry> {
    let mut log = SimWorld::open(world).expect("the world").cloud.log();
    log.retain(|entry| matches!((&entry.by, &entry.change), (By::Enforcer(_), Change::Launched { .. })));
    log
}

#[test]
fn the_demo_plays_to_its_end_and_leaves_nothing() {
    let temporary = tempfile::tempdir().expect("a folder");
    let (_, output) = ended(sim(temporary.path()).arg("demo"));
    let text = &output.stdout;
    assert_eq!(output.code, OK, "{text}\n{}", output.stderr);
    for words in [
        "alice@example.com",
        "dave@example.com",
        "openssl-libs",
        "not managed by SSM",
        "7 Slack messages and 7 webhooks arrived, 7 signatures verified.",
        "$ CATTLEGUARD_FAILPOINT=launch-in-group:after cattleguard-sim enforce\nkilled: SIGABRT",
        "launch-in-group web-1 done, begun",
        "quarantine done",
        "ok: ",
        "Exactly one replacement exists",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains('\u{1b}') && !output.stderr.contains('\u{1b}'), "no colours where there is no terminal");
    // ARNs stay whole.
    let long = text.lines().filter(|line| line.chars().count() > 110 && !line.contains("arn:")).collect::<Vec<_>>();
    assert!(long.is_empty(), "{long:#?}");
    assert_eq!(left_in(&temporary), Vec::<String>::new());
}

#[test]
fn a_kept_world_can_be_gone_on_in_by_processes_that_die() {
    let temporary = tempfile::tempdir().expect("a folder");
    let world = temporary.path().join("world");
    let (_, output) = ended(sim(temporary.path()).args(["demo", "--keep"]).arg(&world));
    assert_eq!(output.code, OK, "{}", output.stderr);
    assert!(output.stdout.contains("export CATTLEGUARD_SIM_WORLD="));
    assert_eq!(launches(&world).len(), 1);
    let run = |args: &[&str]| ended(sim(temporary.path()).arg("--world").arg(&world).args(args)).1;

    // The budget rests after each operation.
    assert_eq!(run(&["world", "wait", "30m"]).code, OK);
    let (status, _) = ended(
        sim(temporary.path())
            .env("CATTLEGUARD_SIM_WORLD", &world)
            .env("CATTLEGUARD_FAILPOINT", "launch:after")
            .arg("enforce"),
    );
    assert_eq!(status.signal(), Some(SIGABRT), "it really died: {status}");
    assert_eq!(launches(&world).len(), 2, "and in the middle");
    let refused = run(&["enforce"]);
    assert_eq!(refused.code, UNAVAILABLE, "its lease outlives it");
    assert!(refused.stderr.contains("holds the lease"), "{}", refused.stderr);
    assert_eq!(run(&["world", "wait", "2m"]).stdout.lines().count(), 1);
    let resumed = run(&["enforce"]);
    assert_eq!(resumed.code, HELD, "{}", resumed.stderr);
    let launched = launches(&world);
    assert_eq!(launched.len(), 2, "nothing is launched twice");
    assert!(resumed.stdout.contains(launched[1].instance.as_str()), "{}", resumed.stdout);
    let log = run(&["world", "log", "--enforcer", "--launches"]);
    assert!(log.stdout.ends_with("2 changes\n"), "{}", log.stdout);
    let logs = temporary.path().join("logs");
    let logs = logs.to_str().expect("UTF-8");
    assert_eq!(run(&["world", "trail", logs]).code, OK);
    let read = run(&["-o", "ndjson", "ingest", logs]);
    assert!(read.code == OK && read.stdout.contains("\"event_name\":\"StartSession\""), "{}", read.stderr);
    let stored = run(&["-q", "ingest", "--store", logs]);
    assert_eq!(stored.code, OK, "{}", stored.stderr);
    let verified = run(&["trail", "verify", logs]);
    assert_eq!(verified.code, OK, "{}{}", verified.stdout, verified.stderr);
    assert_eq!(run(&["audit", "verify"]).code, OK);
    assert_eq!(run(&["scan"]).code, PARTIAL);
    let findings = run(&["-o", "json", "findings", "list"]).stdout;
    assert!(
        findings.contains("alice@example.com") && !findings.contains("/op-"),
        "our own calls are no changes: {findings}"
    );
}

/// A world in which `enforce` was killed before it could launch the replacement.
fn died_before_its_launch(folder: &Path) -> PathBuf {
    let world = folder.join("world");
    assert_eq!(ended(sim(folder).args(["demo", "--keep"]).arg(&world)).1.code, OK);
    let waited = ended(sim(folder).arg("--world").arg(&world).args(["world", "wait", "30m"])).1;
    assert_eq!(waited.code, OK);
    let mut dying = sim(folder);
    dying.env("CATTLEGUARD_SIM_WORLD", &world).env("CATTLEGUARD_FAILPOINT", "launch:before").arg("enforce");
    assert_eq!(ended(&mut dying).0.signal(), Some(SIGABRT));
    world
}

/// Whoever dies before the launch goes on by a decision that may be old: what was revoked since is not launched.
#[test]
fn a_golden_that_was_revoked_meanwhile_is_not_launched_by_who_goes_on() {
    let temporary = tempfile::tempdir().expect("a folder");
    let world = died_before_its_launch(temporary.path());
    let run = |args: &[&str]| ended(sim(temporary.path()).arg("--world").arg(&world).args(args)).1;
    assert_eq!(launches(&world).len(), 1, "before it could launch");
    assert_eq!(run(&["golden", "revoke", "web@1", "--reason", "a backdoor"]).code, OK);
    assert_eq!(run(&["world", "wait", "5m"]).code, OK);
    let resumed = run(&["enforce"]);
    assert!(resumed.stdout.contains("web@1 was revoked meanwhile"), "{}{}", resumed.stdout, resumed.stderr);
    assert!(resumed.stdout.contains("rolled-back"), "{}", resumed.stdout);
    assert_eq!(launches(&world).len(), 1, "nothing was launched from it");
}

/// Whoever cuts a server off at night must not wait until others have been launched, drained and baked.
#[test]
fn containing_by_hand_waits_for_no_operation_on_another_server() {
    let temporary = tempfile::tempdir().expect("a folder");
    let world = died_before_its_launch(temporary.path());
    let run = |args: &[&str]| ended(sim(temporary.path()).arg("--world").arg(&world).args(args)).1;
    assert_eq!(run(&["world", "wait", "5m"]).code, OK);
    let servers = run(&["report", "csv", "--table", "instances"]).stdout;
    let well = servers.lines().find(|line| line.contains(",web,web@1,") && line.contains(",clean,"));
    let other = well.and_then(|line| line.split(',').next()).expect("a clean server");
    let contained = run(&["quarantine", other, "--contain-first", "--override", "INC-42"]);
    assert_eq!(contained.code, OK, "{}{}", contained.stdout, contained.stderr);
    assert!(contained.stdout.contains(&format!("quarantine {other}")), "{}", contained.stdout);
    assert_eq!(launches(&world).len(), 1, "the replacement of another server was gone on with first");
    let waiting = run(&["operations", "list"]);
    assert!(waiting.stdout.contains("running"), "{}", waiting.stdout);
    assert!(waiting.stderr.contains(&format!("{other} is in quarantine")), "{}", waiting.stderr);
    run(&["enforce"]);
    assert_eq!(launches(&world).len(), 2, "the next run goes on with it");
}

#[test]
fn a_world_is_there_and_belongs_to_one_process() {
    let temporary = tempfile::tempdir().expect("a folder");
    let folder = temporary.path();
    let (_, nowhere) = ended(sim(folder).args(["--world", "/nowhere", "scan"]));
    assert_eq!(nowhere.code, USAGE);
    assert!(nowhere.stderr.contains("demo --keep /nowhere"), "{}", nowhere.stderr);
    assert_eq!(ended(sim(folder).args(["world", "log"])).1.code, USAGE);
    assert_eq!(ended(sim(folder).args(["demo", "--keep"]).arg(folder)).1.code, USAGE, "the folder exists");

    SimWorld::create(folder).expect("a world");
    let open = SimWorld::open(folder).expect("the world");
    let waiting = || ended(sim(folder).arg("--world").arg(folder).args(["world", "wait", "1m"])).1;
    assert_eq!(waiting().code, UNAVAILABLE);
    drop(open);
    assert_eq!(waiting().stdout, "it is 2026-11-02 09:01:00Z\n");
    assert_eq!(waiting().stdout, "it is 2026-11-02 09:02:00Z\n");
}

#[test]
fn a_demo_that_cannot_have_its_folder_says_where() {
    let temporary = tempfile::tempdir().expect("a folder");
    let nowhere = temporary.path().join("nothing");
    let (_, output) = ended(sim(&nowhere).arg("demo"));
    assert_eq!((output.code, output.stdout.as_str()), (FAILED, ""));
    assert!(
        output.stderr.contains("nothing/cattleguard-demo-") && output.stderr.contains("TMPDIR"),
        "{}",
        output.stderr
    );
}

#[test]
fn a_demo_that_is_stopped_leaves_neither_processes_nor_folders() {
    let temporary = tempfile::tempdir().expect("a folder");
    let mut child = sim(temporary.path()).arg("demo").stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it");
    // It is under way once its commands have written a state.
    let state =
        || left_in(&temporary).first().is_some_and(|name| temporary.path().join(name).join("state.db").exists());
    eventually("the first command", state);
    let children = children_of(child.id());
    super::terminate(child.id());
    assert_eq!(child.wait().expect("an end").code(), Some(143));
    assert_eq!(left_in(&temporary), Vec::<String>::new());
    for process in children {
        assert!(!Path::new(&format!("/proc/{process}")).exists(), "{process} is left");
    }
}

#[test]
fn what_a_killed_demo_left_is_removed_by_the_next() {
    let temporary = tempfile::tempdir().expect("a folder");
    let folder = |name: &str, age: u64| {
        let path = temporary.path().join(name);
        std::fs::create_dir(&path).expect("a folder");
        let then = std::time::SystemTime::now() - std::time::Duration::from_secs(age);
        std::fs::File::open(&path).and_then(|file| file.set_modified(then)).expect("its age");
        path
    };
    let (_left, _new) = (folder("cattleguard-demo-1", 3600), folder("cattleguard-demo-2", 5));
    let _other = folder("someone-else", 3600);
    let held = std::fs::File::open(folder("cattleguard-demo-3", 3600)).expect("the folder of a demo that runs");
    held.lock().expect("held");
    // It ends at once, because nobody reads what it shows.
    let mut child = sim(temporary.path()).arg("demo").spawn().expect("it starts");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("an end").code(), Some(FAILED));
    let mut left = left_in(&temporary);
    left.sort();
    assert_eq!(left, ["cattleguard-demo-2", "cattleguard-demo-3", "someone-else"]);
}

/// The processes that a process has started and that still run.
fn children_of(process: u32) -> Vec<String> {
    let list = std::fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    list.split_whitespace().map(str::to_owned).collect()
}
