//! Why an operation is not begun, and what would lift that.

/// An operation that is not begun. The reason says what would lift it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// Why, and what would lift it.
    pub reason: String,
    /// Whether it passes by itself: the next scan may try again.
    pub transient: bool,
}

impl Refusal {
    /// Stands until somebody changes something.
    pub fn lasting(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), transient: false }
    }

    /// Passes by itself.
    pub fn passing(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), transient: true }
    }
}
