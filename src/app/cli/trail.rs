//! Arguments of `trail`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args, Subcommand};

use super::values;
use crate::collect::digest::BucketScope;

/// `trail` commands.
#[derive(Clone, Debug, Subcommand)]
pub enum TrailCommand {
    /// Prove log files by CloudTrail's digest files: what was altered, deleted, added, or never delivered
    Verify(TrailVerifyArgs),
    /// Messages and log files that were given up: list them, have them tried once more, or drop them
    #[command(subcommand)]
    DeadLetters(DeadLettersCommand),
}

/// `trail dead-letters` commands.
#[derive(Clone, Debug, Subcommand)]
pub enum DeadLettersCommand {
    /// List what was given up, with the reason and the beginning of each message
    List(DeadLettersListArgs),
    /// Have the next scan try them once more; what it cannot read either stays, with its new reason
    Retry(DeadLettersArgs),
    /// Forget them: what they held stays unread
    Drop(DeadLettersArgs),
}

/// Arguments of `trail dead-letters list`.
#[derive(Clone, Debug, Args)]
pub struct DeadLettersListArgs {
    /// Only of this source, as the list names it
    #[arg(long, value_name = "SOURCE")]
    pub source: Option<String>,
}

/// Arguments of `trail dead-letters retry` and `drop`.
#[derive(Clone, Debug, Args)]
#[command(group = ArgGroup::new("which").args(["names", "all"]).required(true))]
pub struct DeadLettersArgs {
    /// Message id or object key
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// All of them
    #[arg(long)]
    pub all: bool,
    /// Only of this source, as the list names it
    #[arg(long, value_name = "SOURCE")]
    pub source: Option<String>,
    /// Why; it stands in the audit log
    #[arg(long, value_name = "TEXT", value_parser = values::not_empty)]
    pub reason: String,
}

/// Where log files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogPlace {
    /// A folder on disk.
    Folder(PathBuf),
    /// A bucket, or a part of it.
    Bucket(BucketScope),
}

fn log_place(text: &str) -> Result<LogPlace, String> {
    if text.starts_with("s3:") {
        return BucketScope::parse(text).map(LogPlace::Bucket);
    }
    Ok(LogPlace::Folder(PathBuf::from(text)))
}

/// Arguments of `trail verify`. Exit 1 when something is broken, 3 when something could not be proven.
#[derive(Clone, Debug, Args)]
pub struct TrailVerifyArgs {
    /// Folders with an `AWSLogs` tree, or within one, or buckets as `s3://BUCKET/PREFIX` [default: the configured
    /// folders and buckets]
    #[arg(value_name = "PATH", value_parser = log_place)]
    pub paths: Vec<LogPlace>,
    /// Only what was digested in this time until now, e.g. `7d`
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    pub since: Option<Duration>,
    /// What `aws cloudtrail list-public-keys` printed, instead of asking CloudTrail; may be repeated
    #[arg(long, value_name = "FILE")]
    pub public_keys: Vec<PathBuf>,
}
