//! `cattleguard-sim`: the same application over a simulated account with a virtual clock.
//!
//! `cattleguard-sim demo` plays the main job end to end. `cattleguard-sim histories` plays random histories and judges
//! them by the account's own log; `cattleguard-sim history SEED -v` shows one of them. `cattleguard-sim matrix` plays
//! everything that can go wrong at every step of every operation; `cattleguard-sim cell NAME -v` shows one of these.
//! Every other command is the one of `cattleguard`, over the demo's accounts 000000000000 and 000000000001 as they are
//! after its bad morning.

use std::process::ExitCode;

use cattleguard::app::{self, demo, histories, matrix};

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args_os().collect();
    let first = args.get(1).and_then(|arg| arg.to_str());
    let code = match first {
        Some("demo") => demo::run(),
        Some("histories" | "history") => histories::run(args),
        Some("matrix" | "cell") => matrix::run(args),
        _ => demo::run_command(args),
    };
    ExitCode::from(u8::try_from(code).unwrap_or(app::Exit::Bug.code()))
}
