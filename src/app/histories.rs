//! `cattleguard-sim histories` and `cattleguard-sim history`: random histories of the simulated account.

use std::ffi::OsString;
use std::io::{IsTerminal as _, Write as _};
use std::time::Instant;

use clap::{Args, Parser, Subcommand};

use super::Exit;
use crate::testing::histories::{self, Options, Summary};

/// How many histories pass between two signs of life.
const TOLD_EVERY: u64 = 1000;

#[derive(Parser)]
#[command(name = "cattleguard-sim", about = "Random histories of a simulated account")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Play many histories and judge each by the account's own log
    Histories(Many),
    /// Play one history again
    History(One),
}

#[derive(Args)]
struct Many {
    /// How many histories
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// The first seed
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    from: u64,
    /// How many at once
    #[arg(long, default_value_t = 1)]
    jobs: usize,
}

#[derive(Args)]
struct One {
    /// Its seed
    seed: u64,
    /// Print what happened, step by step
    #[arg(short, long)]
    verbose: bool,
}

/// Runs one of the two commands; returns the process's exit code.
pub(super) fn run(args: Vec<OsString>) -> i32 {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // What cannot be printed to a closed terminal is lost, and so is the reader.
            drop(error.print());
            return if error.use_stderr() { i32::from(Exit::Usage.code()) } else { 0 };
        }
    };
    match cli.command {
        Command::Histories(many) => many_histories(&many),
        Command::History(one) => one_history(&one),
    }
}

fn many_histories(many: &Many) -> i32 {
    let begun = Instant::now();
    let live = std::io::stderr().is_terminal();
    let told = |done: u64| {
        if done.is_multiple_of(TOLD_EVERY) {
            let end = if live { "\r" } else { "\n" };
            drop(write!(std::io::stderr(), "{done} of {} histories{end}", many.seeds));
        }
    };
    let summary = histories::run(Options { from: many.from, seeds: many.seeds, jobs: many.jobs }, &told);
    let seconds = begun.elapsed().as_secs_f64();
    let mut out = std::io::stdout().lock();
    drop(write_summary(&mut out, &summary, seconds));
    let complete = summary.tally.missing(summary.histories).is_empty();
    if summary.failure.is_none() && complete { 0 } else { i32::from(Exit::Failed.code()) }
}

fn write_summary(out: &mut impl std::io::Write, summary: &Summary, seconds: f64) -> std::io::Result<()> {
    write!(out, "{}", summary.tally)?;
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let speed = summary.histories as f64 / seconds.max(0.001);
    writeln!(out, "{} histories in {seconds:.1} s, {speed:.1} a second", summary.histories)?;
    if let Some(failure) = &summary.failure {
        writeln!(out, "seed {} failed; `cattleguard-sim history {} -v` shows how", failure.seed, failure.seed)?;
        for problem in &failure.problems {
            writeln!(out, "  {problem}")?;
        }
    }
    let missing = summary.tally.missing(summary.histories);
    if !missing.is_empty() {
        writeln!(out, "never exercised: {}", missing.join(", "))?;
    }
    Ok(())
}

fn one_history(one: &One) -> i32 {
    let mut out = std::io::stdout().lock();
    match histories::history(one.seed) {
        Ok((lines, problems)) => {
            for line in lines.iter().filter(|_| one.verbose) {
                drop(writeln!(out, "{line}"));
            }
            for problem in &problems {
                drop(writeln!(out, "violated: {problem}"));
            }
            if problems.is_empty() {
                drop(writeln!(out, "seed {}: every promise was kept", one.seed));
                return 0;
            }
            i32::from(Exit::Failed.code())
        }
        Err(problem) => {
            drop(writeln!(out, "seed {}: {problem}", one.seed));
            i32::from(Exit::Bug.code())
        }
    }
}
