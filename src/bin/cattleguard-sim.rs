//! `cattleguard-sim`: the same application over simulated accounts with a virtual clock.
//!
//! `cattleguard-sim demo` plays the main job end to end. `cattleguard-sim histories` plays random histories and judges
//! them by the account's own log; `cattleguard-sim history SEED -v` shows one of them. Every other command is the one of
//! `cattleguard`, over the accounts 000000000000 and 000000000001: those of the folder that `--world DIR` names, or else
//! the demo's as they are after its bad morning.

use std::process::ExitCode;

use cattleguard::app;

/// Policies are evaluated a quarter faster than with the allocator of the C library, and records are read faster.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args_os().collect();
    let code = app::policy_bounds::run(&args).unwrap_or_else(|| app::sim::run(args));
    ExitCode::from(u8::try_from(code).unwrap_or(app::Exit::Bug.code()))
}
