//! Says in the log, and in traces, how long each stage of a scan took.

use std::time::Instant;

use tracing::Span;

use crate::types::TRACE;

/// Times stages one after the other.
pub(super) struct StageLog {
    stage: &'static str,
    since: Instant,
    span: Span,
}

impl StageLog {
    /// The first stage begins.
    pub(super) fn start(stage: &'static str) -> Self {
        Self { stage, since: Instant::now(), span: span(stage) }
    }

    /// The stage ended; the next begins.
    pub(super) fn next(&mut self, stage: &'static str) {
        self.ended();
        *self = Self::start(stage);
    }

    /// The last stage ended.
    pub(super) fn end(self) {
        self.ended();
    }

    /// The stage that goes on: the parent of what is done in it.
    pub(super) fn span(&self) -> Span {
        self.span.clone()
    }

    fn ended(&self) {
        let Self { stage, since, .. } = self;
        let duration_ms = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(stage, duration_ms, "{stage} took {duration_ms} ms");
    }
}

fn span(stage: &'static str) -> Span {
    tracing::info_span!(target: TRACE, "stage", otel.name = stage)
}
