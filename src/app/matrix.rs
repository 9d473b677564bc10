//! `cattleguard-sim matrix` and `cattleguard-sim cell`: everything that can go wrong at every step of every operation.

use std::ffi::OsString;
use std::io::Write as _;
use std::time::Instant;

use clap::{Args, Parser, Subcommand};

use super::Exit;
use crate::testing::histories::matrix::{self, Options, Outcome};

/// How many cells pass between two signs of life.
const TOLD_EVERY: u64 = 2000;

#[derive(Parser)]
#[command(name = "cattleguard-sim", about = "Everything that can go wrong at every step of every operation")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Play every cell of the matrix
    Matrix(Many),
    /// Play one cell again
    Cell(One),
}

#[derive(Args)]
struct Many {
    /// Leave out what is most alike
    #[arg(long)]
    quick: bool,
    /// Only cells whose name has this in it
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// How many at once
    #[arg(long, default_value_t = 1)]
    jobs: usize,
}

#[derive(Args)]
struct One {
    /// Its name: SCENE/ACT/AT/TROUBLE
    name: String,
    /// Print what happened, step by step
    #[arg(short, long)]
    verbose: bool,
}

/// Runs one of the two commands; returns the process's exit code.
pub(super) fn run(args: Vec<OsString>) -> i32 {
    match Cli::try_parse_from(args).map(|cli| cli.command) {
        Ok(Command::Matrix(many)) => every_cell(many),
        Ok(Command::Cell(one)) => one_cell(&one),
        Err(error) => {
            // What cannot be printed to a closed terminal is lost, and so is the reader.
            drop(error.print());
            if error.use_stderr() { i32::from(Exit::Usage.code()) } else { 0 }
        }
    }
}

fn every_cell(many: Many) -> i32 {
    let begun = Instant::now();
    let told = |done: u64| {
        if done.is_multiple_of(TOLD_EVERY) {
            drop(writeln!(std::io::stderr(), "{done} cells"));
        }
    };
    let outcome = matrix::run(&Options { quick: many.quick, only: many.only, jobs: many.jobs }, &told);
    let seconds = begun.elapsed().as_secs_f64();
    drop(write_outcome(&mut std::io::stdout().lock(), &outcome, seconds));
    if outcome.failed.is_empty() { 0 } else { i32::from(Exit::Failed.code()) }
}

fn write_outcome(out: &mut impl std::io::Write, outcome: &Outcome, seconds: f64) -> std::io::Result<()> {
    for (end, count) in &outcome.ends {
        writeln!(out, "{count:>10}  {end}")?;
    }
    let Outcome { scenes, calls, cells, laid, .. } = outcome;
    writeln!(out, "{cells} cells at {calls} calls of {} steps in {scenes} scenes, {seconds:.1} s", laid.len())?;
    for failed in &outcome.failed {
        writeln!(out, "{} failed; `cattleguard-sim cell {} -v` shows how", failed.cell, failed.cell)?;
        for problem in &failed.problems {
            writeln!(out, "  {problem}")?;
        }
    }
    Ok(())
}

fn one_cell(one: &One) -> i32 {
    let mut out = std::io::stdout().lock();
    match matrix::replay(&one.name) {
        Ok((lines, problems)) => {
            for line in lines.iter().filter(|_| one.verbose) {
                drop(writeln!(out, "{line}"));
            }
            for problem in &problems {
                drop(writeln!(out, "wrong: {problem}"));
            }
            if problems.is_empty() {
                drop(writeln!(out, "{}: every promise was kept", one.name));
                return 0;
            }
            i32::from(Exit::Failed.code())
        }
        Err(problem) => {
            drop(writeln!(out, "{}: {problem}", one.name));
            i32::from(Exit::Usage.code())
        }
    }
}
