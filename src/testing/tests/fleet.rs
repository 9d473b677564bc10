//! Built fleets equal their golden, are repeatable, and are cheap.

use crate::collect::CloudRead;
use crate::testing::{FakeCloud, FleetBuilder, SimError, VirtualClock};
use crate::types::{InventoryType, Place};

#[tokio::test]
async fn every_member_equals_the_reference() {
    let fleet = FleetBuilder::new("web")
        .place("000000000000", "eu-west-1")
        .place("000000000001", "eu-west-1")
        .standalone(2)
        .group(4)
        .build()
        .unwrap();
    assert_eq!(fleet.instances().len(), 12);
    assert_eq!(fleet.images.len(), 1, "accounts of one region share the image");
    let kind = InventoryType::new("AWS:Application");
    let mut lists = Vec::new();
    for place in fleet.cloud.places() {
        let seen = fleet.cloud.instances(&place, None).await.unwrap().items;
        let reference = seen.iter().find(|one| one.id == fleet.references[&place]).unwrap();
        for one in &seen {
            assert_eq!(one.image, reference.image);
            assert_eq!(one.metadata_options, reference.metadata_options);
            assert_eq!(one.security_groups(), reference.security_groups());
            assert_eq!(one.instance_profile, reference.instance_profile);
            assert_eq!(one.tags.contains_key("app"), one.id != reference.id);
        }
        lists.extend(fleet.cloud.inventory(&place, &kind, &[], None).await.unwrap().items);
    }
    assert_eq!(lists.len(), 14);
    assert!(lists.iter().all(|list| list.entries == lists[0].entries && list.entries.len() == 400));
    assert!(fleet.cloud.places().iter().all(|place| fleet.cloud.trail_records(place).is_empty()));
}

#[test]
fn the_same_seed_gives_the_same_ids() {
    let build = |seed| FleetBuilder::new("web").seed(seed).standalone(3).group(2).build().unwrap().instances();
    assert_eq!(build(4), build(4));
    assert_ne!(build(4), build(5));
}

#[test]
fn real_account_ids_are_refused() {
    let cloud = FakeCloud::new(VirtualClock::default(), 1);
    for account in ["111122223333", "00000000000", "0000000000000", "00000000000x"] {
        let refused = cloud.add_place(&Place::new(account, "eu-west-1"));
        assert_eq!(refused, Err(SimError::NotSimulated(account.to_owned())));
    }
    assert!(cloud.add_place(&Place::new("000000000009", "eu-west-1")).is_ok());
}

#[test]
fn ten_thousand_servers_share_what_they_have_in_common() {
    let fleet = FleetBuilder::new("web").standalone(9_000).group(1_000).build().unwrap();
    let state = fleet.cloud.lock();
    let site = state.sites.values().next().unwrap();
    let servers: Vec<_> = site.servers.values().filter_map(|slot| slot.current().as_ref()).collect();
    assert_eq!(servers.len(), 10_001);
    let first = servers[0];
    for server in &servers {
        assert!(std::sync::Arc::ptr_eq(&server.reports, &first.reports));
        assert!(std::sync::Arc::ptr_eq(&server.content, &first.content));
        assert!(std::sync::Arc::ptr_eq(&server.metadata, &first.metadata));
    }
}
