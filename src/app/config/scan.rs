//! `[scan]`: what a scan's exit code says.

use super::section::Section;
use crate::types::Severity;

/// The scan settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanConfig {
    /// Findings at or above this make a complete scan exit 1.
    pub fail_on: Severity,
}

pub(super) fn read(section: &mut Section<'_, '_>) -> ScanConfig {
    ScanConfig { fail_on: section.or("fail_on", Severity::Low) }
}
