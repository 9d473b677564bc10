//! Commands that change something in AWS.

use crate::app::cli::enforce::{EnforceArgs, ManualArgs, OperationArgs, ReleaseArgs};
use crate::app::cli::scan::ScanArgs;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;

/// `enforce`.
///
/// # Errors
/// Always: this build does not act.
pub(super) fn run(_: &Context<'_>, _: &EnforceArgs) -> Result<Exit, AppError> {
    Err(not_built())
}

/// `scan --enforce`.
///
/// # Errors
/// Always: this build does not act.
pub(super) fn scan(_: &Context<'_>, _: &ScanArgs) -> Result<Exit, AppError> {
    Err(not_built())
}

/// `quarantine`.
///
/// # Errors
/// Always: this build does not act.
pub(super) fn quarantine(_: &Context<'_>, _: &ManualArgs) -> Result<Exit, AppError> {
    Err(not_built())
}

/// `replace`.
///
/// # Errors
/// Always: this build does not act.
pub(super) fn replace(_: &Context<'_>, _: &ManualArgs) -> Result<Exit, AppError> {
    Err(not_built())
}

/// `release`.
///
/// # Errors
/// Always: this build does not act.
pub(super) fn release(_: &Context<'_>, _: &ReleaseArgs) -> Result<Exit, AppError> {
    Err(not_built())
}

/// `operations resume`.
///
/// # Errors
/// Always: this build does not act.
pub(super) fn resume(_: &Context<'_>, _: &OperationArgs) -> Result<Exit, AppError> {
    Err(not_built())
}

/// `operations rollback`.
///
/// # Errors
/// Always: this build does not act.
pub(super) fn rollback(_: &Context<'_>, _: &OperationArgs) -> Result<Exit, AppError> {
    Err(not_built())
}

fn not_built() -> AppError {
    AppError::failed("this build plans and alerts, it does not act").with_hint("cattleguard plan")
}
