//! What the reading commands share: the last scan as the store kept it.

use std::sync::Arc;

use crate::app::context::Context;
use crate::app::error::AppError;
use crate::store::{InstanceResult, Store};
use crate::types::{Finding, Plan};

/// The last scan.
pub(super) struct Stored {
    pub(super) store: Arc<dyn Store>,
    pub(super) results: Vec<InstanceResult>,
    pub(super) findings: Vec<Finding>,
    pub(super) plan: Option<Plan>,
}

impl Stored {
    /// Opens the state and loads results, findings and plan.
    pub(super) fn load(context: &Context<'_>, with_resolved: bool) -> Result<Self, AppError> {
        let loaded = context.load(Vec::new())?;
        let store = context.read_store(&loaded.config)?;
        if store.last_scan()?.is_none() {
            return Err(AppError::failed("nothing was scanned yet").with_hint("cattleguard scan"));
        }
        Ok(Self {
            results: store.instance_results()?,
            findings: store.findings(with_resolved)?,
            plan: store.last_plan()?,
            store,
        })
    }
}
