//! The plan's hash: what people approve and executors compare.

use serde::Serialize;

use crate::types::{
    AccountId, FindingId, FleetName, GoldenRef, InstanceId, Operation, OperationKind, PlanHash, Region, Track,
};

/// What of an operation the hash covers. Reasons and gate answers are left out: they hold times, and the
/// same plan made a minute later must have the same hash.
#[derive(Serialize)]
struct Essence<'a> {
    kind: OperationKind,
    account: &'a AccountId,
    region: &'a Region,
    instance: &'a InstanceId,
    fleet: &'a FleetName,
    golden: &'a Option<GoldenRef>,
    track: Track,
    findings: &'a [FindingId],
    before_image: &'a str,
}

impl<'a> From<&'a Operation> for Essence<'a> {
    fn from(operation: &'a Operation) -> Self {
        Self {
            kind: operation.kind,
            account: &operation.account,
            region: &operation.region,
            instance: &operation.instance,
            fleet: &operation.fleet,
            golden: &operation.golden,
            track: operation.track,
            findings: &operation.findings,
            before_image: &operation.before_image,
        }
    }
}

/// BLAKE3 over operations in their order, with their before-images.
pub fn plan_hash<'a>(operations: impl IntoIterator<Item = &'a Operation>) -> PlanHash {
    hash(b"cattleguard.dev/plan/v1", operations)
}

/// BLAKE3 over one operation with its before-image: what an approval of a plan covers, one by one.
pub fn operation_hash(operation: &Operation) -> PlanHash {
    hash(b"cattleguard.dev/operation/v1", [operation])
}

fn hash<'a>(domain: &[u8], operations: impl IntoIterator<Item = &'a Operation>) -> PlanHash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(domain);
    for operation in operations {
        let body = serde_json::to_vec(&Essence::from(operation)).unwrap_or_default();
        hasher.update(&(body.len() as u64).to_le_bytes());
        hasher.update(&body);
    }
    PlanHash::new(format!("blake3:{}", hasher.finalize().to_hex()))
}
