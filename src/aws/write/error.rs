//! SDK errors of writing calls into [`WriteFailure`]: above all, whether the call may have happened.

use std::error::Error;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::aws::error::{classify, from_credentials};
use crate::collect::{ReadError, ReadFailure};
use crate::remediate::{WriteError, WriteFailure};
use crate::types::Place;

/// What EC2 answers when a rehearsed call would have been made.
const WOULD_HAVE: &str = "DryRunOperation";

/// A failed SDK call as a failed write.
pub(super) fn write_error<E>(api: &'static str, place: &Place, error: &SdkError<E, HttpResponse>) -> WriteError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let (read, detail) = classify(error);
    let failure = match error {
        // Without credentials nothing was sent. A role that may not be assumed is no refusal of the call itself.
        error if from_credentials(error).is_some() => match read {
            ReadFailure::Throttled | ReadFailure::Timeout | ReadFailure::Unavailable => WriteFailure::Throttled,
            _ => WriteFailure::Credentials,
        },
        // An answer came and cannot be read: it may have happened. Some services read it as an error without a code.
        SdkError::ServiceError(context) if context.raw().status().is_success() => WriteFailure::Unavailable,
        SdkError::ResponseError(_) => WriteFailure::Unavailable,
        SdkError::ServiceError(context) => {
            let code = context.err().code().unwrap_or_default();
            by_code(code, context.err().message().unwrap_or_default()).unwrap_or_else(|| from_read(read))
        }
        _ => from_read(read),
    };
    WriteError { api, place: place.clone(), failure, detail }
}

/// A failed read before a write: the write was not made.
pub(in crate::aws) fn before(error: ReadError, api: &'static str) -> WriteError {
    let failure = match error.failure {
        ReadFailure::Timeout | ReadFailure::Unavailable => WriteFailure::Throttled,
        other => from_read(other),
    };
    WriteError { api, failure, detail: format!("{}: {}", error.api, error.detail), place: error.place }
}

/// Whether this is EC2's way to say that a rehearsed call would have succeeded.
pub(super) fn is_rehearsed(error: &WriteError) -> bool {
    error.detail.starts_with(WOULD_HAVE)
}

fn from_read(failure: ReadFailure) -> WriteFailure {
    match failure {
        ReadFailure::Credentials => WriteFailure::Credentials,
        ReadFailure::Denied => WriteFailure::Denied,
        ReadFailure::Throttled => WriteFailure::Throttled,
        ReadFailure::Timeout => WriteFailure::Timeout,
        ReadFailure::Unavailable => WriteFailure::Unavailable,
        ReadFailure::NotFound => WriteFailure::NotFound,
        ReadFailure::Invalid => WriteFailure::Invalid,
    }
}

/// The classes that only writing calls know; `None` leaves the code to the common table. Codes are those of the
/// EC2, Auto Scaling, ELBv2 and IAM API references.
pub(super) fn by_code(code: &str, message: &str) -> Option<WriteFailure> {
    Some(match code {
        "IdempotentParameterMismatch" | "IdempotentParameterMismatchError" | "IdempotentParameterMismatchException" => {
            WriteFailure::TokenMismatch
        }
        "IdempotentInstanceTerminated" => WriteFailure::TokenSpent,
        "InsufficientAddressCapacity"
        | "InsufficientCapacity"
        | "InsufficientCapacityOnHost"
        | "InsufficientFreeAddressesInSubnet"
        | "InsufficientHostCapacity"
        | "InsufficientInstanceCapacity"
        | "InsufficientReservedInstanceCapacity"
        | "InsufficientVolumeCapacity"
        | "ReservationCapacityExceeded"
        | "TooManyRegistrationsForTargetId"
        | "TooManyTargets"
        | "UnfulfillableCapacity"
        | "Unsupported" => WriteFailure::Capacity,
        // `InstanceLimitExceeded`, `VcpuLimitExceeded`, `HostLimitExceeded`, `MaxFleetCountExceeded`, and the
        // quotas of the other services; `RequestLimitExceeded` is throttling.
        "RequestLimitExceeded" | "BandwidthLimitExceeded" => WriteFailure::Throttled,
        code if code.ends_with("LimitExceeded") || code.ends_with("CountExceeded") => WriteFailure::Capacity,
        "ConcurrentModification"
        | "DependencyViolation"
        | "EntityTemporarilyUnmodifiable"
        | "IncorrectInstanceState"
        | "IncorrectState"
        | "InstanceRefreshInProgress"
        | "InvalidTarget"
        | "NetworkAclEntryAlreadyExists"
        | "OperationInProgress"
        | "OperationNotPermitted"
        | "ResourceContention"
        | "ResourceInUse"
        | "ScalingActivityInProgress"
        | "VolumeInUse" => WriteFailure::Conflict,
        code if code.ends_with(".InUse") || code.ends_with("AlreadyAssociated") => WriteFailure::Conflict,
        "InvalidParameterCombination" | "InvalidParameterValue" if says_already(message) => WriteFailure::Conflict,
        "NoSuchEntity" => WriteFailure::NotFound,
        "ValidationError" => scaling(message)?,
        _ => return None,
    })
}

fn says_already(message: &str) -> bool {
    message.to_ascii_lowercase().contains("already")
}

/// Auto Scaling has one code for everything; only its sentence tells a wrong state from a wrong request.
fn scaling(message: &str) -> Option<WriteFailure> {
    let message = message.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if says(&["not found", "does not exist", "is not part of", "not part of auto scaling group"]) {
        return Some(WriteFailure::NotFound);
    }
    let states =
        ["already", "not in inservice", "not in standby", "not in service", "correct state", "lifecycle state"];
    says(&states).then_some(WriteFailure::Conflict)
}

#[cfg(test)]
mod tests;
