//! The command line: one model from which parsing, help, completions and the man page come.

pub mod config;
pub mod decisions;
pub mod enforce;
pub mod exceptions;
pub mod findings;
pub mod global;
pub mod golden;
pub mod ingest;
pub mod init;
pub mod misc;
pub mod policy;
pub mod report;
pub mod scan;
pub mod serve;
pub mod silences;
pub mod store;
#[cfg(test)]
mod tests;
pub mod trail;
pub mod values;

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{Args as _, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

pub use global::GlobalArgs;

use super::exit::{self, Exit};

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "cattleguard",
    version,
    about = "Keeps EC2 fleets immutable: notices in-place changes, says who made them and what would be done",
    long_about = None,
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    max_term_width = 100,
)]
pub struct Cli {
    /// Flags of every command.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Every command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a commented configuration and print the IAM policy that it needs
    Init(init::InitArgs),
    /// Look at everything that scans and enforcement need, and change nothing
    Doctor(misc::DoctorArgs),
    /// Record golden images and choose the one to run
    #[command(subcommand)]
    Golden(golden::GoldenCommand),
    /// Collect, detect, evaluate, plan and notify, once
    Scan(scan::ScanArgs),
    /// Scan on the configured schedule, execute what `mode` allows, deliver notifications, until stopped
    Daemon(scan::DaemonArgs),
    /// Read CloudTrail log files and print the change events in them
    Ingest(ingest::IngestArgs),
    /// Prove that CloudTrail log files are what was delivered, and all of it; see what of them was given up
    #[command(subcommand)]
    Trail(trail::TrailCommand),
    /// List findings, show one, acknowledge or reopen one
    #[command(subcommand)]
    Findings(findings::FindingsCommand),
    /// Explain an instance, a finding or a finding code: evidence, actor, policy, plan and every gate's answer
    Explain(findings::ExplainArgs),
    /// Everything that happened to one instance, in order
    Timeline(findings::TimelineArgs),
    /// Instances that people treat as one of a kind, the worst first, and what it would take to replace them
    Pets(findings::PetsArgs),
    /// What enforcement would do now, what it holds, and why
    Plan(findings::PlanArgs),
    /// Execute what the plan says and every gate allows
    Enforce(enforce::EnforceArgs),
    /// Let the last plan be executed
    Approve(enforce::ApproveArgs),
    /// Contain one instance, with its evidence, through the same gates
    Quarantine(enforce::ManualArgs),
    /// Replace one instance from its golden, through the same gates
    Replace(enforce::ManualArgs),
    /// Undo the quarantine of one instance
    Release(enforce::ReleaseArgs),
    /// List operations, show one, go on with one or undo it
    #[command(subcommand)]
    Operations(enforce::OperationsCommand),
    /// Time-boxed waivers of findings
    #[command(subcommand)]
    Exceptions(exceptions::ExceptionsCommand),
    /// Pull the kill switch: nothing is enforced until `resume`
    Pause(exceptions::PauseArgs),
    /// Let go of the kill switch
    Resume(exceptions::ResumeArgs),
    /// What policy decided, from what, and whether it still would: list, show, export or repeat decisions
    #[command(subcommand)]
    Decisions(decisions::DecisionsCommand),
    /// Test, check and try policies
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// For a while, tell nobody of what matches
    #[command(subcommand)]
    Silences(silences::SilencesCommand),
    /// Reports out of the state: a page, lists for programs, evidence for auditors
    #[command(subcommand)]
    Report(report::ReportCommand),
    /// Show the report live on loopback, and let people acknowledge, approve and pause
    Serve(serve::ServeArgs),
    /// Test the notification destinations, see where alerts go, or what was not delivered
    #[command(subcommand)]
    Notify(misc::NotifyCommand),
    /// Check or export the audit log
    #[command(subcommand)]
    Audit(misc::AuditCommand),
    /// Look after the state file: its size, soundness, a backup, what retention deletes
    #[command(subcommand)]
    Store(store::StoreCommand),
    /// Check the configuration, or show what is in force
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Print the least-privilege IAM policy for this configuration
    IamPolicy(init::IamPolicyArgs),
    /// Print a completion script for a shell
    Completion(misc::CompletionArgs),
    /// Print the manual page
    Man(misc::ManArgs),
}

/// The model under the name that the program was called by.
pub fn command(name: &'static str) -> clap::Command {
    Cli::command().name(name).bin_name(name).after_long_help(after_help()).after_help("See --help for exit codes.")
}

fn after_help() -> String {
    format!(
        "{}\n\nOutput: data goes to stdout, progress and logs to stderr. \
         Every setting can also be given as CATTLEGUARD__SECTION__KEY.\n\nEnvironment: CATTLEGUARD_CONFIG names the configuration, \
         CATTLEGUARD_LOG filters the log, CATTLEGUARD_STOP (anything but empty) stops every change, NO_COLOR, \
         SSL_CERT_FILE; credentials as for every AWS SDK.",
        exit::help_table()
    )
}

/// Parses a command line, or prints help or what is wrong and says how to exit.
pub fn parse(name: &'static str, args: Vec<OsString>) -> Result<Cli, Exit> {
    let parsed = command(name)
        .try_get_matches_from(args)
        .and_then(|matches| Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command(name))));
    parsed.map_err(|error| {
        let exit = exit_of(error.kind());
        // Nobody is left to tell when this cannot be written.
        let _ = error.print();
        exit
    })
}

/// The exit of a parse that ended without a command: help is a success, all else is wrong usage.
pub(crate) fn exit_of(kind: ErrorKind) -> Exit {
    match kind {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Ok,
        _ => Exit::Usage,
    }
}

/// The model of the global flags alone, for documentation.
pub fn global_args() -> clap::Command {
    GlobalArgs::augment_args(clap::Command::new("global"))
}
