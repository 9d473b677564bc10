//! Managed nodes and their inventory in one place: one sweep per inventory type, never one call per node.

use std::sync::Mutex;

use cattleguard_agent::inventory::{DIFFERENCE_TYPE, REPORT_TYPE, SUBTREE_TYPE};

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
        Err(broken) => {
            lock(builder).failed(Source::Ssm, &broken.error, broken.partial);
            if managed == 0 {
                return;
            }
        }
    }
    if managed == 0 {
        // Nobody is there to report.
        if types.iter().any(|kind| source_of(kind) == Source::Agent) {
            lock(builder).covered(place, Source::Agent, CoverageStatus::Complete, None);
        }
        return;
    }
    for kind in types {
        let source = source_of(kind);
        let read = pages::each(
            place,
            "ssm:GetInventory",
            |next| cloud.inventory(place, kind, next),
            |items| lock(builder).found_inventory(items),
        )
        .await;
        match read {
            Ok(()) if source == Source::Agent => {
                lock(builder).covered(place, source, CoverageStatus::Complete, None);
            }
            Ok(()) => {}
            // Managed nodes were read, so inventory is partial at worst. Half of our agent's types explain nothing.
            Err(broken) => lock(builder).failed(source, &broken.error, source == Source::Ssm || broken.partial),
        }
    }
}

/// Our agent's reports travel as inventory and are a source of their own.
fn source_of(kind: &InventoryType) -> Source {
    let ours = [REPORT_TYPE, SUBTREE_TYPE, DIFFERENCE_TYPE];
    if ours.contains(&kind.as_str()) { Source::Agent } else { Source::Ssm }
}
