//! Writing results and messages.

use std::error::Error;
use std::io::Write;
use std::path::Path;

use serde::Serialize;

use crate::compare::{Comparison, Unjudged};
use crate::escape;
use crate::walk::MountPoint;

/// The two streams. A reader that closes the pipe early does not change what a command found out, so failures to
/// write are not failures of the command.
pub(super) struct Console<'a> {
    pub(super) stdout: &'a mut dyn Write,
    pub(super) stderr: &'a mut dyn Write,
}

impl Console<'_> {
    /// One line of a result.
    pub(super) fn line(&mut self, text: &str) {
        let _ = writeln!(self.stdout, "{text}");
    }

    /// A result as one JSON document.
    pub(super) fn json(&mut self, document: &impl Serialize) {
        if let Ok(text) = serde_json::to_string_pretty(document) {
            self.line(&text);
        }
    }

    /// Something worth knowing that is no result.
    pub(super) fn note(&mut self, text: &str) {
        let _ = writeln!(self.stderr, "cattleguard-agent: {text}");
    }

    /// An error with its causes.
    pub(super) fn error(&mut self, error: &dyn Error) {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            let inner_text = inner.to_string();
            if !text.ends_with(&inner_text) {
                text.push_str(": ");
                text.push_str(&inner_text);
            }
            cause = inner.source();
        }
        self.note(&text);
    }
}

/// A path of this machine, for messages.
pub(super) fn shown(path: &Path) -> String {
    escape::text(path.as_os_str().as_encoded_bytes())
}

/// An unjudged entry as JSON.
#[derive(Debug, Serialize)]
pub(super) struct UnjudgedView {
    path: String,
    reason: &'static str,
    errno: u16,
    in_golden: bool,
}

impl From<&Unjudged> for UnjudgedView {
    fn from(unjudged: &Unjudged) -> Self {
        let Unjudged { path, what, errno, in_golden } = unjudged;
        Self { path: escape::text(path), reason: what.reason(), errno: *errno, in_golden: *in_golden }
    }
}

impl UnjudgedView {
    /// Lists what could not be judged.
    pub(super) fn list(comparison: &Comparison, console: &mut Console<'_>) {
        if comparison.unjudged_count == 0 {
            return;
        }
        console.line(&format!("\nnot judged: {}", comparison.unjudged_count));
        for unjudged in comparison.unjudged.iter().take(MAX_UNJUDGED_LINES) {
            let Self { path, reason, errno, in_golden } = unjudged.into();
            let error = match errno {
                0 => String::new(),
                number => format!(" ({})", std::io::Error::from_raw_os_error(i32::from(number))),
            };
            let side = if in_golden { ", in the golden" } else { "" };
            console.line(&format!("  {path}  {reason}{error}{side}"));
        }
        let rest = comparison.unjudged_count.saturating_sub(MAX_UNJUDGED_LINES as u64);
        if rest > 0 {
            console.line(&format!("  and {rest} more"));
        }
    }
}

/// Lines of unjudged entries that a person is shown; JSON has more.
const MAX_UNJUDGED_LINES: usize = 200;

/// A mount that was not entered, as JSON.
#[derive(Debug, Serialize)]
pub(super) struct MountView {
    path: String,
    file_system: String,
    local: bool,
}

impl From<&MountPoint> for MountView {
    fn from(mount: &MountPoint) -> Self {
        let MountPoint { path, file_system, is_local } = mount;
        Self { path: escape::text(path), file_system: escape::text(file_system), local: *is_local }
    }
}

/// Says which local file systems nothing looked into.
pub(super) fn uncovered(mounts: &[MountPoint], console: &mut Console<'_>) {
    for mount in mounts.iter().filter(|mount| mount.is_local).map(MountView::from) {
        console.line(&format!(
            "not covered: {} ({} mounted there; bake with --cross-mounts or name it as a root)",
            mount.path, mount.file_system
        ));
    }
}
