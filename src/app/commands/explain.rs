//! `explain`: an instance, a finding or a finding code.

use std::collections::BTreeMap;

use super::stored::Stored;
use crate::app::cli::findings::ExplainArgs;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::{Format, Outputs};
use crate::app::table;
use crate::app::view::look;
use crate::collect::trail::event_codes;
use crate::detect::codes;
use crate::report::View;
use crate::report::render::{explain_finding, explain_instance, findings_json, instance_json};
use crate::report::text::{clean, wrap};
use crate::types::InstanceId;

/// Asks for every code with its title.
const ALL_CODES: &str = "codes";

/// Runs the command.
///
/// # Errors
/// State, or something that is neither an instance, a finding nor a code.
pub(super) fn run(context: &Context<'_>, args: &ExplainArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json])?;
    let subject = args.subject.as_str();
    if subject == ALL_CODES {
        return print_codes(&outputs);
    }
    // A code needs no state: it can be looked up before the first scan.
    if let Some(page) = code_page(subject) {
        return print_page(&outputs, &page);
    }
    if !(subject.starts_with("i-") || subject.starts_with("mi-") || subject.starts_with("f-")) {
        return Err(unknown(subject));
    }
    let stored = Stored::load(context, true)?;
    let past = super::operations::past_of(stored.store.as_ref(), &InstanceId::new(subject))?;
    let view = View::new(&stored.results, &stored.findings, stored.plan.as_ref()).with_past(&past);
    if let Some(result) = stored.results.iter().find(|result| result.instance.id.as_str() == subject) {
        outputs.emit(|format, canvas| {
            Ok(match format {
                Format::Json | Format::Ndjson => instance_json(result, &view),
                Format::Table => explain_instance(result, &view, &look(canvas, true)),
            })
        })?;
        return Ok(Exit::Ok);
    }
    let finding = stored.findings.iter().find(|finding| finding.id.as_str() == subject);
    let finding = finding.ok_or_else(|| unknown(subject))?;
    outputs.emit(|format, canvas| {
        Ok(match format {
            Format::Json | Format::Ndjson => findings_json(std::slice::from_ref(finding)),
            Format::Table => explain_finding(finding, &view, &look(canvas, true)),
        })
    })?;
    Ok(Exit::Ok)
}

/// The page of a code.
struct Page {
    code: String,
    title: String,
    meaning: String,
    advice: String,
}

fn code_page(code: &str) -> Option<Page> {
    if let Some(page) = codes::page(code) {
        return Some(Page {
            code: code.to_owned(),
            title: page.title.to_owned(),
            meaning: page.meaning.to_owned(),
            advice: page.advice.to_owned(),
        });
    }
    let event = event_codes().into_iter().find(|event| event.code.as_str() == code)?;
    Some(Page {
        code: code.to_owned(),
        title: event.title.clone(),
        meaning: format!(
            "{} Raised by {}; at most {}. It is a finding even when nothing differs afterwards.",
            event.about.split_whitespace().collect::<Vec<_>>().join(" "),
            event.events.join(", "),
            event.severity
        ),
        advice: "Ask the person named in the attribution; replace the server if it was modified.".to_owned(),
    })
}

fn print_codes(outputs: &Outputs) -> Result<Exit, AppError> {
    let own = codes::PAGES.iter().map(|page| (page.code.to_owned(), page.title.to_owned()));
    let events = event_codes().into_iter().map(|event| (event.code.to_string(), event.title.clone()));
    // A page of our own says more than the event that may raise the code.
    let all: BTreeMap<String, String> = events.chain(own).collect();
    outputs.emit(|format, canvas| {
        Ok(match format {
            Format::Json | Format::Ndjson => {
                let listed: Vec<_> =
                    all.iter().map(|(code, title)| serde_json::json!({"code": code, "title": title})).collect();
                serde_json::json!({"schema": "cattleguard.dev/codes/v1", "codes": listed}).to_string()
            }
            Format::Table => {
                let rows: Vec<Vec<String>> =
                    all.iter().map(|(code, title)| vec![code.clone(), title.clone()]).collect();
                table::render(&["code", "what"], &rows, canvas)
            }
        })
    })?;
    Ok(Exit::Ok)
}

fn print_page(outputs: &Outputs, page: &Page) -> Result<Exit, AppError> {
    outputs.emit(|format, canvas| {
        Ok(match format {
            Format::Json | Format::Ndjson => serde_json::json!({
                "code": page.code, "title": page.title, "meaning": page.meaning, "advice": page.advice,
            })
            .to_string(),
            Format::Table => {
                let width = usize::from(canvas.width).saturating_sub(2).max(40);
                let mut lines = vec![format!("{}: {}", page.code, page.title)];
                for text in [&page.meaning, &page.advice] {
                    lines.push(String::new());
                    lines.extend(wrap(text, width).into_iter().map(|line| format!("  {line}")));
                }
                lines.join("\n")
            }
        })
    })?;
    Ok(Exit::Ok)
}

fn unknown(subject: &str) -> AppError {
    AppError::failed(format!(
        "`{}` is no instance of the last scan, no finding and no finding code",
        clean(subject, 80)
    ))
    .with_hint(
        "cattleguard findings list --all; cattleguard scan -v lists every instance, cattleguard explain codes every code",
    )
}
