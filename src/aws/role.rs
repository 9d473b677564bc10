//! Credentials of a role in another account, by `sts:AssumeRole` with external id and source identity.
//!
//! The SDK's own provider cannot set a source identity, and hides why a role was refused.

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, Result as CredentialsResult, future};
use aws_sdk_sts::Client;
use secrecy::ExposeSecret;

use super::error::classify;
use super::settings::AwsAccount;
use crate::collect::ReadFailure;

/// Why a role could not be assumed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("cannot assume {role}: {detail}")]
pub(super) struct RoleError {
    /// ARN of the role.
    pub(super) role: String,
    /// What kind of failure.
    pub(super) failure: ReadFailure,
    /// What STS said.
    pub(super) detail: String,
}

/// What a session is called and what it is narrowed to.
#[derive(Clone, Debug)]
pub(super) struct Session {
    /// `RoleSessionName`.
    pub(super) name: String,
    /// Inline session policy; `None`: all that the role may do.
    pub(super) policy: Option<String>,
}

/// Assumes one role. The identity cache of the SDK calls it when the credentials are about to expire.
#[derive(Debug)]
pub(super) struct RoleProvider {
    client: Client,
    account: AwsAccount,
    role: String,
    session: Session,
}

impl RoleProvider {
    pub(super) fn new(client: Client, account: AwsAccount, role: String, session: Session) -> Self {
        Self { client, account, role, session }
    }

    async fn assume(&self) -> CredentialsResult {
        let answer = self
            .client
            .assume_role()
            .role_arn(&self.role)
            .role_session_name(&self.session.name)
            .set_policy(self.session.policy.clone())
            .set_external_id(self.account.external_id.as_ref().map(|id| id.expose_secret().to_owned()))
            .set_source_identity(self.account.source_identity.clone())
            .send()
            .await
            .map_err(|error| {
                let (failure, detail) = classify(&error);
                self.refused(failure, detail)
            })?;
        let keys = answer
            .credentials
            .ok_or_else(|| self.refused(ReadFailure::Invalid, "the answer holds no credentials".to_owned()))?;
        let expires = keys.expiration.try_into().ok();
        let token = Some(keys.session_token);
        Ok(Credentials::new(keys.access_key_id, keys.secret_access_key, token, expires, "CattleguardRole"))
    }

    fn refused(&self, failure: ReadFailure, detail: String) -> CredentialsError {
        CredentialsError::provider_error(RoleError { role: self.role.clone(), failure, detail })
    }
}

impl ProvideCredentials for RoleProvider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.assume())
    }
}
