//! Why the account refuses a call, with the service's own code.

use crate::remediate::{WriteCall, WriteError, WriteFailure};
use crate::testing::error::SimError;
use crate::types::Place;

/// A refused call: nothing happened.
#[derive(Debug)]
pub(in crate::testing) struct Refusal {
    pub(super) failure: WriteFailure,
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn new(failure: WriteFailure, code: &'static str, message: impl Into<String>) -> Self {
        Self { failure, code, message: message.into() }
    }

    pub(super) fn missing(code: &'static str, what: impl std::fmt::Display) -> Self {
        Self::new(WriteFailure::NotFound, code, format!("{what} does not exist"))
    }

    pub(super) fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(WriteFailure::Conflict, code, message)
    }

    pub(super) fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(WriteFailure::Invalid, code, message)
    }

    pub(super) fn of(self, call: &WriteCall, place: &Place) -> WriteError {
        WriteError {
            api: call.api(),
            place: place.clone(),
            failure: self.failure,
            detail: format!("{}: {}", self.code, self.message),
        }
    }
}

impl From<SimError> for Refusal {
    fn from(error: SimError) -> Self {
        let message = error.to_string();
        match error {
            SimError::NotSimulated(_) => Self::new(WriteFailure::Credentials, "AccessDenied", message),
            SimError::NotFound(_) => Self::new(WriteFailure::NotFound, "InvalidInstanceID.NotFound", message),
            SimError::IncorrectState { .. } => Self::conflict("IncorrectInstanceState", message),
            SimError::NoCapacity { .. } => Self::new(WriteFailure::Capacity, "InsufficientInstanceCapacity", message),
        }
    }
}
