//! The `cattleguard` command: the application over AWS.

use std::process::ExitCode;

fn main() -> ExitCode {
    let code = cattleguard::app::run(Box::new(cattleguard::app::AwsBackend::default()), std::env::args_os().collect());
    ExitCode::from(u8::try_from(code).unwrap_or(70))
}
