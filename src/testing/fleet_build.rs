//! Carries out what a [`FleetBuilder`] describes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::clock::before;
use super::cloud::{FakeCloud, GroupSpec};
use super::content::{Content, Reports, report};
use super::error::SimError;
use super::fleet::{FleetBuilder, SimFleet, SimGroup};
use super::ground::subnet_of;
use super::launch::{LaunchSpec, ROOT_DEVICE};
use crate::types::{Image, ImageId, InstanceId, Place, Region, architecture_of};

/// Zones of a region that servers are spread over.
const ZONES: [char; 3] = ['a', 'b', 'c'];

pub(super) fn build(wanted: &FleetBuilder, cloud: &FakeCloud) -> Result<SimFleet, SimError> {
    let content = wanted.content();
    let reports = report(&content, before(cloud.clock().now(), wanted.inventory_age));
    let images = add_images(wanted, cloud, &content)?;
    let mut references = BTreeMap::new();
    let (mut standalone, mut groups) = (BTreeMap::new(), BTreeMap::new());
    for place in &wanted.places {
        let Some(image) = images.get(&place.region) else { continue };
        let spec = launch_spec(wanted, place, image);
        references.insert(place.clone(), add_reference(wanted, cloud, place, &spec)?);
        standalone.insert(place.clone(), add_standalone(wanted, cloud, place, &spec)?);
        groups.insert(place.clone(), add_groups(wanted, cloud, place, &spec)?);
    }
    let first = wanted.places.first().and_then(|place| references.get(place));
    let reference = first.cloned().ok_or_else(|| SimError::missing("the first place"))?;
    let fleet = SimFleet {
        cloud: cloud.clone(),
        clock: cloud.clock().clone(),
        images,
        reference,
        references,
        standalone,
        groups,
    };
    set_reports(&fleet, &reports)?;
    Ok(fleet)
}

/// One AMI for each region, owned by the first account and shared with the others.
fn add_images(
    wanted: &FleetBuilder,
    cloud: &FakeCloud,
    content: &Arc<Content>,
) -> Result<BTreeMap<Region, ImageId>, SimError> {
    let mut images: BTreeMap<Region, ImageId> = BTreeMap::new();
    for place in &wanted.places {
        cloud.add_place(place)?;
        let id = match images.get(&place.region) {
            Some(known) => known.clone(),
            None => ImageId::from(cloud.lock().ids.resource("ami")),
        };
        images.insert(place.region.clone(), id.clone());
        let image = Image {
            id,
            name: Some(format!("{}-{}", wanted.line, wanted.version)),
            state: "available".to_owned(),
            owner: wanted.places.first().map(|first| first.account.clone()),
            created_at: Some(before(wanted.launched_at(cloud), std::time::Duration::from_secs(86_400))),
            deprecated_at: None,
            root_device: Some(ROOT_DEVICE.to_owned()),
            architecture: architecture_of(&wanted.instance_type).map(str::to_owned),
        };
        cloud.share_image(place, image, content.clone())?;
    }
    Ok(images)
}

fn launch_spec(wanted: &FleetBuilder, place: &Place, image: &ImageId) -> LaunchSpec {
    let zone = zone_of(place, 0);
    let named = |name: &String| SimFleet::security_group(&place.region, name);
    LaunchSpec {
        instance_type: Arc::from(wanted.instance_type.as_str()),
        subnet: Arc::from(subnet_of(place, &zone)),
        profile: wanted.profile.as_deref().map(Arc::from),
        security_groups: wanted.security_groups.iter().map(named).collect(),
        user_data: wanted.user_data.as_deref().map(Arc::from),
        tags: Arc::new(wanted.tags.clone()),
        ..LaunchSpec::of_image(image, &zone)
    }
}

fn zone_of(place: &Place, index: usize) -> String {
    let letter = ZONES.get(index % ZONES.len()).copied().unwrap_or('a');
    format!("{}{letter}", place.region)
}

fn add_reference(
    wanted: &FleetBuilder,
    cloud: &FakeCloud,
    place: &Place,
    spec: &LaunchSpec,
) -> Result<InstanceId, SimError> {
    let mut tags = wanted.tags.clone();
    tags.remove("app");
    tags.insert("Name".to_owned(), format!("{}-reference", wanted.line));
    let spec = LaunchSpec { tags: Arc::new(tags), ..spec.clone() };
    let since = wanted.launched_at(cloud);
    cloud.lock().launch(place, &spec, since)
}

fn add_standalone(
    wanted: &FleetBuilder,
    cloud: &FakeCloud,
    place: &Place,
    spec: &LaunchSpec,
) -> Result<Vec<InstanceId>, SimError> {
    let since = wanted.launched_at(cloud);
    let zones: Vec<Arc<str>> = (0..ZONES.len()).map(|index| Arc::from(zone_of(place, index))).collect();
    let mut state = cloud.lock();
    let launch = |index: usize| {
        let zone = zones.get(index % zones.len()).unwrap_or(&spec.zone);
        let subnet = Arc::from(subnet_of(place, zone));
        state.launch(place, &LaunchSpec { zone: zone.clone(), subnet, ..spec.clone() }, since)
    };
    (0..wanted.standalone).map(launch).collect()
}

fn add_groups(
    wanted: &FleetBuilder,
    cloud: &FakeCloud,
    place: &Place,
    spec: &LaunchSpec,
) -> Result<Vec<SimGroup>, SimError> {
    let since = wanted.launched_at(cloud);
    let mut built = Vec::new();
    for (index, count) in wanted.groups.iter().enumerate() {
        let name = format!("{}-{}", wanted.line, index + 1);
        let target_group = cloud.add_target_group(place, &name, "instance")?;
        let mut tags = wanted.tags.clone();
        tags.insert("aws:autoscaling:groupName".to_owned(), name.clone());
        let size = i32::try_from(*count).unwrap_or(i32::MAX);
        cloud.add_group(
            place,
            GroupSpec {
                name: name.clone(),
                min_size: size / 2,
                max_size: size.saturating_mul(2),
                template: LaunchSpec { tags: Arc::new(tags), ..spec.clone() },
                zones: (0..ZONES.len()).map(|zone| zone_of(place, zone)).collect(),
                target_groups: vec![target_group.clone()],
            },
        )?;
        let members = cloud.lock().launch_members(place, &name, *count, since)?;
        built.push(SimGroup { name, target_group, members });
    }
    Ok(built)
}

/// All servers share one report.
fn set_reports(fleet: &SimFleet, reports: &Arc<Reports>) -> Result<(), SimError> {
    let mut state = fleet.cloud.lock();
    for instance in fleet.instances().iter().chain(fleet.references.values()) {
        let place = state.place_of(instance)?;
        state.change(&place, instance, |server| {
            if server.node.is_some() {
                server.reports = reports.clone();
            }
        })?;
    }
    Ok(())
}
