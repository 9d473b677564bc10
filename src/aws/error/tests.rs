use aws_sdk_ec2::operation::describe_instances::DescribeInstancesError;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::error::ErrorMetadata;

use super::*;

fn service_error(code: &str, message: &str, status: u16) -> SdkError<DescribeInstancesError, HttpResponse> {
    let meta = ErrorMetadata::builder().code(code).message(message).build();
    let raw = HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::empty());
    SdkError::service_error(DescribeInstancesError::generic(meta), raw)
}

fn kind(code: &str, status: u16) -> ReadFailure {
    classify(&service_error(code, "", status)).0
}

#[test]
fn codes_say_what_can_be_done() {
    assert_eq!(kind("UnauthorizedOperation", 403), ReadFailure::Denied);
    assert_eq!(kind("AccessDeniedException", 400), ReadFailure::Denied);
    assert_eq!(kind("RequestLimitExceeded", 503), ReadFailure::Throttled);
    assert_eq!(kind("Throttling", 400), ReadFailure::Throttled);
    assert_eq!(kind("ExpiredToken", 403), ReadFailure::Credentials);
    assert_eq!(kind("AuthFailure", 401), ReadFailure::Credentials);
    assert_eq!(kind("InvalidInstanceID.NotFound", 400), ReadFailure::NotFound);
    assert_eq!(kind("InternalError", 500), ReadFailure::Unavailable);
    assert_eq!(kind("InvalidParameterValue", 400), ReadFailure::Invalid);
}

#[test]
fn an_unknown_code_goes_by_its_status() {
    assert_eq!(kind("Novel", 403), ReadFailure::Denied);
    assert_eq!(kind("Novel", 429), ReadFailure::Throttled);
    assert_eq!(kind("Novel", 502), ReadFailure::Unavailable);
    assert_eq!(kind("", 400), ReadFailure::Invalid);
}

#[test]
fn encoded_authorisation_messages_are_cut() {
    let message = format!("You are not authorized. Encoded authorization failure message: {}", "x".repeat(4000));
    let (_, detail) = classify(&service_error("UnauthorizedOperation", &message, 403));
    assert_eq!(detail, "UnauthorizedOperation: You are not authorized.");
}

#[test]
fn a_signature_error_does_not_quote_the_signed_request() {
    let message = "The Canonical String should have been 'POST x-amz-security-token:FwoGZXIvYXdz'";
    let (failure, detail) = classify(&service_error("SignatureDoesNotMatch", message, 403));
    assert_eq!((failure, detail.as_str()), (ReadFailure::Credentials, "SignatureDoesNotMatch"));
}

#[test]
fn hostile_messages_are_one_bounded_line() {
    let (_, detail) = classify(&service_error("Odd", &format!("a\r\n\u{1b}[31m{}", "é".repeat(5000)), 400));
    assert!(!detail.contains(char::is_control), "{detail}");
    assert!(detail.chars().count() <= DETAIL_LIMIT + 1);
    assert!(detail.ends_with('…'));
}

#[test]
fn broken_connections_and_missing_credentials_differ() {
    type Error = SdkError<DescribeInstancesError, HttpResponse>;
    let io: Error = SdkError::dispatch_failure(ConnectorError::io("connection reset by peer".into()));
    assert_eq!(classify(&io).0, ReadFailure::Timeout);
    let slow: Error = SdkError::timeout_error("no answer in 30 s");
    assert_eq!(classify(&slow).0, ReadFailure::Timeout);
    let none = CredentialsError::not_loaded("no providers in chain provided credentials");
    let none: Error = SdkError::dispatch_failure(ConnectorError::other(none.into(), None));
    let (failure, detail) = classify(&none);
    assert_eq!(failure, ReadFailure::Credentials);
    assert!(detail.contains("none found in the environment"), "{detail}");
}

#[test]
fn a_role_that_may_not_be_assumed_is_a_refusal() {
    let role = RoleError {
        role: "arn:aws:iam::111122223333:role/reader".to_owned(),
        failure: ReadFailure::Denied,
        detail: "AccessDenied: not authorized to perform sts:AssumeRole".to_owned(),
    };
    let error: SdkError<DescribeInstancesError, HttpResponse> =
        SdkError::dispatch_failure(ConnectorError::other(CredentialsError::provider_error(role).into(), None));
    let (failure, detail) = classify(&error);
    assert_eq!(failure, ReadFailure::Denied);
    assert!(detail.starts_with("cannot assume arn:aws:iam::111122223333:role/reader"), "{detail}");
}
