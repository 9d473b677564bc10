//! Drift that changes while it is known, inventory of which only a part is fresh, and goldens that share an AMI.

use super::super::fixtures::*;
use super::*;
use crate::types::*;

fn scan(snapshot: &Snapshot, known: &[Finding], last_clean: Option<&str>) -> Detection {
    scan_with(snapshot, known, last_clean, &[golden()])
}

fn scan_with(snapshot: &Snapshot, known: &[Finding], last_clean: Option<&str>, goldens: &[Golden]) -> Detection {
    let last_clean = last_clean.map(|at| (InstanceId::new("i-1"), time(at))).into_iter().collect();
    detect(&DetectInput {
        snapshot,
        goldens,
        fleets: &[fleet()],
        exceptions: &[],
        known,
        remembered: &[],
        last_clean: &last_clean,
        renewed: &BTreeMap::new(),
    })
}

fn at(clock: &str, instance: Instance, events: Vec<ChangeEvent>) -> Snapshot {
    Snapshot { started_at: time(clock), ..snapshot(vec![instance], events) }
}

fn by(name: &str, id: &str, clock: &str, directness: Directness, explains: &[Aspect]) -> ChangeEvent {
    let mut event = event(id, clock, directness, explains);
    event.actor.principal = format!("arn:aws:sts::000000000000:assumed-role/Admin/{name}");
    event.actor.display = name.to_owned();
    event
}

fn grouped(group: &str) -> Instance {
    let mut one = instance("i-1");
    one.interfaces[0].groups = vec![group.into()];
    one
}

fn find<'a>(detection: &'a Detection, code: &str) -> &'a Finding {
    detection.findings.iter().find(|finding| finding.code.as_str() == code).unwrap()
}

#[test]
fn a_second_change_of_the_same_thing_names_its_own_author() {
    let alice = by("alice", "first", "10:00", Directness::Direct, &[Aspect::SecurityGroups]);
    let bob = by("bob", "second", "14:00", Directness::Direct, &[Aspect::SecurityGroups]);
    let first = scan(&at("12:00", grouped("sg-a"), vec![alice.clone()]), &[], Some("09:00"));
    assert_eq!(find(&first, "config-security-groups").attribution[0].display, "alice");
    let second = scan(&at("15:00", grouped("sg-b"), vec![alice, bob]), &first.findings, Some("09:00"));
    let found = find(&second, "config-security-groups");
    let names: Vec<_> = found.attribution.iter().map(|by| by.display.as_str()).collect();
    assert_eq!(names, ["bob", "alice"], "who made it as it is comes first");
    assert_eq!(found.first_seen, time("12:00"));
}

#[test]
fn a_second_change_that_nothing_explains_is_not_put_down_to_the_first_author_alone() {
    let alice = by("alice", "first", "10:00", Directness::Direct, &[Aspect::SecurityGroups]);
    let first = scan(&at("12:00", grouped("sg-a"), vec![alice.clone()]), &[], Some("09:00"));
    let late = by("bob", "late", "14:00", Directness::Direct, &[Aspect::SecurityGroups]);
    let second = scan(&at("15:00", grouped("sg-b"), vec![alice.clone()]), &first.findings, Some("09:00"));
    // The record of the second change arrives after the scan that saw its effect.
    let third = scan(&at("15:30", grouped("sg-b"), vec![alice, late]), &second.findings, Some("09:00"));
    assert_eq!(find(&third, "config-security-groups").attribution[0].display, "bob");
}

#[test]
fn an_event_after_the_capture_does_not_explain_a_package_at_the_next_scan_either() {
    let mut one = instance("i-1");
    one.inventory.insert("AWS:Application".into(), item(&[("bash", "5.1"), ("openssl", "3.0.9")], "10:00"));
    let after = event("after", "10:30", Directness::Enabling, &[Aspect::Software]);
    let first = scan(&at("11:00", one.clone(), vec![after.clone()]), &[], Some("09:00"));
    assert!(find(&first, "software-package-changed").attribution.is_empty());
    let second = scan(&at("12:00", one, vec![after]), &first.findings, Some("09:00"));
    assert!(find(&second, "software-package-changed").attribution.is_empty());
}

#[test]
fn a_command_between_the_last_capture_and_the_clean_scan_that_read_it_explains_a_package() {
    // Captured at 09:30 and read by the clean scan of 10:00. The record of the command came after that scan.
    let mut one = instance("i-1");
    one.inventory.insert("AWS:Application".into(), item(&[("bash", "5.1"), ("openssl", "3.0.9")], "10:01"));
    let command = |clock| by("alice", clock, clock, Directness::Executing, &[Aspect::Software]);
    let events = vec![command("08:40"), command("09:45")];
    let found = scan(&at("10:30", one, events), &[], Some("10:00"));
    let ids: Vec<_> =
        find(&found, "software-package-changed").attribution.iter().map(|by| by.event_id.to_string()).collect();
    assert_eq!(ids, ["09:45"]);
}

#[test]
fn a_new_session_by_somebody_acknowledged_is_news() {
    let monday = event("monday", "10:00", Directness::Enabling, &[]);
    let mut first = scan(&at("11:00", instance("i-1"), vec![monday.clone()]), &[], None);
    first.findings[0].status = FindingStatus::Acknowledged;
    let quiet = scan(&at("12:00", instance("i-1"), vec![monday.clone()]), &first.findings, None);
    assert_eq!(quiet.findings[0].status, FindingStatus::Acknowledged, "nothing new happened");
    let again = event("friday", "12:30", Directness::Enabling, &[]);
    let second = scan(&at("13:00", instance("i-1"), vec![monday, again]), &quiet.findings, None);
    assert_eq!(second.findings[0].status, FindingStatus::Open);
}

#[test]
fn an_acknowledged_drift_that_becomes_another_is_open_again() {
    let mut first = scan(&at("12:00", grouped("sg-a"), vec![]), &[], None);
    first.findings[0].status = FindingStatus::Acknowledged;
    let second = scan(&at("13:00", grouped("sg-b"), vec![]), &first.findings, None);
    assert_eq!(second.findings[0].status, FindingStatus::Open);
}

#[test]
fn one_fresh_inventory_type_does_not_vouch_for_a_stale_one() {
    let mut one = instance("i-1");
    one.inventory.insert("AWS:Service".into(), item(&[], "11:55"));
    let old = one.inventory.get_mut(&InventoryType::new("AWS:Application")).unwrap();
    old.captured_at = Some("2026-10-20T00:00:00Z".parse().unwrap());
    let detection = scan(&at("12:00", one, vec![]), &[], None);
    assert_eq!(detection.instances[0].verdict, Verdict::Unjudged);
    assert_eq!(find(&detection, "blind-inventory-stale").instance.as_str(), "i-1");
}

#[test]
fn a_capture_time_in_the_future_keeps_nothing_fresh() {
    let mut one = instance("i-1");
    let item = one.inventory.get_mut(&InventoryType::new("AWS:Application")).unwrap();
    item.captured_at = Some("2036-01-01T00:00:00Z".parse().unwrap());
    let detection = scan(&at("12:00", one, vec![]), &[], None);
    assert_eq!(detection.instances[0].verdict, Verdict::Unjudged);
}

#[test]
fn an_image_that_two_lines_record_is_judged_by_the_fleets_own_line() {
    let mut other = golden();
    other.line = "other".into();
    other.contract = LaunchContract::default();
    other.baseline = Baseline::default();
    other.recorded_at = time("11:00");
    let detection = scan_with(&at("12:00", grouped("sg-a"), vec![]), &[], None, &[golden(), other]);
    assert_eq!(detection.instances[0].golden, Some(GoldenRef::new("web", "1")));
    let codes: Vec<_> = detection.findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, ["config-security-groups"]);
}
