//! The time that evaluating policies is measured by.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

static FIRST_LOOK: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Time since this was first asked for.
pub(in crate::app) fn stopwatch() -> Duration {
    FIRST_LOOK.elapsed()
}
