//! What commands that enforce get besides reading. No other command constructs it.

use std::sync::Arc;

use crate::remediate::{CloudProbe, CloudWrite};

/// Looking in detail, and changing.
#[derive(Clone)]
pub struct Enforcing {
    /// Looks.
    pub probe: Arc<dyn CloudProbe>,
    /// Changes.
    pub write: Arc<dyn CloudWrite>,
}
