//! The clients that write: a session for each operation, narrowed to its instances.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_config::identity::IdentityCache;
use aws_sdk_ec2::config::retry::RetryConfig;
use aws_types::SdkConfig;

use super::account::assuming;
use super::clients::PlaceClients;
use super::connection::in_region;
use super::counter::CallCounts;
use super::role::Session;
use super::session_policy;
use super::settings::{AwsAccount, AwsSettings};
use super::throttle::Quotas;
use crate::remediate::CallContext;
use crate::types::{AccountId, InstanceId, OperationId, Place};

/// Sets of clients that are kept. More operations than this at a time assume their roles again.
const KEPT: usize = 64;

/// `RoleSessionName` of the STS API reference.
const NAME_LIMIT: usize = 64;

/// What a session is narrowed to. Without a role of their own all operations of a place share one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Scope {
    place: Place,
    operation: Option<(OperationId, InstanceId, Option<InstanceId>)>,
}

/// The writing clients.
#[derive(Debug)]
pub(super) struct Writers {
    base: SdkConfig,
    accounts: HashMap<AccountId, AwsAccount>,
    settings: AwsSettings,
    counts: CallCounts,
    quotas: Quotas,
    clients: Mutex<HashMap<Scope, Arc<PlaceClients>>>,
}

impl Writers {
    pub(super) fn new(base: SdkConfig, settings: AwsSettings, counts: CallCounts, quotas: Quotas) -> Self {
        let accounts = settings.accounts.iter().map(|account| (account.id.clone(), account.clone())).collect();
        Self { base, accounts, settings, counts, quotas, clients: Mutex::default() }
    }

    /// The clients for calls of this operation. The account was looked up before.
    pub(super) fn of(&self, context: &CallContext<'_>) -> Arc<PlaceClients> {
        let account = self.accounts.get(&context.place.account);
        let role = account.and_then(|account| account.enforce_role.as_deref());
        let operation =
            role.map(|_| (context.operation.clone(), context.instance.clone(), context.replacement.cloned()));
        let scope = Scope { place: context.place.clone(), operation };
        let mut known = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KEPT && !known.contains_key(&scope) {
            known.clear();
        }
        known.entry(scope).or_insert_with(|| Arc::new(self.make(context, account, role))).clone()
    }

    fn make(&self, context: &CallContext<'_>, account: Option<&AwsAccount>, role: Option<&str>) -> PlaceClients {
        let credentials = match (account, role) {
            (Some(account), Some(role)) => {
                let partition = role.split(':').nth(1).unwrap_or("aws");
                let policy = Some(session_policy::writing(partition, context));
                let session = Session { name: session_name(context.operation), policy };
                assuming(&self.base, account, role, session, &self.counts)
            }
            (Some(account), None) => match &account.role {
                Some(role) => {
                    let session = Session { name: self.settings.session_name.clone(), policy: None };
                    assuming(&self.base, account, role, session, &self.counts)
                }
                None => self.base.clone(),
            },
            (None, _) => self.base.clone(),
        };
        // One attempt: whether a call that was not answered has happened is asked of AWS, never tried out.
        // The session of one operation ends with it, so its credentials are cached with its clients.
        let config = credentials
            .to_builder()
            .retry_config(RetryConfig::disabled())
            .identity_cache(IdentityCache::lazy().load_timeout(self.settings.operation_timeout).build())
            .build();
        PlaceClients::new(context.place.clone(), &in_region(&config, context.place), &self.counts, &self.quotas)
    }
}

/// Tells in CloudTrail which operation made a call.
fn session_name(operation: &OperationId) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || "_+=,.@-".contains(c) { c } else { '-' };
    format!("cattleguard-{operation}").chars().map(allowed).take(NAME_LIMIT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::ApiMeter;

    #[test]
    fn session_names_carry_the_operation_within_the_rules_of_sts() {
        let operation = OperationId::new("op-019ab3f4-7c1e-7b51-9d0c-2f3a4b5c6d7e");
        assert_eq!(session_name(&operation), "cattleguard-op-019ab3f4-7c1e-7b51-9d0c-2f3a4b5c6d7e");
        let odd = session_name(&OperationId::new(format!("op/{}", "é".repeat(90))));
        assert!(odd.starts_with("cattleguard-op--") && odd.len() == NAME_LIMIT, "{odd}");
    }

    #[test]
    fn clients_are_made_once_for_each_scope() {
        let role = Some("arn:aws:iam::111122223333:role/enforcer".to_owned());
        let accounts = vec![AwsAccount::new("111122223333").enforcing_as(role), AwsAccount::new("444455556666")];
        let settings = AwsSettings { accounts, ..AwsSettings::default() };
        let quotas = Quotas::new(&settings.rates).unwrap();
        let base = SdkConfig::builder().behavior_version(aws_config::BehaviorVersion::latest()).build();
        let base = super::super::connection::tuned(base, &settings);
        let writers = Writers::new(base, settings, CallCounts::new(ApiMeter::default()), quotas);
        let (old, new) = (InstanceId::new("i-1"), InstanceId::new("i-2"));
        let of = |account: &str, operation: &str, replacement| {
            let (place, operation) = (Place::new(account, "eu-west-1"), OperationId::new(operation));
            let context =
                CallContext { place: &place, operation: &operation, instance: &old, replacement, user_data: None };
            writers.of(&context)
        };
        let first = of("111122223333", "op-1", None);
        assert!(Arc::ptr_eq(&first, &of("111122223333", "op-1", None)));
        assert!(!Arc::ptr_eq(&first, &of("111122223333", "op-1", Some(&new))), "it may do more now");
        assert!(!Arc::ptr_eq(&first, &of("111122223333", "op-2", None)));
        let shared = of("444455556666", "op-1", None);
        assert!(Arc::ptr_eq(&shared, &of("444455556666", "op-2", Some(&new))));
    }
}
