//! Says in the log how long each stage of a scan took.

use std::time::Instant;

/// Times stages one after the other.
pub(super) struct StageLog(Instant);

impl StageLog {
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    /// A stage ended; the next begins.
    pub(super) fn done(&mut self, stage: &'static str) {
        let ended = Instant::now();
        let duration_ms = u64::try_from(ended.duration_since(self.0).as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(stage, duration_ms, "{stage} took {duration_ms} ms");
        self.0 = ended;
    }
}
