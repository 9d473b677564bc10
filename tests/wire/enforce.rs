//! What enforcement does, over the wire: every call by its effect, every probe by what it tells.

mod attributes;
mod errors;
mod evidence;
mod groups;
mod identity;
mod launch;
mod network;
mod permissions;
mod prepared;
mod sessions;
mod storage;
mod targets;

use std::collections::BTreeMap;

use cattleguard::aws::AwsEnforcer;
use cattleguard::remediate::{Answered, CallContext, CloudProbe, CloudWrite, InstanceDetail, WriteCall, WriteError};
use cattleguard::types::{InstanceId, OperationId, Place};

use crate::scene::{IRELAND, Person, SHOP, Scene, ireland};

/// One server, somebody with rights, and one operation on it.
pub(crate) struct Yard {
    pub(crate) scene: Scene,
    pub(crate) mia: Person,
    pub(crate) enforcer: AwsEnforcer,
    pub(crate) place: Place,
    pub(crate) operation: OperationId,
    pub(crate) server: InstanceId,
}

impl Yard {
    /// With one running server.
    pub(crate) async fn new() -> Self {
        let scene = Scene::new().await;
        let mia = scene.person("mia@example.com", SHOP, IRELAND).await;
        let server = mia.launch("ami-0123456789abcdef0", "web", 1).await.remove(0).into();
        let enforcer = scene.enforcer();
        let operation = OperationId::new("op-019ab3f4-7c1e-7b51-9d0c-2f3a4b5c6d7e");
        Self { place: ireland(SHOP), scene, mia, enforcer, operation, server }
    }

    pub(crate) fn context(&self) -> CallContext<'_> {
        CallContext {
            place: &self.place,
            operation: &self.operation,
            instance: &self.server,
            replacement: None,
            user_data: None,
        }
    }

    /// Makes a call that must succeed, and be told with a request id.
    pub(crate) async fn call(&self, call: WriteCall) -> Answered {
        let answered = self.try_call(&call).await.unwrap_or_else(|error| panic!("{call:?}: {error}"));
        assert!(answered.request_id.as_ref().is_some_and(|id| !id.is_empty()), "{call:?}: {answered:?}");
        answered
    }

    pub(crate) async fn try_call(&self, call: &WriteCall) -> Result<Answered, WriteError> {
        self.enforcer.call(&self.context(), call).await
    }

    /// The server as it is now.
    pub(crate) async fn detail(&self) -> InstanceDetail {
        self.enforcer.instance(&self.place, &self.server).await.unwrap().unwrap()
    }

    /// A second server.
    pub(crate) async fn another(&self) -> InstanceId {
        self.mia.launch("ami-0123456789abcdef0", "web", 1).await.remove(0).into()
    }

    /// A subnet of the default VPC with its zone.
    pub(crate) async fn subnet(&self, index: usize) -> (String, String) {
        let mut subnets = self.mia.ec2.describe_subnets().send().await.unwrap().subnets.unwrap();
        subnets.sort_by(|a, b| a.availability_zone.cmp(&b.availability_zone));
        let subnet = subnets.remove(index);
        (subnet.subnet_id.unwrap(), subnet.availability_zone.unwrap())
    }
}

pub(crate) fn tags(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}
