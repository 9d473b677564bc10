//! The application's one error: an exit code, a sentence, and what to do about it. Printed once, in `run`.

use std::fmt;

use super::{diag::Diag, exit::Exit};
use crate::collect::{ReadError, ReadFailure};
use crate::store::StoreError;

/// Why a command ends without a result.
#[derive(Debug)]
pub struct AppError {
    exit: Exit,
    message: String,
    hint: Option<String>,
    diags: Vec<Diag>,
}

impl AppError {
    /// An error with the code that the process will exit with.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), hint: None, diags: Vec::new() }
    }

    /// The command line asked for something impossible.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// The command failed.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, message)
    }

    /// The configuration is wrong: all that is wrong with it.
    pub fn config(diags: Vec<Diag>) -> Self {
        let message = match diags.len() {
            1 => "the configuration has an error".to_owned(),
            count => format!("the configuration has {count} errors"),
        };
        Self { exit: Exit::Config, message, hint: None, diags }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The exit code.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// One sentence.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Configuration diagnostics, if those are the cause.
    pub fn diags(&self) -> &[Diag] {
        &self.diags
    }
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for AppError {}

/// An error with everything behind it, on one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut behind = error.source();
    while let Some(cause) = behind {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        behind = cause.source();
    }
    text
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        let (exit, hint) = match &error {
            StoreError::LeaseHeld { .. } => (
                Exit::Unavailable,
                Some(
                    "one at a time; what must not wait goes first when the other is stopped (SIGTERM, or `systemctl stop`): \
                     it ends before its next call and goes on when it is started again. The lease of a dead process ends \
                     by itself in two minutes",
                ),
            ),
            StoreError::LeaseLost { .. } => (Exit::Unavailable, Some("nothing of this run was written; run it again")),
            StoreError::NewerSchema { .. } => (Exit::Config, None),
            StoreError::Corrupt { .. } => (Exit::Unavailable, None),
            StoreError::Full { .. } => (Exit::Unavailable, Some("free some space; nothing committed was lost")),
            StoreError::NotFound(_) | StoreError::Conflict(_) => (Exit::Failed, None),
            StoreError::Other(_) => (Exit::Unavailable, None),
        };
        let mut converted = Self::new(exit, error.to_string());
        converted.hint = hint.map(str::to_owned);
        converted
    }
}

impl From<ReadError> for AppError {
    fn from(error: ReadError) -> Self {
        let (exit, hint) = match error.failure {
            ReadFailure::Credentials => (
                Exit::Permission,
                Some("tried: environment, shared profile, SSO, web identity, container and instance role"),
            ),
            ReadFailure::Denied => {
                (Exit::Permission, Some("`cattleguard iam-policy` prints what this configuration needs"))
            }
            ReadFailure::Throttled | ReadFailure::Timeout | ReadFailure::Unavailable => (Exit::Unavailable, None),
            ReadFailure::NotFound | ReadFailure::Invalid => (Exit::Failed, None),
        };
        let mut converted = Self::new(exit, error.to_string());
        converted.hint = hint.map(str::to_owned);
        converted
    }
}
