//! Inline policies of roles, by which sessions are denied.

use super::Ask;
use crate::aws::throttle::Family;
use crate::remediate::{Answered, WriteCall, WriteError, WriteFailure};

pub(super) async fn perform(ask: &Ask<'_>) -> Result<Answered, WriteError> {
    let iam = &ask.clients.iam;
    match ask.call {
        WriteCall::PutRolePolicy { role, policy, document } => {
            let request = iam.put_role_policy().role_name(role).policy_name(policy).policy_document(document);
            ask.done(Family::Iam, request.send()).await
        }
        WriteCall::DeleteRolePolicy { role, policy } => {
            ask.done(Family::Iam, iam.delete_role_policy().role_name(role).policy_name(policy).send()).await
        }
        _ => Err(ask.failed(WriteFailure::Invalid, "not a call on roles")),
    }
}
