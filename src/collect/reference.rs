//! Reads one instance completely, for `golden record`: unlike a scan, anything that cannot be read is an error,
//! since a golden recorded from half an observation would judge servers by it.

use jiff::Timestamp;

use super::builder::Builder;
use super::collector::user_data_digest;
use super::source::{CloudRead, PageToken, ReadError, ReadFailure};
use super::trail::{Batch, ClassifyContext, LinkMap, lookup_into};
use crate::types::{ChangeEvent, Image, ImageId, Instance, InstanceId, InventoryType, Place};

/// Describes one image, or says that it is not there.
///
/// # Errors
/// [`ReadFailure::NotFound`] when the place has no such image; else the read's own error.
pub async fn read_image(cloud: &dyn CloudRead, place: &Place, image: &ImageId) -> Result<Image, ReadError> {
    let found = cloud.images(place, std::slice::from_ref(image)).await?;
    found
        .into_iter()
        .find(|candidate| candidate.id == *image)
        .ok_or_else(|| not_found("ec2:DescribeImages", place, format!("no image {image} that this account can see")))
}

/// Reads one instance with its volumes, user data and every given inventory type.
///
/// # Errors
/// The first read that fails.
pub async fn read_reference(
    cloud: &dyn CloudRead,
    place: &Place,
    id: &InstanceId,
    types: &[InventoryType],
    now: Timestamp,
) -> Result<Instance, ReadError> {
    let mut builder = Builder::default();
    let found = cloud.instances_by_id(place, std::slice::from_ref(id)).await?;
    if !found.iter().any(|instance| instance.id == *id) {
        return Err(not_found("ec2:DescribeInstances", place, format!("no instance {id}")));
    }
    builder.found_instances(place, found);
    let mut next = None;
    loop {
        let page = cloud.volumes(place, next).await?;
        builder.found_volumes(page.items);
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    let user_data = cloud.user_data(place, id).await?;
    builder.found_user_data(id.clone(), user_data.map(|text| user_data_digest(&text)));
    for kind in types {
        read_type(cloud, place, id, kind, &mut builder).await?;
    }
    let snapshot = builder.build("reference".into(), now, now, cloud.calls());
    snapshot
        .instances
        .into_iter()
        .find(|instance| instance.id == *id)
        .ok_or_else(|| not_found("ec2:DescribeInstances", place, format!("no instance {id}")))
}

/// The change events on one instance between two times, as the event history of its place tells them; calls of our own
/// are none.
///
/// # Errors
/// The read's error: half a history proves nothing.
pub async fn read_events(
    cloud: &dyn CloudRead,
    instance: &Instance,
    (from, to): (Timestamp, Timestamp),
    own: ClassifyContext,
) -> Result<Vec<ChangeEvent>, ReadError> {
    let place = instance.place();
    let mut batch = Batch::new(own);
    lookup_into(cloud, &place, from, to, &mut |record| batch.add(&record, &place)).await?;
    let mut events = batch.finish(&mut LinkMap::build(std::slice::from_ref(instance), &[])).events;
    events.retain(|event| event.instances.contains(&instance.id));
    Ok(events)
}

async fn read_type(
    cloud: &dyn CloudRead,
    place: &Place,
    id: &InstanceId,
    kind: &InventoryType,
    builder: &mut Builder,
) -> Result<(), ReadError> {
    let mut next: Option<PageToken> = None;
    loop {
        let page = match cloud.inventory_entries(place, id, kind, next).await {
            Ok(page) => page,
            // Not every platform reports every type; an absent one is simply not part of the baseline.
            Err(error) if error.failure == ReadFailure::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        builder.found_inventory(page.items.into_iter().filter(|record| !record.entries.is_empty()).collect());
        next = page.next;
        if next.is_none() {
            return Ok(());
        }
    }
}

fn not_found(api: &'static str, place: &Place, detail: String) -> ReadError {
    ReadError { api, place: place.clone(), failure: ReadFailure::NotFound, detail }
}
