//! Access for changing accounts.

use std::sync::Arc;

use crate::remediate::{CloudProbe, CloudWrite};

/// What enforcement works with. Only commands that enforce ask for it.
pub struct Enforcing {
    /// Reads in detail.
    pub probe: Arc<dyn CloudProbe>,
    /// Changes.
    pub write: Arc<dyn CloudWrite>,
}
