//! Decision records: what policy decided, from what, and what was made of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Decision, DecisionId, ExceptionId, InstanceId, ScanId};

/// One decision as it is kept and exported. While the same is decided again the record stays, and only its end moves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecisionRecord {
    /// Stable, see [`DecisionRecord::id_of`].
    pub id: DecisionId,
    /// The first scan that decided so.
    pub scan: ScanId,
    /// Its start.
    pub decided_at: Timestamp,
    /// The last scan that decided the same.
    pub last_scan: ScanId,
    /// Its start.
    pub last_decided_at: Timestamp,
    /// The decision; its input digest is that of the last scan.
    pub decision: Decision,
    /// How it came about.
    pub circumstances: Circumstances,
}

/// What belongs to a decision and is not part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Circumstances {
    /// Instance.
    pub instance: InstanceId,
    /// Revision of the bundle, when it has one.
    pub bundle_revision: Option<String>,
    /// Exceptions in force that cover one of the instance's findings, sorted.
    pub exceptions: Vec<ExceptionId>,
    /// How long evaluation took, in nanoseconds.
    pub duration_ns: u64,
}

impl DecisionRecord {
    /// `d-` and 16 hex digits over scan and instance: the same commit gives the same id.
    pub fn id_of(scan: &ScanId, instance: &InstanceId) -> DecisionId {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"cattleguard.dev/decision/v1");
        hasher.update(scan.as_str().as_bytes());
        hasher.update(b"\0");
        hasher.update(instance.as_str().as_bytes());
        let hex = hasher.finalize().to_hex();
        DecisionId::new(format!("d-{}", hex.get(..16).unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_depends_on_scan_and_instance() {
        let id = |scan: &str, instance: &str| DecisionRecord::id_of(&ScanId::from(scan), &InstanceId::from(instance));
        assert_eq!(id("s-1", "i-1"), id("s-1", "i-1"));
        assert_eq!(id("s-1", "i-1").as_str().len(), 18);
        assert_ne!(id("s-1", "i-1"), id("s-2", "i-1"));
        assert_ne!(id("s-1", "i-1"), id("s-1i", "-1"), "no two pairs run into each other");
    }
}
