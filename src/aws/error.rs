//! SDK errors into [`ReadError`]: what kind of failure it is, with a short text and no secret.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::role::RoleError;
use crate::collect::{ReadError, ReadFailure};
use crate::types::Place;

/// Enough for a service's sentence; EC2 appends encoded authorisation messages of several kilobytes.
const DETAIL_LIMIT: usize = 300;

/// An error chain longer than this is cut; no cause of interest sits deeper.
const CHAIN_LIMIT: usize = 12;

/// A failed SDK call as a failed read.
pub(super) fn read_error<E>(api: &'static str, place: &Place, error: &SdkError<E, HttpResponse>) -> ReadError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let (failure, detail) = classify(error);
    ReadError { api, place: place.clone(), failure, detail }
}

/// The kind of failure and a bounded text.
pub(super) fn classify<E>(error: &SdkError<E, HttpResponse>) -> (ReadFailure, String)
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    if let Some(found) = from_credentials(error) {
        return found;
    }
    match error {
        SdkError::ServiceError(context) => {
            let meta = context.err();
            let status = context.raw().status().as_u16();
            (by_code(meta.code().unwrap_or_default(), status), service_detail(meta.code(), meta.message(), status))
        }
        SdkError::ResponseError(context) if context.raw().status().is_server_error() => {
            (ReadFailure::Unavailable, format!("HTTP {}", context.raw().status().as_u16()))
        }
        SdkError::ResponseError(_) => (ReadFailure::Invalid, chain(error)),
        SdkError::TimeoutError(_) => (ReadFailure::Timeout, chain(error)),
        SdkError::DispatchFailure(failure) if failure.is_user() => (ReadFailure::Invalid, chain(error)),
        SdkError::DispatchFailure(_) => (ReadFailure::Timeout, chain(error)),
        _ => (ReadFailure::Invalid, chain(error)),
    }
}

/// Failures that came before the request: no credentials, or a role that could not be assumed.
pub(super) fn from_credentials(error: &(dyn Error + 'static)) -> Option<(ReadFailure, String)> {
    if let Some(role) = causes(error).find_map(|cause| cause.downcast_ref::<RoleError>()) {
        return Some((role.failure, bounded(&role.to_string())));
    }
    let found = causes(error).find_map(|cause| cause.downcast_ref::<CredentialsError>())?;
    let detail = match found {
        CredentialsError::CredentialsNotLoaded(_) => {
            "none found in the environment, the profile, the web identity token, the container or the instance metadata"
                .to_owned()
        }
        other => bounded(&chain(other)),
    };
    Some((ReadFailure::Credentials, detail))
}

/// Codes are those of the services' "Common errors" pages; the status decides for the rest.
fn by_code(code: &str, status: u16) -> ReadFailure {
    match code {
        "AuthFailure"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "IncompleteSignature"
        | "InvalidAccessKeyId"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "MissingAuthenticationToken"
        | "RequestExpired"
        | "SignatureDoesNotMatch"
        | "UnrecognizedClientException" => ReadFailure::Credentials,
        "AccessDenied"
        | "AccessDeniedException"
        | "NotAuthorized"
        | "KMS.DisabledException"
        | "KMS.InvalidStateException"
        | "KMS.NotFoundException"
        | "KmsAccessDenied"
        | "KmsDisabled"
        | "KmsInvalidState"
        | "OptInRequired"
        | "UnauthorizedOperation"
        | "Blocked" => ReadFailure::Denied,
        "BandwidthLimitExceeded"
        | "EC2ThrottledException"
        | "KmsThrottled"
        | "OverLimit"
        | "PriorRequestNotComplete"
        | "RequestLimitExceeded"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "SlowDown"
        | "Throttling"
        | "ThrottledException"
        | "ThrottlingException"
        | "TooManyRequestsException" => ReadFailure::Throttled,
        "InternalError" | "InternalFailure" | "InternalServerError" | "ServiceUnavailable" | "Unavailable" => {
            ReadFailure::Unavailable
        }
        "RequestTimeout" | "RequestTimeoutException" => ReadFailure::Timeout,
        "AWS.SimpleQueueService.NonExistentQueue" | "QueueDoesNotExist" => ReadFailure::NotFound,
        "InvalidInstanceId" | "TargetGroupNotFound" | "InvalidAMIID.Unavailable" => ReadFailure::NotFound,
        code if code.ends_with(".NotFound") || code.ends_with("NotFoundException") => ReadFailure::NotFound,
        _ => match status {
            429 => ReadFailure::Throttled,
            401 | 403 => ReadFailure::Denied,
            404 => ReadFailure::NotFound,
            408 => ReadFailure::Timeout,
            500.. => ReadFailure::Unavailable,
            _ => ReadFailure::Invalid,
        },
    }
}

/// The service's code and message. The message of a signature error quotes the signed request with its
/// session token, so for those the code has to do.
fn service_detail(code: Option<&str>, message: Option<&str>, status: u16) -> String {
    let code = code.filter(|code| !code.is_empty());
    match (code, message) {
        (Some(code @ ("SignatureDoesNotMatch" | "InvalidSignatureException" | "IncompleteSignature")), _) => {
            code.to_owned()
        }
        (Some(code), Some(message)) => bounded(&format!("{code}: {}", without_encoded_part(message))),
        (Some(code), None) => bounded(code),
        (None, Some(message)) => bounded(&format!("HTTP {status}: {message}")),
        (None, None) => format!("HTTP {status}"),
    }
}

/// EC2 and STS append `Encoded authorization failure message: <kilobytes>`, which tells a person nothing.
fn without_encoded_part(message: &str) -> &str {
    message.split("Encoded authorization failure message").next().unwrap_or(message).trim_end()
}

/// The texts of an error and its causes, without repeats.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = String::new();
    for cause in causes(error) {
        let part = cause.to_string();
        if text.ends_with(&part) {
            continue;
        }
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&part);
    }
    bounded(&text)
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let next = |cause: &&'a (dyn Error + 'static)| (*cause).source();
    std::iter::successors(Some(error), next).take(CHAIN_LIMIT)
}

/// One line of bounded length.
pub(super) fn bounded(text: &str) -> String {
    let mut line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(DETAIL_LIMIT).collect();
    if line.len() < text.len() && line.chars().count() == DETAIL_LIMIT {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests;
