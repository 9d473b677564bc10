//! The hands of a command that enforces.

use std::sync::Arc;

use crate::remediate::{CloudProbe, CloudWrite};

/// What enforcement looks and acts through. A command that does not enforce never has one.
#[derive(Clone)]
pub struct Enforcing {
    /// Looks before and after a call.
    pub probe: Arc<dyn CloudProbe>,
    /// Makes the calls.
    pub write: Arc<dyn CloudWrite>,
}
