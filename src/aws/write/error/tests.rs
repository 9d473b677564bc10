use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_ec2::operation::run_instances::RunInstancesError;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::error::ErrorMetadata;

use super::*;
use crate::aws::role::RoleError;

type Failed = SdkError<RunInstancesError, HttpResponse>;

fn service_error(code: &str, message: &str, status: u16) -> Failed {
    let meta = ErrorMetadata::builder().code(code).message(message).build();
    let raw = HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::empty());
    SdkError::service_error(RunInstancesError::generic(meta), raw)
}

fn failure(error: &Failed) -> WriteFailure {
    write_error("ec2:RunInstances", &Place::new("111122223333", "eu-west-1"), error).failure
}

fn class(code: &str, status: u16) -> WriteFailure {
    failure(&service_error(code, "", status))
}

#[test]
fn the_lack_of_capacity_is_told_from_an_outage() {
    for code in [
        "InsufficientInstanceCapacity",
        "MaxSpotInstanceCountExceeded",
        "VcpuLimitExceeded",
        "UnfulfillableCapacity",
        "Unsupported",
        "InsufficientFreeAddressesInSubnet",
        "MaxFleetCountExceeded",
        "ReservationCapacityExceeded",
        "InstanceLimitExceeded",
        "InsufficientCapacityOnHost",
        "HostLimitExceeded",
    ] {
        // EC2 answers the lack of capacity with status 500.
        assert_eq!(class(code, 500), WriteFailure::Capacity, "{code}");
    }
    assert_eq!(class("InternalError", 500), WriteFailure::Unavailable);
}

#[test]
fn throttling_is_no_quota() {
    for code in ["RequestLimitExceeded", "Throttling", "ThrottlingException", "EC2ThrottledException"] {
        assert_eq!(class(code, 503), WriteFailure::Throttled, "{code}");
    }
}

#[test]
fn a_state_that_forbids_the_call_is_a_conflict() {
    for code in [
        "IncorrectState",
        "IncorrectInstanceState",
        "VolumeInUse",
        "ResourceInUse",
        "InvalidNetworkInterface.InUse",
        "ScalingActivityInProgress",
        "OperationNotPermitted",
    ] {
        assert_eq!(class(code, 400), WriteFailure::Conflict, "{code}");
    }
    let message = |code, text| failure(&service_error(code, text, 400));
    let twice = "There is an existing association: already associated";
    assert_eq!(message("InvalidParameterCombination", twice), WriteFailure::Conflict);
    assert_eq!(message("InvalidParameterCombination", "these do not go together"), WriteFailure::Invalid);
}

#[test]
fn auto_scaling_tells_by_its_sentence() {
    let message = |text| failure(&service_error("ValidationError", text, 400));
    assert_eq!(message("The instance i-1 is not in InService."), WriteFailure::Conflict);
    assert_eq!(message("AutoScalingGroup name not found - web"), WriteFailure::NotFound);
    assert_eq!(message("The instance i-1 is not part of Auto Scaling group web."), WriteFailure::NotFound);
    assert_eq!(message("New SetDesiredCapacity value 9 is above max value 4"), WriteFailure::Invalid);
}

#[test]
fn tokens_refusals_and_absence_have_classes_of_their_own() {
    assert_eq!(class("IdempotentParameterMismatch", 400), WriteFailure::TokenMismatch);
    assert_eq!(class("IdempotentInstanceTerminated", 400), WriteFailure::TokenSpent);
    assert_eq!(class("UnauthorizedOperation", 403), WriteFailure::Denied);
    assert_eq!(class("AccessDenied", 403), WriteFailure::Denied);
    assert_eq!(class("InvalidInstanceID.NotFound", 400), WriteFailure::NotFound);
    assert_eq!(class("NoSuchEntity", 404), WriteFailure::NotFound);
    assert_eq!(class("ExpiredToken", 400), WriteFailure::Credentials);
    assert_eq!(class("MalformedPolicyDocument", 400), WriteFailure::Invalid);
}

#[test]
fn no_answer_and_an_answer_that_cannot_be_read_may_have_happened() {
    let reset: Failed = SdkError::dispatch_failure(ConnectorError::io("connection reset by peer".into()));
    assert_eq!(failure(&reset), WriteFailure::Timeout);
    assert_eq!(failure(&SdkError::timeout_error("no answer in 30 s")), WriteFailure::Timeout);
    let raw = HttpResponse::new(StatusCode::try_from(200).unwrap(), SdkBody::from("<no"));
    assert_eq!(failure(&SdkError::response_error("no XML", raw)), WriteFailure::Unavailable);
    assert_eq!(class("", 200), WriteFailure::Unavailable);
}

#[test]
fn a_role_that_is_not_assumed_changed_nothing() {
    let refused = |failure| -> Failed {
        let role =
            RoleError { role: "arn:aws:iam::111122223333:role/enforcer".to_owned(), failure, detail: String::new() };
        SdkError::dispatch_failure(ConnectorError::other(CredentialsError::provider_error(role).into(), None))
    };
    assert_eq!(failure(&refused(ReadFailure::Denied)), WriteFailure::Credentials);
    assert_eq!(failure(&refused(ReadFailure::Timeout)), WriteFailure::Throttled, "the call itself was not sent");
}

#[test]
fn a_rehearsal_that_would_succeed_is_recognised() {
    let place = Place::new("111122223333", "eu-west-1");
    let answer = service_error("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412);
    assert!(is_rehearsed(&write_error("ec2:RunInstances", &place, &answer)));
    assert!(!is_rehearsed(&write_error("ec2:RunInstances", &place, &service_error("UnauthorizedOperation", "", 403))));
}
