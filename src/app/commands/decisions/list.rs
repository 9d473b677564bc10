//! `decisions list`.

use std::fmt::Write as _;

use serde_json::json;

use super::Kept;
use crate::app::cli::decisions::SelectArgs;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::Format;
use crate::app::terminal::{clean, clean_short};
use crate::report::render::{DECISION_SCHEMA, decision_json};
use crate::types::{DecisionRecord, DecisionStatus};

/// Reasons of one line, in characters.
const REASON: usize = 90;

pub(super) fn run(context: &Context<'_>, args: &SelectArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json])?;
    let kept = Kept::open(context)?;
    let mut records = Vec::new();
    kept.each(context.now(), args, &mut |record| records.push(record))?;
    outputs.emit(|format, _| {
        Ok(match format {
            Format::Json | Format::Ndjson => {
                let mask = &kept.config.policy.mask;
                let documents: Vec<_> = records.iter().map(|record| decision_json(record, None, mask)).collect();
                crate::app::commands::json_text(&json!({"schema": DECISION_SCHEMA, "decisions": documents}))
            }
            Format::Table => as_text(&records),
        })
    })?;
    Ok(Exit::Ok)
}

fn as_text(records: &[DecisionRecord]) -> String {
    if records.is_empty() {
        return "no decisions but uneventful passes\n".to_owned();
    }
    let mut text = String::new();
    for record in records {
        let decision = &record.decision;
        let failed = if decision.status == DecisionStatus::Error { " (a policy failed)" } else { "" };
        let _ = writeln!(
            text,
            "{} {:.0} {} {}{failed}, asked {}, severity {}",
            record.id,
            record.decided_at,
            clean(decision.instance.as_str()),
            decision.action,
            decision.asked,
            decision.severity
        );
        let _ = writeln!(text, "    until {:.0}; {}", record.last_decided_at, reason(record));
    }
    text
}

fn reason(record: &DecisionRecord) -> String {
    let reasons = &record.decision.reasons;
    match reasons.as_slice() {
        [] => "nothing was found any more".to_owned(),
        [only] => clean_short(only, REASON),
        [first, more @ ..] => format!("{} and {} more", clean_short(first, REASON), more.len()),
    }
}
