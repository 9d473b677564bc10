//! `sts:GetCallerIdentity`, and the proof that credentials belong to the account they are used for.

use super::clients::PlaceClients;
use super::throttle::Family;
use crate::collect::{ReadError, ReadFailure};

pub(super) const API: &str = "sts:GetCallerIdentity";

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

/// The role's name in the ARN of a session of it; the ARN leaves the role's path out.
pub(super) fn role_of_session(arn: &str) -> Option<&str> {
    let (kind, session) = arn.splitn(6, ':').nth(5)?.split_once('/')?;
    (kind == "assumed-role").then(|| session.split('/').next()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_name_their_role() {
        assert_eq!(
            role_of_session("arn:aws:sts::111122223333:assumed-role/enforcer/mia@example.com"),
            Some("enforcer")
        );
        assert_eq!(role_of_session("arn:aws:iam::111122223333:user/ops/mia"), None);
        assert_eq!(role_of_session("arn:aws:iam::111122223333:root"), None);
    }
}
