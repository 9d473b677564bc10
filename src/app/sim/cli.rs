//! Arguments of the commands that only `cattleguard-sim` has.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::app::config::parse_duration;
use crate::app::exit::Exit;

/// Below the help of all commands.
pub(super) const MORE_HELP: &str = "\
Only in cattleguard-sim, whose accounts are simulated and whose time is virtual:
  demo [--keep DIR]        The main job end to end
  --world DIR COMMAND      Any command over the world that `demo --keep DIR` left; or set CATTLEGUARD_SIM_WORLD
  world wait DURATION      Let time pass in that world
  world log                What was changed in its accounts, by their own log
  world trail DIR          What CloudTrail delivered, for `ingest` and `trail verify`
  histories, history SEED  Random histories of a simulated account
  matrix, cell NAME        Everything that can go wrong at every step of every operation";

#[derive(Parser)]
#[command(name = "cattleguard-sim", about = "Simulated accounts", disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
pub(super) enum Command {
    /// Play the main job end to end
    Demo(DemoArgs),
    /// Look after the world that --world or CATTLEGUARD_SIM_WORLD names
    #[command(subcommand)]
    World(WorldCommand),
}

#[derive(Args)]
pub(super) struct DemoArgs {
    /// Play in this new folder and leave it, so that other commands can go on in it
    #[arg(long, value_name = "DIR")]
    pub(super) keep: Option<PathBuf>,
}

#[derive(Subcommand)]
pub(super) enum WorldCommand {
    /// Let time pass; agents report their inventory when it is half an hour or more
    Wait(WaitArgs),
    /// List the changes of its accounts, by their own log
    Log(LogArgs),
    /// Write what its trails have delivered into a folder: log files and digest files, as in their bucket
    Trail(TrailArgs),
}

#[derive(Args)]
pub(super) struct WaitArgs {
    /// How long: 30s, 15m, 24h, 7d
    #[arg(value_name = "DURATION", value_parser = parse_duration)]
    pub(super) duration: Duration,
}

#[derive(Args)]
pub(super) struct LogArgs {
    /// Only what the enforcer changed
    #[arg(long)]
    pub(super) enforcer: bool,
    /// Only launches
    #[arg(long)]
    pub(super) launches: bool,
}

#[derive(Args)]
pub(super) struct TrailArgs {
    /// Where to
    #[arg(value_name = "DIR")]
    pub(super) folder: PathBuf,
}

/// Parses the command line, or prints help or what is wrong and says how to exit.
pub(super) fn parse(args: Vec<OsString>) -> Result<Command, Exit> {
    Cli::try_parse_from(args).map(|cli| cli.command).map_err(|error| {
        // Nobody is left to tell when this cannot be written.
        let _ = error.print();
        crate::app::cli::exit_of(error.kind())
    })
}
