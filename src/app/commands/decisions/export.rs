//! `decisions export`: one record a line.

use serde_json::json;

use super::Kept;
use crate::app::cli::decisions::ExportArgs;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::Format;
use crate::report::render::{DECISION_SCHEMA, decision_json};
use crate::types::DecisionStatus;

pub(super) fn run(context: &Context<'_>, args: &ExportArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Ndjson])?;
    let kept = Kept::open(context)?;
    let mut records = Vec::new();
    kept.each(context.now(), &args.select, &mut |record| records.push(record))?;
    let mut text = String::new();
    let mut errors = 0;
    for record in &records {
        let input = if args.with_input { kept.input(record)? } else { None };
        let document = decision_json(record, input, &kept.config.policy.mask);
        errors += u64::from(record.decision.status == DecisionStatus::Error);
        text.push_str(&format!("{document}\n"));
    }
    let summary = json!({
        "type": "summary",
        "schema": DECISION_SCHEMA,
        "decisions": records.len(),
        "errors": errors,
        "masked": kept.config.policy.mask,
        "exit_code": Exit::Ok.code(),
    });
    text.push_str(&format!("{summary}\n"));
    outputs.emit(|_, _| Ok(text.clone()))?;
    Ok(Exit::Ok)
}
