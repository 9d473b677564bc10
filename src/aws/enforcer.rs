//! [`AwsEnforcer`]: what enforcement needs of AWS. Only commands that enforce construct it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use aws_types::SdkConfig;

use super::account::Account;
use super::connection::{Connection, base_config, tuned};
use super::counter::CallCounts;
use super::settings::{AwsSettings, ConnectError};
use super::throttle::Quotas;
use super::write::{self, Ask, Intent};
use super::writers::Writers;
use super::{elb, identity, probe, session_policy};
use crate::collect::source::TargetHealth;
use crate::collect::{ReadError, ReadFailure};
use crate::plan::AlarmState;
use crate::remediate::{
    AclDetail, Answered, CallContext, CloudProbe, CloudWrite, GroupDetail, InstanceDetail, RoleDetail, RootReplacement,
    SecurityGroupDetail, SnapshotDetail, StatusChecks, VolumeDetail, WriteCall, WriteError,
};
use crate::types::{AccountId, InstanceId, Place, VolumeId};

/// Probes and writes of AWS accounts through the SDK.
///
/// Probes are made in a session of the enforcing role that can only read; each operation's calls in one that is
/// narrowed to its instances. Calls that write are never repeated here: the engine looks first.
#[derive(Debug)]
pub struct AwsEnforcer {
    probes: Connection,
    writers: Writers,
    enforce_roles: HashMap<AccountId, String>,
    principals: Mutex<HashMap<AccountId, String>>,
    instance_stores: Mutex<HashMap<String, bool>>,
}

impl AwsEnforcer {
    /// Reads the standard configuration as [`AwsCloud::connect`](super::AwsCloud::connect) does. AWS is not asked
    /// yet.
    ///
    /// # Errors
    ///
    /// Settings that cannot work, see [`ConnectError`].
    pub async fn connect(settings: AwsSettings) -> Result<Self, ConnectError> {
        settings.check()?;
        Self::with_base(base_config(&settings).await, settings)
    }

    /// Like [`connect`](Self::connect), over an SDK configuration that is already there.
    ///
    /// # Errors
    ///
    /// Settings that cannot work, see [`ConnectError`].
    pub fn with_base(base: SdkConfig, settings: AwsSettings) -> Result<Self, ConnectError> {
        settings.check()?;
        let quotas = Quotas::new(&settings.rates)?;
        let counts = CallCounts::new(settings.meter.clone());
        let base = tuned(base, &settings);
        let (mut accounts, mut enforce_roles) = (HashMap::new(), HashMap::new());
        for account in &settings.accounts {
            let policy = session_policy::probing();
            let probing = Account::probing(&base, account, &settings.session_name, policy, &counts);
            accounts.insert(account.id.clone(), probing);
            match &account.enforce_role {
                Some(role) => _ = enforce_roles.insert(account.id.clone(), role.clone()),
                None => tracing::warn!(
                    account.id = %account.id,
                    "no enforce_role: this account is changed with the credentials that read it, not narrowed to an operation"
                ),
            }
        }
        Ok(Self {
            probes: Connection::new(accounts, counts.clone(), quotas),
            writers: Writers::new(base, settings, counts, quotas),
            enforce_roles,
            principals: Mutex::default(),
            instance_stores: Mutex::default(),
        })
    }

    /// Requests by `service:Operation` so far, those of probes and of writes.
    pub fn calls(&self) -> BTreeMap<String, u64> {
        self.probes.calls()
    }

    /// The call with all that it needs, made or rehearsed by `then`.
    async fn ask(&self, context: &CallContext<'_>, call: &WriteCall, intent: Intent) -> Result<Prepared, WriteError> {
        let api = call.api();
        let before = |error| write::before(error, api);
        // Base credentials are first shown to belong to the account.
        let looking = self.probes.at(api, context.place).await.map_err(before)?;
        let associations = match (call, intent) {
            (WriteCall::RefreshInventory { instance }, Intent::Make) => {
                probe::inventory::associations(&looking, instance).await.map_err(before)?
            }
            _ => Vec::new(),
        };
        let clients = self.writers.of(context);
        Ok(Prepared { clients, associations })
    }

    /// ARN of the role or user behind the enforcing credentials.
    async fn principal_of(&self, place: &Place) -> Result<String, ReadError> {
        if let Some(role) = self.enforce_roles.get(&place.account) {
            return Ok(role.clone());
        }
        if let Some(known) = self.principals.lock().unwrap_or_else(PoisonError::into_inner).get(&place.account) {
            return Ok(known.clone());
        }
        let caller = self.probes.caller(place).await?;
        let principal = match identity::role_of_session(&caller) {
            None => caller,
            Some(name) => probe::role::role_arn(&*self.probes.at(identity::API, place).await?, name).await?,
        };
        let mut known = self.principals.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(place.account.clone(), principal.clone());
        Ok(principal)
    }

    fn known_store(&self, kind: &str) -> Option<bool> {
        self.instance_stores.lock().unwrap_or_else(PoisonError::into_inner).get(kind).copied()
    }
}

/// What a call is made with.
struct Prepared {
    clients: Arc<super::clients::PlaceClients>,
    associations: Vec<String>,
}

#[async_trait]
impl CloudWrite for AwsEnforcer {
    async fn call(&self, context: &CallContext<'_>, call: &WriteCall) -> Result<Answered, WriteError> {
        let Prepared { clients, associations } = self.ask(context, call, Intent::Make).await?;
        let user_data = context.user_data;
        write::perform(&Ask { clients: &clients, intent: Intent::Make, call, user_data, associations }).await
    }

    async fn rehearse(&self, context: &CallContext<'_>, call: &WriteCall) -> Result<(), WriteError> {
        if !write::can_rehearse(call) {
            return Ok(());
        }
        let Prepared { clients, associations } = self.ask(context, call, Intent::Rehearse).await?;
        let user_data = context.user_data;
        write::rehearse(&Ask { clients: &clients, intent: Intent::Rehearse, call, user_data, associations }).await
    }

    async fn principal(&self, place: &Place) -> Result<String, ReadError> {
        self.principal_of(place).await
    }
}

#[async_trait]
impl CloudProbe for AwsEnforcer {
    async fn instance(&self, place: &Place, id: &InstanceId) -> Result<Option<InstanceDetail>, ReadError> {
        let clients = self.probes.at(super::ec2::DESCRIBE_INSTANCES, place).await?;
        let found = probe::instance::instance(&clients, id, |kind| self.known_store(kind)).await?;
        if let Some(detail) = found.as_ref().filter(|detail| !detail.shutdown_behavior.is_empty()) {
            let mut known = self.instance_stores.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(detail.instance.instance_type.clone(), detail.instance_store);
        }
        Ok(found)
    }

    async fn launched_with(&self, place: &Place, token: &str) -> Result<Vec<(InstanceId, String)>, ReadError> {
        probe::instance::launched_with(&*self.probes.at(super::ec2::DESCRIBE_INSTANCES, place).await?, token).await
    }

    async fn status(&self, place: &Place, id: &InstanceId) -> Result<Option<StatusChecks>, ReadError> {
        probe::status::status(&*self.probes.at("ec2:DescribeInstanceStatus", place).await?, id).await
    }

    async fn targets(&self, place: &Place, group: &str) -> Result<Vec<TargetHealth>, ReadError> {
        probe::status::targets(&*self.probes.at(elb::DESCRIBE_HEALTH, place).await?, group).await
    }

    async fn group(&self, place: &Place, name: &str) -> Result<Option<GroupDetail>, ReadError> {
        probe::group::group(&*self.probes.at(super::autoscaling::DESCRIBE_GROUPS, place).await?, name).await
    }

    async fn snapshots(&self, place: &Place, key: &str, value: &str) -> Result<Vec<SnapshotDetail>, ReadError> {
        probe::storage::snapshots(&*self.probes.at("ec2:DescribeSnapshots", place).await?, key, value).await
    }

    async fn volumes(&self, place: &Place, ids: &[VolumeId]) -> Result<Vec<VolumeDetail>, ReadError> {
        probe::storage::volumes(&*self.probes.at(super::ec2::DESCRIBE_VOLUMES, place).await?, ids).await
    }

    async fn root_replacements(&self, place: &Place, id: &InstanceId) -> Result<Vec<RootReplacement>, ReadError> {
        probe::storage::root_replacements(&*self.probes.at("ec2:DescribeReplaceRootVolumeTasks", place).await?, id)
            .await
    }

    async fn security_group(
        &self,
        place: &Place,
        vpc: &str,
        name: &str,
    ) -> Result<Option<SecurityGroupDetail>, ReadError> {
        probe::network::security_group(&*self.probes.at("ec2:DescribeSecurityGroups", place).await?, vpc, name).await
    }

    async fn subnet_acl(&self, place: &Place, subnet: &str) -> Result<Option<AclDetail>, ReadError> {
        probe::network::subnet_acl(&*self.probes.at("ec2:DescribeNetworkAcls", place).await?, subnet).await
    }

    async fn role_of(&self, place: &Place, profile_arn: &str) -> Result<Option<RoleDetail>, ReadError> {
        probe::role::role_of(&*self.probes.at("iam:GetInstanceProfile", place).await?, profile_arn).await
    }

    async fn role_policy(&self, place: &Place, role: &str, policy: &str) -> Result<Option<String>, ReadError> {
        probe::role::role_policy(&*self.probes.at("iam:GetRolePolicy", place).await?, role, policy).await
    }

    async fn console_output(&self, place: &Place, id: &InstanceId) -> Result<Option<String>, ReadError> {
        probe::evidence::console_output(&*self.probes.at("ec2:GetConsoleOutput", place).await?, id).await
    }

    async fn parameter(&self, place: &Place, name: &str) -> Result<Option<String>, ReadError> {
        probe::parameter::parameter(&*self.probes.at("ssm:GetParameter", place).await?, name).await
    }

    async fn alarms(&self, place: &Place, names: &[String]) -> Result<BTreeMap<String, AlarmState>, ReadError> {
        probe::alarms::alarms(&*self.probes.at("cloudwatch:DescribeAlarms", place).await?, names).await
    }

    async fn missing_permissions(&self, place: &Place, actions: &[&str]) -> Result<Vec<String>, ReadError> {
        const API: &str = "iam:SimulatePrincipalPolicy";
        let principal = self.principal_of(place).await?;
        if principal.ends_with(":root") {
            // It has no policies to simulate, and an empty list would say that it was asked.
            let detail = "the root user cannot be simulated; give the account an enforce_role".to_owned();
            return Err(ReadError { api: API, place: place.clone(), failure: ReadFailure::Invalid, detail });
        }
        probe::permissions::missing(&*self.probes.at(API, place).await?, &principal, actions).await
    }
}
