//! SSM parameters.

use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::aws::clients::PlaceClients;
use crate::aws::error::read_error;
use crate::aws::throttle::Family;
use crate::collect::ReadError;

const GET_PARAMETER: &str = "ssm:GetParameter";

/// A parameter's value; `None` when there is none.
pub(in crate::aws) async fn parameter(clients: &PlaceClients, name: &str) -> Result<Option<String>, ReadError> {
    let request = clients.ssm.get_parameter().name(name).with_decryption(true);
    match clients.attempt(Family::Ssm, request.send()).await {
        Ok(answer) => answer
            .parameter
            .and_then(|found| found.value)
            .map(Some)
            .ok_or_else(|| clients.invalid(GET_PARAMETER, "a parameter without a value")),
        Err(error) if matches!(error.code(), Some("ParameterNotFound" | "ParameterVersionNotFound")) => Ok(None),
        Err(error) => Err(read_error(GET_PARAMETER, &clients.place, &error)),
    }
}
