//! Turns a failed read into what the user sees.

use super::error::AppError;
use super::exit::Exit;
use crate::collect::{ReadError, ReadFailure};

/// One sentence, what kind of failure, and what to do.
pub fn read_error(error: &ReadError) -> AppError {
    let (exit, hint) = match error.failure {
        ReadFailure::Credentials => (
            Exit::Permission,
            "tried: environment, shared profile, web identity, container and instance role; see `aws sts get-caller-identity`",
        ),
        ReadFailure::Denied => (Exit::Permission, "compare the role with `cattleguard iam-policy`"),
        ReadFailure::Throttled | ReadFailure::Timeout | ReadFailure::Unavailable => {
            (Exit::Unavailable, "try again; nothing was changed")
        }
        ReadFailure::NotFound => (Exit::Failed, "check the id, and that it is in this account and region"),
        ReadFailure::Invalid => (Exit::Failed, "the service's answer could not be used"),
    };
    AppError::new(exit, error.to_string()).with_hint(hint)
}
