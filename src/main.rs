//! The `cattleguard` command: the application over AWS.

use std::process::ExitCode;

use cattleguard::app;

/// Policies are evaluated a quarter faster than with the allocator of the C library, and records are read faster.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args_os().collect();
    let code = app::policy_bounds::run(&args).unwrap_or_else(|| app::run(Box::new(app::AwsBackend::default()), args));
    ExitCode::from(u8::try_from(code).unwrap_or(70))
}
