//! `decisions show`.

use super::Kept;
use crate::app::cli::decisions::ShowArgs;
use crate::app::commands::json_text;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::Format;
use crate::report::render::decision_json;

pub(super) fn run(context: &Context<'_>, args: &ShowArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Json])?;
    let kept = Kept::open(context)?;
    let record = kept.one(&args.decision.id)?;
    let input = if args.with_input { kept.input(&record)? } else { None };
    if args.with_input && input.is_none() {
        context.note("its input is not kept: a later scan that decided the same has replaced it, or it was pruned");
    }
    let document = decision_json(&record, input, &kept.config.policy.mask);
    outputs.emit(|_, _| Ok(json_text(&document)))?;
    Ok(Exit::Ok)
}
