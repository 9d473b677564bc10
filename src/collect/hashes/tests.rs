use std::collections::BTreeMap;

use super::*;
use crate::collect::trail::ReportedType;
use crate::types::{Baseline, BaselineItem, GoldenImage, GoldenRef, GoldenStatus, LaunchContract};

const HASH: &str = "M1LVyOGk7deedu/aVytRVg==";
const KIND: &str = "AWS:Application";

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + 60 * minute).unwrap()
}

fn place() -> Place {
    Place::new("000000000000", "eu-west-1")
}

fn golden() -> Golden {
    let entries = vec![BTreeMap::from([("Name".into(), "openssl".into())])];
    let item = BaselineItem { entries, captured_at: None };
    Golden {
        line: "web".into(),
        version: "1".into(),
        status: GoldenStatus::Promoted,
        images: vec![GoldenImage { account: None, region: "eu-west-1".into(), image: "ami-1".into() }],
        contract: LaunchContract::default(),
        baseline: Baseline { inventory: BTreeMap::from([(KIND.into(), item)]), manifest_root: None },
        reference_instance: None,
        recorded_by: "alice".to_owned(),
        recorded_at: at(0),
        promoted_at: None,
        note: None,
    }
}

fn hashes() -> CleanHashes {
    let clean = CleanContent {
        golden: GoldenRef::new("web", "1"),
        instance_type: "m7i.large".to_owned(),
        agent: "agent/3".to_owned(),
        kind: KIND.into(),
        hash: HASH.to_owned(),
        seen_at: at(0),
    };
    let other = CleanContent { golden: GoldenRef::new("api", "1"), hash: "api".to_owned(), ..clean.clone() };
    CleanHashes::of(&[golden()], &[clean, other])
}

fn told(hash: &str, minute: i64) -> InventoryReport {
    let kind = |kind: &str, hash| ReportedType {
        inventory_type: kind.into(),
        schema_version: "1.1".to_owned(),
        content_hash: hash,
        captured_at: Some(at(minute)),
    };
    InventoryReport {
        event: format!("ev-{minute}").into(),
        time: at(minute),
        place: place(),
        instance: "i-1".into(),
        agent: "agent/3".to_owned(),
        role: None,
        types: vec![kind(KIND, Some(hash.to_owned())), kind("AWS:Service", None)],
    }
}

fn report(hash: &str, minute: i64) -> ContentReport {
    let reports = Reports::of(&[], &[told(hash, minute)]);
    reports.get(&"i-1".into(), &KIND.into()).unwrap().clone()
}

fn instance() -> Instance {
    crate::collect::builder::tests::instance("i-1", "eu-west-1a", "10.0.0.1")
}

#[test]
fn a_known_hash_stands_for_what_the_golden_holds() {
    let now = at(100);
    let instance =
        Instance { image: "ami-1".into(), instance_type: "m7i.large".to_owned(), launched_at: at(0), ..instance() };
    let item = |instance: &Instance, report: &ContentReport| hashes().item(instance, report, now);
    let clean = report(HASH, 90);
    let found = item(&instance, &clean).unwrap();
    assert_eq!(
        (found.captured_at, &*found.content.entries),
        (Some(at(90)), &*golden().baseline.inventory[&KIND.into()].entries)
    );

    let no =
        |what: &str, instance: &Instance, report: &ContentReport| assert_eq!(item(instance, report), None, "{what}");
    no("another hash", &instance, &report("other", 90));
    no("a hash of another golden", &instance, &report("api", 90));
    no("another agent", &instance, &ContentReport { agent: "agent/4".to_owned(), ..clean.clone() });
    no("another type of inventory", &instance, &ContentReport { kind: "AWS:Service".into(), ..clean.clone() });
    no(
        "another region's instance",
        &instance,
        &ContentReport { place: Place::new("000000000000", "eu-west-2"), ..clean.clone() },
    );
    no("long ago", &instance, &report(HASH, -21));
    no("captured before it started", &Instance { launched_at: at(95), ..instance.clone() }, &clean);
    no("another size", &Instance { instance_type: "m7i.xlarge".to_owned(), ..instance.clone() }, &clean);
    no("another image", &Instance { image: "ami-2".into(), ..instance.clone() }, &clean);
    no("it does not run", &Instance { state: "stopped".to_owned(), ..instance.clone() }, &clean);
}

#[test]
fn the_newest_report_counts_in_whatever_order_they_come() {
    let kept = report("b", 20);
    for told in [[told("a", 10), told("c", 30)], [told("c", 30), told("a", 10)]] {
        let reports = Reports::of(std::slice::from_ref(&kept), &told);
        assert_eq!(reports.get(&"i-1".into(), &KIND.into()).unwrap().hash, "c");
        assert_eq!(reports.get(&"i-1".into(), &"AWS:Service".into()), None, "no hash, nothing to go by");
        assert_eq!(reports.of_kinds(&[KIND.into()], &[place()]).len(), 1);
    }
}
