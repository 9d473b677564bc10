//! What differs between two goldens, e.g. two versions of a line.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::types::{Golden, LaunchContract};

/// One difference.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct GoldenDifference {
    /// `images`, a part of the contract, `inventory AWS:Application bash`, `manifest root`.
    pub what: String,
    /// In the first golden; null when absent.
    pub before: Value,
    /// In the second.
    pub after: Value,
}

/// Everything that instances are held to and that differs, in a stable order.
pub fn diff(before: &Golden, after: &Golden) -> Vec<GoldenDifference> {
    let mut differences = Vec::new();
    let mut push = |what: String, before: Value, after: Value| {
        if before != after {
            differences.push(GoldenDifference { what, before, after });
        }
    };
    push("images".to_owned(), json!(before.images), json!(after.images));
    for (part, a, b) in parts(&before.contract, &after.contract) {
        push(part.to_owned(), a, b);
    }
    push("manifest root".to_owned(), json!(before.baseline.manifest_root), json!(after.baseline.manifest_root));
    let kinds: BTreeSet<_> = before.baseline.inventory.keys().chain(after.baseline.inventory.keys()).collect();
    for kind in kinds {
        let rows =
            |golden: &Golden| golden.baseline.inventory.get(kind).map(|item| item.entries.clone()).unwrap_or_default();
        for drift in crate::detect::rules::software::compare_rows(kind.as_str(), &rows(before), &rows(after)) {
            push(format!("inventory {}", drift.subject), drift.expected, drift.actual);
        }
    }
    differences
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
