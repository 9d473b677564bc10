//! One account's credentials, and who they turned out to be.

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::SdkConfig;
use aws_types::region::Region;
use tokio::sync::OnceCell;

use super::counter::CallCounts;
use super::role::{RoleProvider, Session};
use super::settings::AwsAccount;
use crate::types::Place;

/// How one account is reached.
#[derive(Debug)]
pub(super) struct Account {
    /// Configuration with its credentials.
    pub(super) config: SdkConfig,
    /// Whether a role of the account is assumed. Base credentials may be those of another account.
    pub(super) assumed: bool,
    /// Who the credentials are, once asked.
    pub(super) caller: OnceCell<String>,
}

impl Account {
    /// As it is read: by `role`.
    pub(super) fn reading(base: &SdkConfig, account: &AwsAccount, session_name: &str, counts: &CallCounts) -> Self {
        let session = Session { name: session_name.to_owned(), policy: None };
        let config = match &account.role {
            None => base.clone(),
            Some(role) => assuming(base, account, role, session, counts),
        };
        Self { config, assumed: account.role.is_some(), caller: OnceCell::new() }
    }

    /// As it is looked at for a change: by `enforce_role`, narrowed to this policy, or else as it is read.
    pub(super) fn probing(
        base: &SdkConfig,
        account: &AwsAccount,
        session_name: &str,
        policy: String,
        counts: &CallCounts,
    ) -> Self {
        let Some(role) = &account.enforce_role else {
            return Self::reading(base, account, session_name, counts);
        };
        let session = Session { name: session_name.to_owned(), policy: Some(policy) };
        Self { config: assuming(base, account, role, session, counts), assumed: true, caller: OnceCell::new() }
    }
}

/// The base configuration with the credentials of a session of this role.
pub(super) fn assuming(
    base: &SdkConfig,
    account: &AwsAccount,
    role: &str,
    session: Session,
    counts: &CallCounts,
) -> SdkConfig {
    // Roles of all accounts are assumed at one endpoint: what is counted is whose role it is.
    let place = Place::new(account.id.clone(), base.region().map_or("", Region::as_ref));
    let sts = aws_sdk_sts::config::Builder::from(base).interceptor(counts.counting("sts", &place)).build();
    let sts = aws_sdk_sts::Client::from_conf(sts);
    let provider = RoleProvider::new(sts, account.clone(), role.to_owned(), session);
    base.to_builder().credentials_provider(SharedCredentialsProvider::new(provider)).build()
}
