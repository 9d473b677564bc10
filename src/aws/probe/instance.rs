//! Everything about one instance, in the detail that a change needs.

use aws_sdk_ec2::types as sdk;
use futures::try_join;

use super::instance_parts as parts;
use crate::aws::clients::PlaceClients;
use crate::aws::convert_ec2;
use crate::aws::ec2::{DESCRIBE_INSTANCES, filter};
use crate::aws::error::read_error;
use crate::aws::throttle::Family;
use crate::collect::{ReadError, ReadFailure};
use crate::remediate::{InstanceDetail, PlacementDetail};
use crate::types::{InstanceId, Volume};

/// One instance; `None` when EC2 does not know it. A terminated one is told without its parts: they are gone.
pub(in crate::aws) async fn instance(
    clients: &PlaceClients,
    id: &InstanceId,
    has_store: impl Fn(&str) -> Option<bool>,
) -> Result<Option<InstanceDetail>, ReadError> {
    let Some(found) = described(clients, id).await? else { return Ok(None) };
    let mut detail = plain(clients, found)?;
    if matches!(detail.instance.state.as_str(), "terminated" | "shutting-down") {
        return Ok(Some(detail));
    }
    let kind = detail.instance.instance_type.clone();
    let known = has_store(&kind);
    let (protection, addresses, interfaces, profile, volumes, store) = try_join!(
        parts::protection(clients, id),
        parts::addresses(clients, id),
        parts::interfaces(clients, id),
        parts::profile(clients, id),
        parts::volumes(clients, id),
        async {
            match known {
                Some(known) => Ok(known),
                None => parts::instance_store(clients, &kind).await,
            }
        },
    )?;
    let (interfaces, public) = interfaces;
    detail.auto_public_ip = public.into_iter().find(|ip| addresses.iter().all(|address| address.public_ip != *ip));
    detail.termination_protected = protection.termination;
    detail.stop_protected = protection.stop;
    detail.shutdown_behavior = protection.shutdown;
    detail.instance.profile_association = profile.as_ref().map(|(association, _)| association.clone());
    detail.addresses = addresses;
    detail.interfaces = interfaces;
    detail.profile = profile;
    detail.instance_store = store;
    measure(&mut detail.instance.volumes, volumes);
    Ok(Some(detail))
}

/// Instances launched with this token, terminated ones too.
pub(in crate::aws) async fn launched_with(
    clients: &PlaceClients,
    token: &str,
) -> Result<Vec<(InstanceId, String)>, ReadError> {
    let request = clients.ec2.describe_instances().filters(filter("client-token", [token]));
    let answer = clients.call(Family::Ec2, DESCRIBE_INSTANCES, request.send()).await?;
    let instances =
        answer.reservations.unwrap_or_default().into_iter().flat_map(|one| one.instances.unwrap_or_default());
    let launched = instances.filter_map(|instance| {
        let state = instance.state.as_ref().and_then(sdk::InstanceState::name).map_or("", |name| name.as_str());
        Some((instance.instance_id?.into(), state.to_owned()))
    });
    Ok(launched.collect())
}

async fn described(clients: &PlaceClients, id: &InstanceId) -> Result<Option<sdk::Instance>, ReadError> {
    let request = clients.ec2.describe_instances().instance_ids(id.as_str());
    match clients.attempt(Family::Ec2, request.send()).await {
        Ok(answer) => Ok(answer
            .reservations
            .unwrap_or_default()
            .into_iter()
            .flat_map(|one| one.instances.unwrap_or_default())
            .next()),
        Err(error) => match read_error(DESCRIBE_INSTANCES, &clients.place, &error) {
            error if error.failure == ReadFailure::NotFound => Ok(None),
            error => Err(error),
        },
    }
}

/// What `DescribeInstances` alone says.
fn plain(clients: &PlaceClients, found: sdk::Instance) -> Result<InstanceDetail, ReadError> {
    let (vpc, placement) = (found.vpc_id.clone(), placement(found.placement.as_ref()));
    let ebs_root = found.root_device_type == Some(sdk::DeviceType::Ebs);
    let instance = convert_ec2::instance(&clients.place, found)
        .ok_or_else(|| clients.invalid(DESCRIBE_INSTANCES, "an instance without an id"))?;
    Ok(InstanceDetail {
        instance,
        vpc,
        termination_protected: false,
        stop_protected: false,
        shutdown_behavior: String::new(),
        addresses: Vec::new(),
        auto_public_ip: None,
        interfaces: Vec::new(),
        placement,
        ebs_root,
        instance_store: false,
        profile: None,
    })
}

/// Names that are empty say nothing.
fn placement(found: Option<&sdk::Placement>) -> PlacementDetail {
    let Some(found) = found else { return PlacementDetail::default() };
    let text = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
    PlacementDetail {
        tenancy: found.tenancy.as_ref().map(|tenancy| tenancy.as_str().to_owned()),
        host: text(&found.host_id),
        group: text(&found.group_name),
        partition: found.partition_number.filter(|number| *number > 0),
    }
}

/// Sizes and types, which `DescribeInstances` does not tell.
fn measure(volumes: &mut [Volume], described: Vec<Volume>) {
    for volume in volumes {
        if let Some(found) = described.iter().find(|one| one.id == volume.id) {
            volume.size_gib = found.size_gib;
            volume.volume_type.clone_from(&found.volume_type);
            volume.encrypted = found.encrypted;
        }
    }
}
