//! `decisions list`.

use serde_json::json;

use super::Kept;
use crate::app::cli::decisions::SelectArgs;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::{Canvas, Format};
use crate::app::terminal::{clean, clean_short};
use crate::report::render::parts::time;
use crate::report::render::{DECISION_SCHEMA, decision_json};
use crate::report::text::wrap;
use crate::types::{DecisionRecord, DecisionStatus};

/// Reasons of one line, in characters.
const REASON: usize = 90;

/// Before what a decision is about.
const INDENT: &str = "    ";

/// However narrow a terminal says that it is.
const NARROWEST: usize = 30;

pub(super) fn run(context: &Context<'_>, args: &SelectArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json])?;
    let kept = Kept::open(context)?;
    let mut records = Vec::new();
    kept.each(context.now(), args, &mut |record| records.push(record))?;
    outputs.emit(|format, canvas| {
        Ok(match format {
            Format::Json | Format::Ndjson => {
                let mask = &kept.config.policy.mask;
                let documents: Vec<_> = records.iter().map(|record| decision_json(record, None, mask)).collect();
                crate::app::commands::json_text(&json!({"schema": DECISION_SCHEMA, "decisions": documents}))
            }
            Format::Table => as_text(&records, canvas),
        })
    })?;
    Ok(Exit::Ok)
}

fn as_text(records: &[DecisionRecord], canvas: Canvas) -> String {
    if records.is_empty() {
        return "no decisions but uneventful passes".to_owned();
    }
    let room = usize::from(canvas.width).saturating_sub(INDENT.len()).max(NARROWEST);
    let mut lines = Vec::new();
    for record in records {
        let decision = &record.decision;
        let does = match (decision.status, decision.asked == decision.action) {
            (DecisionStatus::Error, _) => format!("{} (a policy failed)", decision.action),
            (_, true) => decision.action.to_string(),
            (_, false) => format!("{}, asked {}", decision.action, decision.asked),
        };
        let instance = clean(decision.instance.as_str());
        lines.push(format!("{}  {instance}  {does}, severity {}", record.id, decision.severity));
        let held = format!("{} to {}", time(record.decided_at), time(record.last_decided_at));
        lines.extend(wrap(&format!("{held}: {}", reason(record)), room).iter().map(|line| format!("{INDENT}{line}")));
    }
    lines.join("\n")
}

fn reason(record: &DecisionRecord) -> String {
    let reasons = &record.decision.reasons;
    match reasons.as_slice() {
        [] => "nothing was found any more".to_owned(),
        [only] => clean_short(only, REASON),
        [first, more @ ..] => format!("{} and {} more", clean_short(first, REASON), more.len()),
    }
}
