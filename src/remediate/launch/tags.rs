//! The tags of a replacement.

use std::collections::BTreeMap;

use crate::remediate::{OPERATION_TAG, Refusal};
use crate::types::{Instance, LaunchContract, OperationId};

/// Names the instance that it replaces.
pub const REPLACES_TAG: &str = "cattleguard:replaces";
/// Keys that only AWS may set.
const RESERVED: &str = "aws:";
/// Keys that speak of the old instance's own operations.
const OWN: &str = "cattleguard:";
/// EC2's limit for one resource.
const LIMIT: usize = 50;

/// The old instance's tags, the contract's over them, and ours. No time among them: it would differ after a crash.
pub(super) fn of(
    old: &Instance,
    contract: &LaunchContract,
    operation: &OperationId,
) -> Result<BTreeMap<String, String>, Refusal> {
    let kept = |key: &str| !key.starts_with(RESERVED) && !key.starts_with(OWN);
    let mut tags: BTreeMap<String, String> = old.tags.clone();
    tags.retain(|key, _| kept(key));
    let of_contract = contract.tags.iter().filter(|(key, _)| kept(key));
    tags.extend(of_contract.map(|(key, value)| (key.clone(), value.clone())));
    tags.insert(OPERATION_TAG.to_owned(), operation.to_string());
    tags.insert(REPLACES_TAG.to_owned(), old.id.to_string());
    if tags.len() > LIMIT {
        return Err(Refusal::lasting(format!(
            "a replacement would have {} tags, two of them ours, and EC2 allows {LIMIT}: remove some from the instance",
            tags.len()
        )));
    }
    Ok(tags)
}
