//! Prints what the pipeline says of its stages, with the memory at that moment.

use std::fmt::{Debug, Write as _};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::usage::megabytes;

/// Starts printing.
pub(crate) fn print() {
    tracing_subscriber::registry().with(Stages).init();
}

struct Stages;

#[derive(Default)]
struct Line {
    stage: bool,
    text: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.stage |= field.name() == "stage";
        if field.name() != "message" {
            // Writing to a string cannot fail.
            let _ = write!(self.text, "{} {value:?}  ", field.name());
        }
    }
}

impl<S: Subscriber> Layer<S> for Stages {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if !event.metadata().target().starts_with("cattleguard") {
            return;
        }
        let mut line = Line::default();
        event.record(&mut line);
        if line.stage {
            let (resident, peak) = (megabytes("VmRSS:").unwrap_or_default(), megabytes("VmHWM:").unwrap_or_default());
            println!("    {}resident {resident:.0} MB  peak {peak:.0} MB", line.text);
        }
    }
}
