//! Inventory and managed nodes of one place: one sweep for each inventory type, never one call for each node, and
//! nodes only where inventory left a question.

use std::sync::Mutex;

use cattleguard_agent::inventory::{DIFFERENCE_TYPE, REPORT_TYPE, SUBTREE_TYPE};
use jiff::{SignedDuration, Timestamp};

use super::{lock, pages};
use crate::collect::builder::Builder;
use crate::collect::source::CloudRead;
use crate::types::{CoverageStatus, InventoryType, Place, Source};

/// Inventory runs every 30 minutes by default; one that is older than this makes it worth asking whether the agent
/// still answers.
const RECENT: SignedDuration = SignedDuration::from_hours(2);

/// Ids in one DescribeInstanceInformation call.
const BATCH: usize = 50;

/// Reads every type of every node.
pub(super) async fn inventory(cloud: &dyn CloudRead, place: &Place, types: &[InventoryType], builder: &Mutex<Builder>) {
    for (index, kind) in types.iter().enumerate() {
        let source = source_of(kind);
        let read = pages::each(
            place,
            "ssm:GetInventory",
            |next| cloud.inventory(place, kind, &[], next),
            |items| lock(builder).found_inventory(items),
        )
        .await;
        match read {
            Ok(()) => lock(builder).covered(place, source, CoverageStatus::Complete, None),
            // One of our agent's types explains nothing without the other.
            Err(broken) => {
                let partial = broken.partial || (source == Source::Ssm && index > 0);
                lock(builder).failed(source, &broken.error, partial);
            }
        }
    }
}

/// Asks about the instances that reported nothing recently: are they managed, does their agent answer?
pub(super) async fn nodes(cloud: &dyn CloudRead, place: &Place, now: Timestamp, builder: &Mutex<Builder>) {
    let since = now.checked_sub(RECENT).unwrap_or(Timestamp::MIN);
    let unheard = lock(builder).unheard_since(place, since);
    for ids in unheard.chunks(BATCH) {
        match cloud.managed_nodes_by_id(place, ids).await {
            Ok(nodes) => {
                let mut builder = lock(builder);
                builder.found_nodes(ids, nodes);
                builder.covered(place, Source::Ssm, CoverageStatus::Complete, None);
            }
            Err(error) => {
                lock(builder).failed(Source::Ssm, &error, true);
                // The next ones would be refused or throttled likewise; what is not asked is not seen.
                return;
            }
        }
    }
    // Every instance has just reported, or there is none: nothing was left to ask.
    lock(builder).covered(place, Source::Ssm, CoverageStatus::Complete, None);
}

/// Our agent's reports travel as inventory and are a source of their own.
fn source_of(kind: &InventoryType) -> Source {
    let ours = [REPORT_TYPE, SUBTREE_TYPE, DIFFERENCE_TYPE];
    if ours.contains(&kind.as_str()) { Source::Agent } else { Source::Ssm }
}
