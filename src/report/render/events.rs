//! Change events as a table, for `ingest`.

use super::out::Out;
use super::parts::{count, time};
use crate::report::look::Look;
use crate::report::text::clean;
use crate::types::{CallOutcome, ChangeEvent};

/// Change events in the order given: when, who, what, on which instances.
pub fn events_table(events: &[ChangeEvent], look: &Look) -> String {
    let mut out = Out::new(look);
    if !events.is_empty() {
        out.table(
            &["TIME", "SEVERITY", "TARGET", "CODE", "WHAT"],
            events.iter().map(|event| row(event, look)).collect(),
        );
    }
    out.line(0, &count(events.len() as u64, "change event"));
    out.finish()
}

fn row(event: &ChangeEvent, look: &Look) -> Vec<String> {
    let mut targets: Vec<String> = event.instances.iter().map(|id| clean(id.as_str(), 40)).collect();
    targets.extend(event.unresolved.iter().map(|id| format!("{} (unresolved)", clean(id, 60))));
    let shown = match targets.as_slice() {
        [] => "-".to_owned(),
        [only] => only.clone(),
        [first, ..] => format!("{first} +{}", targets.len() - 1),
    };
    let (tried, failed) = match &event.outcome {
        CallOutcome::Succeeded => ("", String::new()),
        CallOutcome::Failed(error) => ("tried and failed: ", format!(" ({})", clean(error, 60))),
    };
    vec![
        time(event.time),
        look.severity(event.severity),
        shown,
        clean(event.code.as_str(), 60),
        format!("{} {tried}{}{failed}", clean(&event.actor.display, 60), clean(event.deed(), 160)),
    ]
}
