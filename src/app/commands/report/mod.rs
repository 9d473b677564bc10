//! `report`: pages, lists and evidence out of the state. No account is read again.

mod evidence;
mod gaps;
mod gather;
mod lists;
mod past;

use std::io::IsTerminal as _;
use std::path::PathBuf;

pub(in crate::app) use gather::gather;

use crate::app::cli::report::{HtmlArgs, ReportCommand};
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::{DataStream, OutputSpec, Replace};
use crate::report::page;

/// Runs the command.
///
/// # Errors
/// State, or a place that cannot be written.
pub(super) fn run(context: &Context<'_>, command: &ReportCommand) -> Result<Exit, AppError> {
    match command {
        ReportCommand::Html(args) => html(context, args),
        ReportCommand::Json(args) => lists::json(context, args),
        ReportCommand::Ndjson(args) => lists::ndjson(context, args),
        ReportCommand::Csv(args) => lists::csv(context, args),
        ReportCommand::Sarif(args) => lists::sarif(context, args),
        ReportCommand::Ocsf(args) => lists::ocsf(context, args),
        ReportCommand::Evidence(args) => evidence::run(context, args),
    }
}

fn html(context: &Context<'_>, args: &HtmlArgs) -> Result<Exit, AppError> {
    let places = OutputSpec::places(&context.global.output, "html")?;
    if places.contains(&None) && std::io::stdout().is_terminal() {
        return Err(AppError::usage("a page is no use on a terminal").with_hint("-o report.html"));
    }
    let loaded = context.load(Vec::new())?;
    let store = context.read_store(&loaded.config)?;
    let known = gather(store.as_ref(), &loaded.config, context.now(), args.days)?;
    let text = page::html(&known, page::Place::File)
        .map_err(|error| AppError::new(Exit::Bug, format!("the page cannot be made: {error}")))?;
    write(&places, text.as_bytes())?;
    for path in places.iter().flatten() {
        context.note(&format!("wrote {} ({} KiB)", path.display(), text.len() / 1024));
    }
    Ok(Exit::Ok)
}

/// Writes the same to every place; a file is replaced only when it is complete.
fn write(places: &[Option<PathBuf>], bytes: &[u8]) -> Result<(), AppError> {
    for place in places {
        let name = || place.as_ref().map_or_else(|| "stdout".to_owned(), |path| path.display().to_string());
        let stream = match place {
            None => Ok(DataStream::stdout()),
            Some(path) => DataStream::file(path, Replace::Yes),
        };
        stream
            .and_then(|mut stream| {
                stream.write(bytes)?;
                stream.finish()
            })
            .map_err(|error| AppError::new(Exit::Failed, format!("{} cannot be written: {error}", name())))?;
    }
    Ok(())
}
