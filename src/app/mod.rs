//! The application: command line, configuration, commands, and how the process ends.
//!
//! ```text
//!  args ──cli──▶ Command ──commands::dispatch──▶ Exit
//!                 Context: flags, environment, terminal, and the Backend (AWS or the simulated account)
//! ```
//!
//! Nothing is read, started or logged before the command line is parsed, so `--help` answers at once.

#[cfg(feature = "aws")]
pub mod aws_backend;
pub mod backend;
mod buttons;
pub mod cli;
pub mod commands;
pub mod config;
pub mod context;
#[cfg(feature = "testing")]
mod demo;
pub mod diag;
mod doctor;
mod enforce;
pub mod enforcing;
pub mod error;
pub mod exit;
#[cfg(feature = "testing")]
mod histories;
pub mod iam_policy;
pub mod logging;
pub mod manifest;
#[cfg(feature = "testing")]
mod matrix;
mod metrics;
pub mod operator;
pub mod output;
pub mod pipeline;
pub mod policies;
pub mod policy_bounds;
pub mod policy_bundle;
pub mod policy_data;
pub mod policy_files;
pub mod policy_stack;
pub mod policy_worker;
pub mod progress;
mod serve;
pub mod shutdown;
#[cfg(feature = "testing")]
pub mod sim;
#[cfg(feature = "testing")]
pub mod sim_backend;
mod stopwatch;
mod systemd;
pub mod table;
#[cfg(feature = "otel")]
mod telemetry;
pub mod terminal;
pub mod view;

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};

#[cfg(feature = "aws")]
pub use aws_backend::AwsBackend;
pub use backend::Backend;
pub use context::Context;
pub use enforcing::Enforcing;
pub use error::AppError;
pub use exit::Exit;
#[cfg(feature = "testing")]
pub use sim_backend::SimBackend;

/// Runs one command line and returns the process exit code.
#[expect(clippy::needless_pass_by_value, reason = "the program hands its backend over for good")]
pub fn run(backend: Box<dyn Backend>, args: Vec<OsString>) -> i32 {
    if let Some(code) = policy_worker::serve(&args) {
        return code;
    }
    let exit = match cli::parse(backend.name(), args) {
        Ok(parsed) => run_command(&*backend, parsed),
        Err(exit) => exit,
    };
    i32::from(exit.code())
}

fn run_command(backend: &dyn Backend, parsed: cli::Cli) -> Exit {
    let env = std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
        .collect();
    let cli::Cli { global, command } = parsed;
    let context = Context::new(backend, global, env);
    let decides = commands::decides(&command);
    let result = catch_unwind(AssertUnwindSafe(|| {
        let result = commands::dispatch(&context, command);
        if decides && result.is_ok() {
            pipeline::anchor_after(&context);
        }
        pipeline::keep_rest(&context);
        result
    }));
    #[cfg(feature = "otel")]
    telemetry::finish();
    match result {
        Ok(Ok(exit)) => exit,
        Ok(Err(error)) => {
            eprint!("{}", render_error(&context, &error));
            error.exit()
        }
        // The panic hook has printed where.
        Err(_) => {
            eprintln!("this is a bug in {}: please report it with the lines above", backend.name());
            Exit::Bug
        }
    }
}

/// An error as stderr shows it: the sentence, every diagnostic, the hint.
fn render_error(context: &Context<'_>, error: &AppError) -> String {
    let color = context.terminal.stderr_color;
    let mut text = String::new();
    if error.diags().is_empty() {
        let style = if color { anstyle::AnsiColor::Red.on_default().bold() } else { anstyle::Style::new() };
        let message = terminal::clean(error.message());
        text.push_str(&format!("{style}error{style:#}: {message}\n"));
    } else {
        text.push_str(&diag::render(error.diags(), color));
    }
    if let Some(hint) = error.hint() {
        text.push_str(&format!("  hint: {}\n", terminal::clean(hint)));
    }
    text
}
