//! `software-*`: SSM inventory against the golden's baseline.
//!
//! Equal content is recognised by its digest, so a fleet of equal servers costs one comparison. More than
//! [`COLLAPSE_ABOVE`] package differences become one finding that lists them: an upgrade is one event in
//! the life of a server, however many packages it touched.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Value, json};

use super::RuleContext;
use crate::detect::codes;
use crate::detect::drift::{Drift, RuleOutput};
use crate::detect::volatile::is_volatile;
use crate::types::{Aspect, Code, GoldenRef, InventoryEntry, InventoryType, Severity, Source};

/// Up to this many package differences are findings of their own.
const COLLAPSE_ABOVE: usize = 3;

/// A collapsed finding lists this many differences; the count is always exact.
const LISTED: usize = 200;

/// Remembers comparisons by (golden, type, content digest).
#[derive(Default)]
pub(in crate::detect) struct SoftwareMemo {
    compared: HashMap<(GoldenRef, InventoryType, String), Arc<Vec<Drift>>>,
    baselines: HashMap<(GoldenRef, InventoryType), Arc<Items>>,
}

/// Comparable form of a type's rows: identity -> attributes that count.
type Items = BTreeMap<String, BTreeMap<String, String>>;

pub(super) fn check(context: &RuleContext<'_>, memo: &mut SoftwareMemo, out: &mut RuleOutput) {
    let Some(golden) = context.golden else { return };
    if context.fleet.is_none() && context.instance.inventory.is_empty() && !golden.baseline.inventory.is_empty() {
        out.gaps.push((Source::Ssm, "reports no inventory".to_owned()));
    }
    let expected = context.fleet.is_none_or(|fleet| fleet.expect_inventory);
    if expected && golden.baseline.inventory.is_empty() {
        let reason = format!("{} has no software baseline: record it with a reference instance", golden.reference());
        out.gaps.push((Source::Ssm, reason));
    }
    for (kind, baseline) in &golden.baseline.inventory {
        if kind.as_str().starts_with("Custom:Cattleguard") {
            continue;
        }
        let Some(item) = context.instance.inventory.get(kind) else {
            // The visibility rule speaks when nothing at all was reported; one missing type is said here.
            if !context.instance.inventory.is_empty() {
                out.gaps.push((Source::Ssm, format!("inventory type {kind} was not reported")));
            }
            continue;
        };
        let key = (golden.reference(), kind.clone(), item.content.digest.clone());
        let drifts = match memo.compared.get(&key) {
            Some(drifts) => Arc::clone(drifts),
            None => {
                let expected = Arc::clone(
                    memo.baselines
                        .entry((golden.reference(), kind.clone()))
                        .or_insert_with(|| Arc::new(items(kind.as_str(), &baseline.entries))),
                );
                let drifts = Arc::new(compare(kind.as_str(), &expected, &items(kind.as_str(), &item.content.entries)));
                memo.compared.insert(key, Arc::clone(&drifts));
                drifts
            }
        };
        out.drifts.extend(drifts.iter().cloned());
    }
}

/// The attributes that name one row of a type.
fn identity_attributes(kind: &str) -> &'static [&'static str] {
    match kind {
        "AWS:Application" | "AWS:AWSComponent" => &["Name", "Architecture"],
        "AWS:WindowsUpdate" => &["HotFixId"],
        "AWS:WindowsRegistry" => &["KeyPath", "ValueName"],
        "AWS:File" => &["InstalledDir", "Name"],
        "AWS:InstanceDetailedInformation" | "AWS:BillingInfo" => &[],
        _ => &["Name"],
    }
}

/// The attributes that count beside the identity. `None`: all that are not volatile.
fn compared_attributes(kind: &str) -> Option<&'static [&'static str]> {
    match kind {
        "AWS:Application" | "AWS:AWSComponent" => Some(&["Epoch", "Version", "Release"]),
        "AWS:InstanceDetailedInformation" => Some(&["KernelVersion", "OSServicePack"]),
        "AWS:Service" => Some(&["StartType", "ServiceType"]),
        _ => None,
    }
}

fn items(kind: &str, entries: &[InventoryEntry]) -> Items {
    let mut rows: BTreeMap<String, BTreeSet<BTreeMap<String, String>>> = BTreeMap::new();
    for entry in entries {
        rows.entry(identity(kind, entry)).or_default().insert(attributes(kind, entry));
    }
    let mut items = Items::new();
    for (identity, versions) in rows {
        // Several versions of one package side by side (kernels): each is an item of its own, numbered in the order
        // of what is compared. The order of the rows depends on volatile attributes as well.
        let mut number = 1;
        for version in versions {
            let key = loop {
                let key = if number == 1 { identity.clone() } else { format!("{identity} #{number}") };
                number += 1;
                // Another row may be called like this.
                if !items.contains_key(&key) {
                    break key;
                }
            };
            items.insert(key, version);
        }
    }
    items
}

fn identity(kind: &str, entry: &InventoryEntry) -> String {
    let get = |name: &str| entry.get(name).map(|value| value.trim()).unwrap_or_default();
    let names = identity_attributes(kind);
    let first = names.first().map(|name| get(name)).unwrap_or_default();
    let rest: Vec<&str> = names.iter().skip(1).map(|name| get(name)).filter(|text| !text.is_empty()).collect();
    if rest.is_empty() { first.to_owned() } else { format!("{first} ({})", rest.join(", ")) }
}

fn attributes(kind: &str, entry: &InventoryEntry) -> BTreeMap<String, String> {
    let names = identity_attributes(kind);
    let counts = |name: &str| match compared_attributes(kind) {
        Some(list) => list.contains(&name),
        None => !is_volatile(kind, name) && !names.contains(&name),
    };
    entry
        .iter()
        .filter(|(name, value)| counts(name) && !value.is_empty())
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .collect()
}

fn compare(kind: &str, expected: &Items, actual: &Items) -> Vec<Drift> {
    let drifts = differences(kind, expected, actual);
    if drifts.len() > COLLAPSE_ABOVE { vec![collapse(kind, &drifts)] } else { drifts }
}

/// Every difference between two lists of rows, not collapsed.
pub(in crate::detect) fn compare_rows(kind: &str, before: &[InventoryEntry], after: &[InventoryEntry]) -> Vec<Drift> {
    differences(kind, &items(kind, before), &items(kind, after))
}

/// Whether rows of one type tell of the same software.
pub fn holds_the_same(kind: &InventoryType, before: &[InventoryEntry], after: &[InventoryEntry]) -> bool {
    compare_rows(kind.as_str(), before, after).is_empty()
}

fn differences(kind: &str, expected: &Items, actual: &Items) -> Vec<Drift> {
    let mut drifts = Vec::new();
    for (name, should) in expected {
        match actual.get(name) {
            Some(is) if is == should => {}
            is => drifts.push(one(kind, name, Some(should), is)),
        }
    }
    for (name, is) in actual {
        if !expected.contains_key(name) {
            drifts.push(one(kind, name, None, Some(is)));
        }
    }
    drifts
}

fn one(
    kind: &str,
    name: &str,
    should: Option<&BTreeMap<String, String>>,
    is: Option<&BTreeMap<String, String>>,
) -> Drift {
    let noun = noun(kind);
    let (before, after) = (should.map(|row| shown(kind, row)), is.map(|row| shown(kind, row)));
    let summary = match (&before, &after) {
        (Some(before), Some(after)) => format!("{noun} {name} changed from {before} to {after}"),
        (Some(_), None) => format!("{noun} {name} was removed"),
        (None, Some(after)) => format!("{noun} {name} {after} was added"),
        (None, None) => format!("{noun} {name} differs"),
    };
    Drift {
        code: code(kind, should.is_some(), is.is_some()),
        subject: format!("{kind} {name}"),
        severity: Severity::High,
        summary: summary.replace("  ", " "),
        expected: before.map_or(Value::Null, |text| json!({ "name": name, "version": text })),
        actual: after.map_or(Value::Null, |text| json!({ "name": name, "version": text })),
        source: Source::Ssm,
        aspect: Some(Aspect::Software),
    }
}

fn collapse(kind: &str, drifts: &[Drift]) -> Drift {
    let (mut added, mut removed, mut changed) = (0_usize, 0_usize, 0_usize);
    for drift in drifts {
        match (drift.expected.is_null(), drift.actual.is_null()) {
            (true, _) => added += 1,
            (_, true) => removed += 1,
            _ => changed += 1,
        }
    }
    let list: Vec<&str> = drifts.iter().take(LISTED).map(|drift| drift.summary.as_str()).collect();
    Drift {
        code: code(kind, true, true),
        subject: kind.to_owned(),
        severity: Severity::High,
        summary: format!(
            "{} {}s differ: {changed} changed, {added} added, {removed} removed",
            drifts.len(),
            noun(kind)
        ),
        expected: json!({ "differences": 0 }),
        actual: json!({ "differences": drifts.len(), "changed": changed, "added": added, "removed": removed, "list": list }),
        source: Source::Ssm,
        aspect: Some(Aspect::Software),
    }
}

fn noun(kind: &str) -> &'static str {
    match kind {
        "AWS:Application" | "AWS:AWSComponent" => "package",
        "AWS:Service" => "service",
        "AWS:WindowsUpdate" => "update",
        "AWS:InstanceDetailedInformation" => "kernel",
        "AWS:WindowsRole" => "Windows feature",
        _ => "entry",
    }
}

fn code(kind: &str, expected: bool, actual: bool) -> Code {
    match (kind, expected, actual) {
        ("AWS:Service", _, _) => codes::SOFTWARE_SERVICE_CHANGED,
        ("AWS:WindowsUpdate", _, _) => codes::SOFTWARE_WINDOWS_UPDATE,
        ("AWS:InstanceDetailedInformation", _, _) => codes::SOFTWARE_KERNEL_CHANGED,
        (_, true, true) => codes::SOFTWARE_PACKAGE_CHANGED,
        (_, true, false) => codes::SOFTWARE_PACKAGE_REMOVED,
        (_, false, _) => codes::SOFTWARE_PACKAGE_ADDED,
    }
}

/// `1:3.0.7-2` for packages, `name=value` pairs for the rest.
fn shown(kind: &str, row: &BTreeMap<String, String>) -> String {
    if matches!(kind, "AWS:Application" | "AWS:AWSComponent") {
        let get = |name: &str| row.get(name).map(String::as_str).unwrap_or_default();
        let epoch = if matches!(get("Epoch"), "" | "0") { String::new() } else { format!("{}:", get("Epoch")) };
        let release = if get("Release").is_empty() { String::new() } else { format!("-{}", get("Release")) };
        return format!("{epoch}{}{release}", get("Version"));
    }
    row.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, version: &str) -> InventoryEntry {
        [("Name", name), ("Version", version), ("Architecture", "x86_64"), ("InstalledTime", "whenever")]
            .into_iter()
            .map(|(key, value)| (Arc::from(key), Arc::from(value)))
            .collect()
    }

    fn diff(before: &[InventoryEntry], after: &[InventoryEntry]) -> Vec<Drift> {
        let kind = "AWS:Application";
        compare(kind, &items(kind, before), &items(kind, after))
    }

    #[test]
    fn an_upgrade_an_addition_and_a_removal_are_told_apart() {
        let before = [package("bash", "5.1"), package("curl", "8.0"), package("vim", "9")];
        let after = [package("bash", "5.2"), package("curl", "8.0"), package("nmap", "7")];
        let codes: Vec<_> = diff(&before, &after).iter().map(|drift| drift.code.to_string()).collect();
        assert_eq!(codes, ["software-package-changed", "software-package-removed", "software-package-added"]);
    }

    #[test]
    fn row_order_and_volatile_attributes_are_not_drift() {
        let mut moved = package("bash", "5.1");
        moved.insert(Arc::from("InstalledTime"), Arc::from("later"));
        assert_eq!(diff(&[package("bash", "5.1"), package("a", "1")], &[package("a", "1"), moved]), []);
    }

    #[test]
    fn two_kernels_side_by_side_are_two_items_in_either_order() {
        let both = [package("kernel", "6.1"), package("kernel", "6.2")];
        assert_eq!(diff(&both, &both), []);
        assert_eq!(diff(&both[..1], &both).len(), 1);
    }

    #[test]
    fn many_differences_become_one_finding_with_exact_counts() {
        let before: Vec<_> = (0..10).map(|index| package(&format!("p{index}"), "1")).collect();
        let after: Vec<_> = (0..10).map(|index| package(&format!("p{index}"), "2")).collect();
        let drifts = diff(&before, &after);
        assert_eq!(drifts.len(), 1);
        assert_eq!(drifts[0].actual["differences"], 10);
        assert_eq!(drifts[0].subject, "AWS:Application");
    }

    #[test]
    fn reinstalling_one_of_two_kernels_changes_nothing() {
        let kernel = |version: &str, installed: &str| {
            let mut row = package("kernel", version);
            row.insert(Arc::from("InstalledTime"), Arc::from(installed));
            row
        };
        // Rows come sorted by every attribute, the volatile ones included.
        let before = [kernel("6.1", "a"), kernel("6.2", "b")];
        let after = [kernel("6.2", "b"), kernel("6.1", "c")];
        assert_eq!(diff(&before, &after), []);
    }

    #[test]
    fn thousands_of_rows_of_one_name_do_not_stall_the_scan() {
        let rows: Vec<_> = (0..5_000).map(|index| package("x", &index.to_string())).collect();
        assert_eq!(items("AWS:Application", &rows).len(), 5_000);
    }
}
