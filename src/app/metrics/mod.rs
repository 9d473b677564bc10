//! The state in numbers, as Prometheus's text format (version 0.0.4): what `serve` answers at `/metrics` and
//! `scan --metrics` writes for node_exporter's textfile collector.
//!
//! They count by account, region, fleet, code and destination, and name no server and no person.

mod counters;
mod exposition;
mod of_scan;
mod of_state;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use jiff::Timestamp;

pub(in crate::app) use of_scan::of_scan;
pub(in crate::app) use of_state::of_state;

use super::commands::gather;
use super::config::Config;
use super::error::AppError;
use super::exit::Exit;
use super::output::{Replace, write_atomically};
use crate::store::Store;

/// Resolved findings and ended operations count for this long.
pub(in crate::app) const DAYS: u32 = 30;

/// The collector is another user, and the units give their files to nobody.
const FOR_ALL: u32 = 0o644;

/// Writes everything into a file that is there whole or as it was: a collector may read at any time.
///
/// # Errors
/// State, or a file that cannot be written.
pub(in crate::app) fn write(store: &dyn Store, config: &Config, now: Timestamp, path: &Path) -> Result<(), AppError> {
    let text = of_state(store, now)? + &of_scan(&gather(store, config, now, DAYS)?);
    let written = write_atomically(path, text.as_bytes(), Replace::Yes).and_then(|()| match fs::metadata(path)? {
        file if file.is_file() => fs::set_permissions(path, Permissions::from_mode(FOR_ALL)),
        _ => Ok(()),
    });
    written.map_err(|error| {
        AppError::new(Exit::Unavailable, format!("{} cannot be written: {error}", path.display()))
            .with_hint("--metrics names a file that ends in .prom, in the folder of node_exporter's textfile collector")
    })
}
