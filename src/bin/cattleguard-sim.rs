//! `cattleguard-sim`: the same application over a simulated account with a virtual clock.
//!
//! `cattleguard-sim demo` plays the main job end to end. Every other command is the one of `cattleguard`, over the
//! demo's accounts 000000000000 and 000000000001 as they are after its bad morning.

use std::process::ExitCode;

use cattleguard::app::{self, demo};

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args_os().collect();
    let code = if args.get(1).is_some_and(|arg| arg == "demo") { demo::run() } else { demo::run_command(args) };
    ExitCode::from(u8::try_from(code).unwrap_or(app::Exit::Bug.code()))
}
