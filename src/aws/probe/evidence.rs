//! What an instance leaves outside itself.

use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::aws::clients::PlaceClients;
use crate::aws::error::read_error;
use crate::aws::throttle::Family;
use crate::collect::{ReadError, ReadFailure};
use crate::types::InstanceId;

const GET_CONSOLE: &str = "ec2:GetConsoleOutput";

/// Console output: the latest where the hypervisor can tell it, else what was kept at the last change of state.
pub(in crate::aws) async fn console_output(
    clients: &PlaceClients,
    id: &InstanceId,
) -> Result<Option<String>, ReadError> {
    let ask = |latest| clients.ec2.get_console_output().instance_id(id.as_str()).set_latest(latest).send();
    let answer = match clients.attempt(Family::Ec2, ask(Some(true))).await {
        Err(error) if error.code() == Some("UnsupportedOperation") => clients.attempt(Family::Ec2, ask(None)).await,
        answer => answer,
    };
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => match read_error(GET_CONSOLE, &clients.place, &error) {
            error if error.failure == ReadFailure::NotFound => return Ok(None),
            error => return Err(error),
        },
    };
    let Some(encoded) = answer.output.filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    // Lines are cut at 76 characters in some answers.
    let compact: String = encoded.split_whitespace().collect();
    let bytes = STANDARD.decode(compact).map_err(|_| clients.invalid(GET_CONSOLE, "the output is not base64"))?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}
