//! Runs the built `cattleguard` as a user would.

use std::process::{Command, Output};

/// Runs the command to its end with these arguments and no environment but `PATH` and what is given.
pub(crate) fn run_cattleguard(args: &[&str], env: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cattleguard"))
        .args(args)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(env.iter().copied())
        .output()
        .unwrap()
}

/// The binary is there and starts.
#[test]
fn the_binary_starts() {
    let output = run_cattleguard(&["--help"], &[]);
    assert!(output.status.success(), "{output:?}");
}
