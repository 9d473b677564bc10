//! `doctor`: the preflight.

use anstyle::{AnsiColor, Style};
use serde_json::json;

use crate::app::cli::misc::DoctorArgs;
use crate::app::context::Context;
use crate::app::doctor::{Check, Health, examine};
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::{Canvas, Format};
use crate::app::terminal::clean;
use crate::report::text::wrap;

/// Schema of the JSON document.
const SCHEMA: &str = "cattleguard.dev/doctor/v1";

/// Columns of `warning`, the longest of the marks.
const MARK: usize = 7;

/// However narrow a terminal says that it is, a sentence gets this many columns.
const NARROWEST: usize = 30;

/// Runs the command.
///
/// # Errors
/// A configuration that cannot be used; all else is part of the answer.
pub(super) fn run(context: &Context<'_>, args: &DoctorArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json])?;
    let loaded = context.load(Vec::new())?;
    let progress = context.progress();
    let checks = context.runtime()?.block_on(examine(context, &loaded, &progress));
    progress.finish();
    let exit = checks.iter().map(|check| check.health).max().unwrap_or(Health::Ok).exit();
    outputs.emit(|format, canvas| {
        Ok(match format {
            Format::Json | Format::Ndjson => super::json_text(&as_json(&checks, exit)),
            Format::Table => as_text(&checks, args.problems, canvas),
        })
    })?;
    Ok(exit)
}

fn as_json(checks: &[Check], exit: Exit) -> serde_json::Value {
    let listed: Vec<_> = checks
        .iter()
        .map(|check| {
            json!({
                "topic": check.topic.as_str(), "subject": check.subject, "health": check.health.as_str(),
                "text": check.text, "advice": check.advice,
            })
        })
        .collect();
    let (failed, warnings) = counts(checks);
    json!({
        "schema": SCHEMA, "checks": listed,
        "summary": { "checks": checks.len(), "warnings": warnings, "failed": failed, "exit_code": exit.code() },
    })
}

fn counts(checks: &[Check]) -> (usize, usize) {
    let failed = checks.iter().filter(|check| matches!(check.health, Health::Failed(_))).count();
    (failed, checks.iter().filter(|check| check.health == Health::Warning).count())
}

fn as_text(checks: &[Check], only_problems: bool, canvas: Canvas) -> String {
    let mut text = String::new();
    let mut topic = None;
    let room = usize::from(canvas.width).saturating_sub(MARK + 3).max(NARROWEST);
    for check in checks.iter().filter(|check| !only_problems || check.health != Health::Ok) {
        if topic.replace(check.topic) != Some(check.topic) {
            text.push_str(&format!("{}{}\n", if text.is_empty() { "" } else { "\n" }, check.topic.as_str()));
        }
        let subject = if check.subject.is_empty() { String::new() } else { format!("{}: ", clean(&check.subject)) };
        let mut lines = wrap(&format!("{subject}{}", clean(&check.text)), room);
        if let (Some(advice), true) = (&check.advice, check.health != Health::Ok) {
            lines.extend(wrap(&clean(advice), room));
        }
        for (at, line) in lines.iter().enumerate() {
            let margin = if at == 0 { mark(check.health, canvas.color) } else { " ".repeat(MARK) };
            text.push_str(&format!("  {margin} {line}\n"));
        }
    }
    let (failed, warnings) = counts(checks);
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(&match (failed, warnings) {
        (0, 0) => format!("all {} checks are fine", checks.len()),
        (0, _) => format!("{} checks, {warnings} with a warning, none failed", checks.len()),
        _ => format!("{} checks, {failed} failed, {warnings} with a warning", checks.len()),
    });
    text
}

fn mark(health: Health, color: bool) -> String {
    let (word, hue) = match health {
        Health::Ok => ("ok     ", AnsiColor::Green),
        Health::Warning => ("warning", AnsiColor::Yellow),
        Health::Failed(_) => ("FAILED ", AnsiColor::Red),
    };
    if !color {
        return word.to_owned();
    }
    let style = Style::new().fg_color(Some(hue.into()));
    format!("{style}{word}{style:#}")
}
