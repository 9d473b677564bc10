//! The life of a version: recorded -> promoted -> deprecated, and revoked from anywhere, for good.

use jiff::Timestamp;

use crate::types::{Golden, GoldenRef, GoldenStatus};

/// Why a status cannot change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatusRefusal {
    /// A revoked version stays revoked.
    #[error("{0} is revoked; a revoked version cannot come back, record a new one")]
    Revoked(GoldenRef),
    /// Nothing to do.
    #[error("{0} is {1} already")]
    Already(GoldenRef, GoldenStatus),
    /// A promoted version without a successor would leave its fleets without a golden.
    #[error("{0} is promoted: promote another version of the line first, which deprecates this one")]
    StillPromoted(GoldenRef),
}

/// Makes it the version that fleets should run. The store deprecates the former one in the same transaction.
///
/// # Errors
/// When it is revoked or promoted already.
pub fn promote(golden: &Golden, now: Timestamp) -> Result<Golden, StatusRefusal> {
    check(golden, GoldenStatus::Promoted)?;
    Ok(Golden { status: GoldenStatus::Promoted, promoted_at: Some(now), ..golden.clone() })
}

/// Marks it as one that should no longer run.
///
/// # Errors
/// When it is promoted, revoked or deprecated already.
pub fn deprecate(golden: &Golden, note: Option<&str>) -> Result<Golden, StatusRefusal> {
    check(golden, GoldenStatus::Deprecated)?;
    if golden.status == GoldenStatus::Promoted {
        return Err(StatusRefusal::StillPromoted(golden.reference()));
    }
    Ok(Golden { status: GoldenStatus::Deprecated, note: note.map(str::to_owned), ..golden.clone() })
}

/// Withdraws it for good.
///
/// # Errors
/// When it is revoked already.
pub fn revoke(golden: &Golden, reason: &str) -> Result<Golden, StatusRefusal> {
    if golden.status == GoldenStatus::Revoked {
        return Err(StatusRefusal::Already(golden.reference(), golden.status));
    }
    Ok(Golden { status: GoldenStatus::Revoked, note: Some(reason.to_owned()), ..golden.clone() })
}

fn check(golden: &Golden, wanted: GoldenStatus) -> Result<(), StatusRefusal> {
    match golden.status {
        GoldenStatus::Revoked => Err(StatusRefusal::Revoked(golden.reference())),
        status if status == wanted => Err(StatusRefusal::Already(golden.reference(), status)),
        _ => Ok(()),
    }
}
