//! Pages cover everything once, whatever their size.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::collect::{CloudRead, Page, PageToken, ReadError, ReadFailure};
use crate::testing::{FleetBuilder, PageSizes, SimActor, SimFleet};
use crate::types::{InventoryType, Place};

fn fleet(servers: usize) -> SimFleet {
    FleetBuilder::new("web").standalone(servers).group(3).packages(12).build().unwrap()
}

fn place() -> Place {
    Place::new("000000000000", "eu-west-1")
}

/// Follows the tokens to the end and returns the items with the number of pages.
async fn all<T, F>(read: F) -> (Vec<T>, usize)
where
    F: AsyncFn(Option<PageToken>) -> Result<Page<T>, ReadError>,
{
    let (mut items, mut pages, mut next) = (Vec::new(), 0, None);
    loop {
        let page = read(next).await.unwrap();
        items.extend(page.items);
        pages += 1;
        next = page.next;
        if next.is_none() {
            return (items, pages);
        }
    }
}

fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// Names of everything that a paged read returns, sorted.
async fn names(fleet: &SimFleet, what: usize) -> Vec<String> {
    let (cloud, place) = (&fleet.cloud, place());
    let application = InventoryType::new("AWS:Application");
    let (from, to) = (jiff::Timestamp::UNIX_EPOCH, fleet.clock.now());
    let mut names: Vec<String> = match what {
        0 => all(async |next| cloud.instances(&place, next).await).await.0.iter().map(|i| i.id.to_string()).collect(),
        1 => all(async |next| cloud.volumes(&place, next).await).await.0.iter().map(|v| v.id.to_string()).collect(),
        2 => {
            let read = all(async |next| cloud.profile_associations(&place, next).await).await.0;
            read.into_iter().map(|link| link.association).collect()
        }
        3 => {
            let read = all(async |next| cloud.managed_nodes(&place, next).await).await.0;
            read.iter().map(|node| node.instance.to_string()).collect()
        }
        4 => {
            let read = all(async |next| cloud.inventory(&place, &application, &[], next).await).await.0;
            read.iter().map(|record| record.instance.to_string()).collect()
        }
        5 => {
            let id = &fleet.reference;
            let read = all(async |next| cloud.inventory_entries(&place, id, &application, next).await).await.0;
            read.iter().flat_map(|record| &record.entries).map(|row| row["Name"].to_string()).collect()
        }
        6 => all(async |next| cloud.lookup_events(&place, from, to, next).await).await.0,
        _ => {
            let read = all(async |next| cloud.asg_members(&place, next).await).await.0;
            read.iter().map(|member| member.instance.to_string()).collect()
        }
    };
    names.sort();
    names
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_listing_gives_each_thing_once_for_any_page_size(
        size in 1_usize..12, servers in 0_usize..9, empty_pages: bool, what in 0_usize..8,
    ) {
        let fleet = fleet(servers);
        for _ in 0..servers {
            fleet.cloud.stop_logging(&SimActor::root(), &place(), "main").unwrap();
        }
        fleet.clock.advance(std::time::Duration::from_secs(600));
        let whole = block(names(&fleet, what));
        fleet.cloud.configure(|settings| {
            settings.pages = PageSizes::all(size);
            settings.empty_pages = empty_pages;
        });
        let paged = block(names(&fleet, what));
        prop_assert_eq!(&paged, &whole);
        let mut once = paged.clone();
        once.dedup();
        prop_assert_eq!(once, paged);
        let expected = match what { 5 => 12, 6 => servers, 7 => 3, _ => servers + 4 };
        prop_assert_eq!(whole.len(), expected);
    }
}

#[tokio::test]
async fn a_listing_costs_one_call_a_page_and_is_counted_where_it_was_made() {
    let fleet = fleet(7);
    fleet.cloud.configure(|settings| settings.pages = PageSizes::all(4));
    let (items, pages) = all(async |next| fleet.cloud.instances(&place(), next).await).await;
    assert_eq!((items.len(), pages), (11, 3));
    assert_eq!(fleet.cloud.calls_at(&place()), BTreeMap::from([("ec2:DescribeInstances".to_owned(), 3)]));
    assert_eq!(fleet.cloud.calls(), fleet.cloud.calls_at(&place()));
    assert!(fleet.cloud.calls_at(&Place::new("000000000000", "eu-central-1")).is_empty());
    fleet.cloud.reset_calls();
    assert!(fleet.cloud.calls().is_empty());
}

#[tokio::test]
async fn a_token_is_good_for_its_own_listing_only() {
    let fleet = fleet(3);
    fleet.cloud.configure(|settings| settings.pages = PageSizes::all(2));
    let next = fleet.cloud.instances(&place(), None).await.unwrap().next;
    assert_eq!(fleet.cloud.volumes(&place(), next.clone()).await.unwrap_err().failure, ReadFailure::Invalid);
    assert!(fleet.cloud.instances(&place(), next).await.is_ok());
    let forged = Some(PageToken("2".to_owned()));
    assert_eq!(fleet.cloud.instances(&place(), forged).await.unwrap_err().failure, ReadFailure::Invalid);
    let elsewhere = Place::new("000000000000", "eu-north-1");
    assert_eq!(fleet.cloud.instances(&elsewhere, None).await.unwrap_err().failure, ReadFailure::Denied);
}
