//! `[state]`: where state is kept and for how long.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::reader::Fault;
use super::section::Section;

/// The state settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateConfig {
    /// The SQLite file.
    pub path: PathBuf,
    /// Scans, events and policy inputs older than this are pruned; open findings are kept.
    pub retention: Duration,
}

const DEFAULT_URL: &str = "sqlite:/var/lib/cattleguard/state.db";
const DEFAULT_RETENTION: Duration = Duration::from_secs(90 * 86_400);
/// Correlation looks back over days; less than this would lose the author of a slow drift.
const SHORTEST_RETENTION: Duration = Duration::from_secs(86_400);

pub(super) fn read(section: &mut Section<'_, '_>) -> StateConfig {
    let url = section.or("url", DEFAULT_URL.to_owned());
    let retention = section.or("retention", DEFAULT_RETENTION);
    if retention < SHORTEST_RETENTION {
        section.fault("retention", Fault::bad("`state.retention`: must be at least 1d"));
    }
    let path = match url.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path)) {
        Some(path) if !path.is_empty() => section.resolve(Path::new(path)),
        _ => {
            let fault = Fault::bad("`state.url`: only sqlite:PATH is supported")
                .help("for example sqlite:/var/lib/cattleguard/state.db");
            section.fault("url", fault);
            PathBuf::new()
        }
    };
    StateConfig { path, retention }
}
