//! Managed nodes and their inventory in one place: one sweep per inventory type, never one call per node.

use std::sync::Mutex;

use super::{lock, pages};
use crate::collect::builder::Builder;
use crate::collect::source::CloudRead;
use crate::types::{CoverageStatus, InventoryType, Place, Source};

pub(super) async fn read(cloud: &dyn CloudRead, place: &Place, types: &[InventoryType], builder: &Mutex<Builder>) {
    let mut managed = 0;
    let nodes = pages::each(
        place,
        "ssm:DescribeInstanceInformation",
        |next| cloud.managed_nodes(place, next),
        |items| {
            managed += items.len();
            lock(builder).found_nodes(items);
        },
    )
    .await;
    match nodes {
        Ok(()) => {
            let mut builder = lock(builder);
            builder.nodes_complete(place);
            builder.covered(place, Source::Ssm, CoverageStatus::Complete, None);
        }
        Err(broken) => lock(builder).failed(Source::Ssm, &broken.error, broken.partial),
    }
    if managed == 0 {
        return;
    }
    for kind in types {
        let read = pages::each(
            place,
            "ssm:GetInventory",
            |next| cloud.inventory(place, kind, next),
            |items| lock(builder).found_inventory(items),
        )
        .await;
        if let Err(broken) = read {
            // Managed nodes were read, so the source is partial at worst.
            lock(builder).failed(Source::Ssm, &broken.error, true);
        }
    }
}
