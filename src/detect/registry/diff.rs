//! What differs between the software and the contracts of two goldens, e.g. two versions of a line.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::detect::rules::software::compare_rows;
use crate::types::{Golden, LaunchContract};

/// One row of the software baseline that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoftwareDifference {
    /// Inventory type and what names the row: `AWS:Application bash (x86_64)`.
    pub subject: String,
    /// Version or attributes in the first golden; `None` when it has no such row.
    pub before: Option<String>,
    /// In the second.
    pub after: Option<String>,
}

/// How the software baselines of two goldens differ, by the same comparison that judges servers.
pub fn software_diff(before: &Golden, after: &Golden) -> Vec<SoftwareDifference> {
    let kinds: BTreeSet<_> = before.baseline.inventory.keys().chain(after.baseline.inventory.keys()).collect();
    let version = |side: &Value| side.get("version").and_then(Value::as_str).map(str::to_owned);
    kinds
        .into_iter()
        .flat_map(|kind| {
            let rows = |golden: &Golden| {
                golden.baseline.inventory.get(kind).map(|item| item.entries.clone()).unwrap_or_default()
            };
            compare_rows(kind.as_str(), &rows(before), &rows(after))
        })
        .map(|drift| SoftwareDifference {
            before: version(&drift.expected),
            after: version(&drift.actual),
            subject: drift.subject,
        })
        .collect()
}

/// The names of the contract parts that differ, for refusals.
pub(super) fn contract_parts(before: &LaunchContract, after: &LaunchContract) -> String {
    parts(before, after)
        .into_iter()
        .filter(|(part, a, b)| a != b && !matches!(*part, "security-groups" | "instance-type"))
        .map(|(part, _, _)| part)
        .collect::<Vec<_>>()
        .join(", ")
}

fn parts(before: &LaunchContract, after: &LaunchContract) -> Vec<(&'static str, Value, Value)> {
    // Destructured without `..`: a new part of the contract must be compared here or it does not compile.
    let LaunchContract {
        security_groups,
        instance_profile,
        instance_types,
        metadata_options,
        user_data,
        volumes,
        source_dest_check,
        interfaces,
        key_name,
        tags,
    } = before;
    vec![
        ("security-groups", json!(security_groups), json!(after.security_groups)),
        ("instance-profile", json!(instance_profile), json!(after.instance_profile)),
        ("instance-type", json!(instance_types), json!(after.instance_types)),
        ("metadata-options", json!(metadata_options), json!(after.metadata_options)),
        ("user-data", json!(user_data), json!(after.user_data)),
        ("volumes", json!(volumes), json!(after.volumes)),
        ("source-dest-check", json!(source_dest_check), json!(after.source_dest_check)),
        ("network-interfaces", json!(interfaces), json!(after.interfaces)),
        ("key-pair", json!(key_name), json!(after.key_name)),
        ("tags", json!(tags), json!(after.tags)),
    ]
}
