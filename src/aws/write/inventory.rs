//! Makes one node run its inventory association now.
//!
//! `StartAssociationsOnce` would run it on every node that the association targets; the command reaches the
//! one it is sent to.

use super::Ask;
use crate::aws::session_policy::REFRESH_DOCUMENT;
use crate::aws::throttle::Family;
use crate::remediate::{Answered, Output, WriteError, WriteFailure};
use crate::types::InstanceId;

/// Seconds in which the node has to take the command up; the shortest that SSM allows (`TimeoutSeconds`).
const TAKE_UP_S: i32 = 30;

pub(super) async fn refresh(ask: &Ask<'_>, node: &InstanceId) -> Result<Answered, WriteError> {
    if ask.associations.is_empty() {
        // An empty list would run every association of the node.
        return Err(ask.failed(WriteFailure::NotFound, "no inventory association applies to this node"));
    }
    let request = ask
        .clients
        .ssm
        .send_command()
        .document_name(REFRESH_DOCUMENT)
        .instance_ids(node.as_str())
        .parameters("associationIds", ask.associations.clone())
        .timeout_seconds(TAKE_UP_S);
    let (request_id, answer) = ask.send(Family::Ssm, request.send()).await?;
    let command = answer.command.and_then(|command| command.command_id);
    Ok(Answered { request_id, output: command.map_or(Output::Nothing, Output::Task) })
}
