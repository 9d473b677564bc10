//! Inventory and managed nodes of one place: one sweep for each inventory type, never one call for each node, and
//! nodes only where inventory left a question.

use std::sync::Mutex;

use cattleguard_agent::inventory::{DIFFERENCE_TYPE, REPORT_TYPE, SUBTREE_TYPE};
use jiff::Timestamp;

use super::{Collection, lock, pages};
use crate::collect::builder::Builder;
use crate::collect::hashes::{RECENT, Reports};
use crate::types::{CoverageStatus, Instance, InstanceId, InventoryType, Place, Source};

/// Ids in one DescribeInstanceInformation call.
const BATCH: usize = 50;

/// Nodes in one filter of GetInventory ("InventoryFilter", SSM API reference).
const NAMED: usize = 40;

/// Nodes on one page of GetInventory.
const PAGE: usize = 50;

/// Inventory, then nodes, where the trail was read before.
pub(super) async fn read(
    collection: &Collection<'_>,
    place: &Place,
    reports: Option<&Reports>,
    builder: &Mutex<Builder>,
) {
    inventory(collection, place, reports, builder).await;
    nodes(collection, place, builder).await;
}

/// Reads every type of every node, but where the trail's reports tell what a node holds.
pub(super) async fn inventory(
    collection: &Collection<'_>,
    place: &Place,
    reports: Option<&Reports>,
    builder: &Mutex<Builder>,
) {
    for (index, kind) in collection.settings.inventory_types.iter().enumerate() {
        let (source, only) =
            (source_of(kind), reports.and_then(|reports| left(collection, place, kind, reports, builder)));
        // One sweep without a filter, or as many filters as it takes.
        let sweep = [&[] as &[InstanceId]];
        let filters: Vec<&[InstanceId]> = only.as_deref().map_or(sweep.to_vec(), |ids| ids.chunks(NAMED).collect());
        let mut outcome = Ok(());
        for (done, filter) in filters.into_iter().enumerate() {
            let read = pages::each(
                place,
                "ssm:GetInventory",
                |next| collection.cloud.inventory(place, kind, filter, next),
                |items| lock(builder).found_inventory(items),
            )
            .await;
            if let Err(broken) = read {
                outcome = Err((broken, done > 0));
                break;
            }
        }
        match outcome {
            Ok(()) => lock(builder).covered(place, source, CoverageStatus::Complete, None),
            // One of our agent's types explains nothing without the other.
            Err((broken, some)) => {
                let partial = broken.partial || some || (source == Source::Ssm && index > 0);
                lock(builder).failed(source, &broken.error, partial);
            }
        }
    }
}

/// The instances whose rows of one type have to be read; `None` when it is cheaper to read all, or the trail and the list of
/// instances are not complete enough to leave any out.
fn left(
    collection: &Collection<'_>,
    place: &Place,
    kind: &InventoryType,
    reports: &Reports,
    builder: &Mutex<Builder>,
) -> Option<Vec<InstanceId>> {
    let (now, clean, mut builder) = ((collection.clock)(), &collection.memory.clean, lock(builder));
    if !builder.is_complete(place, Source::Cloudtrail) || !builder.is_complete(place, Source::Ec2) {
        return None;
    }
    let item = |instance: &Instance| clean.item(instance, reports.get(&instance.id, kind)?, now);
    let live = builder.live_where(place, |_| true).len();
    let unknown = builder.live_where(place, |instance| item(instance).is_none());
    let (all, named) = (live.div_ceil(PAGE), unknown.len().div_ceil(NAMED));
    if named >= all {
        return None;
    }
    builder.found_known(place, kind, item);
    builder.saved((all - named) as u64);
    Some(unknown)
}

/// Asks about the instances that reported nothing recently: are they managed, does their agent answer?
pub(super) async fn nodes(collection: &Collection<'_>, place: &Place, builder: &Mutex<Builder>) {
    let (cloud, now) = (collection.cloud, (collection.clock)());
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
