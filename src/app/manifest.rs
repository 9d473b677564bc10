//! The root digest of a manifest that the agent wrote when the image was baked.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use cattleguard_agent::manifest::Reader;

use super::error::AppError;
use crate::types::Digest;

/// Reads the manifest to its end, so that a damaged or truncated one is refused, and returns its root digest.
///
/// # Errors
/// A file that cannot be read or is no manifest.
pub fn root(path: &Path) -> Result<Digest, AppError> {
    let failed = |error: &dyn std::fmt::Display| AppError::failed(format!("{}: {error}", path.display()));
    let file = File::open(path).map_err(|error| failed(&error))?;
    let reader = Reader::new(BufReader::new(file)).map_err(|error| failed(&error))?;
    let totals = reader.finish().map_err(|error| failed(&error))?.totals;
    Ok(Digest::new(totals.root.to_string()))
}
