//! The `cattleguard` command: the application over AWS.

use std::process::ExitCode;

/// Policies are evaluated a quarter faster than with the allocator of the C library, and records are read faster.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let code = cattleguard::app::run(Box::new(cattleguard::app::AwsBackend::default()), std::env::args_os().collect());
    ExitCode::from(u8::try_from(code).unwrap_or(70))
}
