//! The built program as a process: streams, signals, leases, and being killed.

mod demo;
mod ingest;
mod killed;
mod lease;
mod serve;
mod streams;

use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::TestApp;

/// What a process left behind.
pub(crate) struct Output {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// `cattleguard-sim` with a test's configuration; its own simulated world is the one of the demo.
pub(crate) fn command(app: &TestApp, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cattleguard-sim"));
    // What the caller's terminal and configuration say must not matter.
    let ours = ["CATTLEGUARD_CONFIG", "CATTLEGUARD_LOG", "CATTLEGUARD_SIM_WORLD"];
    for variable in ["NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "COLUMNS"].into_iter().chain(ours) {
        command.env_remove(variable);
    }
    command.env("LC_ALL", "C.UTF-8").env("RUST_BACKTRACE", "0").arg("-C").arg(app.path("cattleguard.toml")).args(args);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs it to its end.
pub(crate) fn sim(app: &TestApp, args: &[&str]) -> Output {
    let output = command(app, args).output().expect("the program starts");
    Output {
        code: output.status.code().expect("an exit code"),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// Starts it and lets it run; its streams go nowhere.
fn start(app: &TestApp, args: &[&str]) -> Child {
    command(app, args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts")
}

/// Waits until something holds, for at most 20 seconds.
fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what} did not happen");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// All that a stream holds.
fn rest_of(stream: impl std::io::Read) -> String {
    let mut text = String::new();
    std::io::BufReader::new(stream).read_to_string(&mut text).expect("UTF-8");
    text
}

/// SIGTERM to a process that this test started.
fn terminate(pid: u32) {
    let status = Command::new("kill").arg(pid.to_string()).status().expect("kill");
    assert!(status.success());
}

/// The world that `cattleguard-sim` simulates in every process, with its goldens in this test's state.
pub(crate) fn demo_world(setup: crate::harness::Setup) -> TestApp {
    let (cloud, clock, facts) = cattleguard::testing::scenario::demo_scenario().expect("the demo");
    let app = setup.start_in(cloud, clock, &facts);
    cattleguard::testing::scenario::mischief(app.cloud(), &facts).expect("the bad morning");
    // As the program does before it starts.
    app.minutes(15);
    app
}
