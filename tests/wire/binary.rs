//! Runs the built `cattleguard` as a user would.

use std::process::{Command, Output};

/// The command with these arguments and no environment but `PATH` and what is given.
pub(crate) fn cattleguard(args: &[&str], env: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cattleguard"));
    command
        .args(args)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(env.iter().copied());
    command
}

/// Runs it to its end.
pub(crate) fn run_cattleguard(args: &[&str], env: &[(&str, &str)]) -> Output {
    cattleguard(args, env).output().unwrap()
}

/// The binary is there and starts.
#[test]
fn the_binary_starts() {
    let output = run_cattleguard(&["--help"], &[]);
    assert!(output.status.success(), "{output:?}");
}
