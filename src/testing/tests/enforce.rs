//! The account as the enforcer meets it.

mod balance;
mod faults;
mod launch;
mod log;
mod network;
mod power;
mod replay;
mod scaling;
mod storage;

use std::collections::BTreeSet;
use std::time::Duration;

use crate::remediate::{
    Answered, CallContext, CloudProbe, CloudWrite, InstanceDetail, LaunchRequest, Output, PlacementDetail, WriteCall,
    WriteError, WriteFailure,
};
use crate::testing::{FleetBuilder, SimFleet};
use crate::types::{InstanceId, OperationId, Place, SecurityGroupId};

pub(super) fn place() -> Place {
    Place::new("000000000000", "eu-west-1")
}

/// Three servers of their own, a group of three, few packages.
pub(super) fn world() -> World {
    let fleet = FleetBuilder::new("web").standalone(3).group(3).packages(5).build().unwrap();
    World { fleet }
}

pub(super) struct World {
    pub(super) fleet: SimFleet,
}

impl World {
    pub(super) fn server(&self, index: usize) -> InstanceId {
        self.fleet.standalone[&place()][index].clone()
    }

    pub(super) fn group(&self) -> (String, String, Vec<InstanceId>) {
        let group = &self.fleet.groups[&place()][0];
        (group.name.clone(), group.target_group.clone(), group.members.clone())
    }

    pub(super) fn wait(&self, seconds: u64) {
        self.fleet.clock.advance(Duration::from_secs(seconds));
    }

    pub(super) async fn call(&self, call: WriteCall) -> Result<Answered, WriteError> {
        call_on(&self.fleet.cloud, call).await
    }

    pub(super) async fn does(&self, call: WriteCall) -> Output {
        self.call(call).await.unwrap().output
    }

    pub(super) async fn refuses(&self, call: WriteCall) -> (WriteFailure, String) {
        let error = self.call(call).await.unwrap_err();
        (error.failure, error.detail.split(':').next().unwrap().to_owned())
    }

    pub(super) async fn detail(&self, id: &InstanceId) -> InstanceDetail {
        CloudProbe::instance(&self.fleet.cloud, &place(), id).await.unwrap().unwrap()
    }

    pub(super) async fn state(&self, id: &InstanceId) -> String {
        self.detail(id).await.instance.state
    }

    /// Health in a target group; `-` when it is not there.
    pub(super) async fn health(&self, group: &str, target: &InstanceId) -> String {
        let all = self.fleet.cloud.targets(&place(), group).await.unwrap();
        let found = all.into_iter().find(|held| held.target == target.as_str());
        found.map_or_else(|| "-".to_owned(), |held| held.state)
    }

    pub(super) async fn isolation(&self) -> SecurityGroupId {
        let vpc = self.detail(&self.server(0)).await.vpc.unwrap();
        let group = self.fleet.cloud.security_group(&place(), &vpc, "cattleguard-isolate").await.unwrap().unwrap();
        assert_eq!((group.ingress, group.egress, group.open), (0, 0, false));
        group.id
    }

    /// A launch like that of a server that exists.
    pub(super) async fn launch_like(&self, id: &InstanceId, token: &str) -> LaunchRequest {
        let detail = self.detail(id).await;
        LaunchRequest {
            image: detail.instance.image.clone(),
            instance_type: detail.instance.instance_type.clone(),
            subnet: detail.interfaces[0].subnet.clone(),
            zone: detail.instance.zone.clone(),
            security_groups: detail.interfaces[0].groups.clone(),
            profile: detail.profile.as_ref().map(|(_, arn)| arn.rsplit('/').next().unwrap().to_owned()),
            key_name: None,
            metadata: detail.instance.metadata_options.clone(),
            user_data: None,
            volumes: Vec::new(),
            source_dest_check: None,
            placement: PlacementDetail::default(),
            tags: [("app".to_owned(), "web".to_owned())].into(),
            token: token.to_owned(),
        }
    }
}

pub(super) async fn call_on(cloud: &dyn CloudWrite, call: WriteCall) -> Result<Answered, WriteError> {
    let (here, operation, instance) = (place(), OperationId::new("op-1"), InstanceId::new("i-1"));
    let context =
        CallContext { place: &here, operation: &operation, instance: &instance, replacement: None, user_data: None };
    cloud.call(&context, &call).await
}

pub(super) fn groups(ids: &[&SecurityGroupId]) -> BTreeSet<SecurityGroupId> {
    ids.iter().map(|id| (*id).clone()).collect()
}

pub(super) fn instance(output: Output) -> InstanceId {
    match output {
        Output::Instance(id) => id,
        other => panic!("{other:?}"),
    }
}
