//! `sts:GetCallerIdentity`, and the proof that credentials belong to the account they are used for.

use super::clients::PlaceClients;
use super::throttle::Family;
use crate::collect::{ReadError, ReadFailure};

const API: &str = "sts:GetCallerIdentity";

/// The ARN that these clients read as. Fails when the credentials are those of another account: what they
/// see there must never be filed under this one.
pub(super) async fn caller(clients: &PlaceClients) -> Result<String, ReadError> {
    let answer = clients.call(Family::Sts, API, clients.sts.get_caller_identity().send()).await?;
    let account = answer.account.unwrap_or_default();
    if account != clients.place.account.as_str() {
        return Err(ReadError {
            api: API,
            place: clients.place.clone(),
            failure: ReadFailure::Credentials,
            detail: format!(
                "the credentials belong to account {account}, not to {}; give this account a role to assume",
                clients.place.account
            ),
        });
    }
    Ok(answer.arn.unwrap_or_default())
}
