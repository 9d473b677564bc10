//! Arguments of `trail`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::values;
use crate::collect::digest::BucketScope;

/// `trail` commands.
#[derive(Clone, Debug, Subcommand)]
pub enum TrailCommand {
    /// Prove log files by CloudTrail's digest files: what was altered, deleted, added, or never delivered
    Verify(TrailVerifyArgs),
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
