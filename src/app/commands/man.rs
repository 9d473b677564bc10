//! `man`: the manual page, or one for each command.

use std::path::Path;

use clap_mangen::Man;

use crate::app::cli::{self, misc::ManArgs};
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::{self, Replace, write_atomically};

pub(super) fn run(context: &Context<'_>, args: &ManArgs) -> Result<Exit, AppError> {
    let mut command = if args.agent { cattleguard_agent::cli::command() } else { cli::command(context.backend.name()) };
    command.build();
    match &args.dir {
        None => output::print(&page(&command)?)?,
        Some(folder) => {
            std::fs::create_dir_all(folder)
                .map_err(|error| AppError::failed(format!("{} cannot be made: {error}", folder.display())))?;
            write_pages(&command, folder)?;
        }
    }
    Ok(Exit::Ok)
}

fn page(command: &clap::Command) -> Result<String, AppError> {
    let mut text = Vec::new();
    Man::new(command.clone())
        .render(&mut text)
        .map_err(|error| AppError::failed(format!("the manual page cannot be rendered: {error}")))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// `cattleguard.1`, `cattleguard-scan.1`, `cattleguard-golden-record.1`, …
fn write_pages(command: &clap::Command, folder: &Path) -> Result<(), AppError> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    let path = folder.join(format!("{name}.1"));
    write_atomically(&path, page(command)?.as_bytes(), Replace::Yes)
        .map_err(|error| AppError::failed(format!("{} cannot be written: {error}", path.display())))?;
    command.get_subcommands().try_for_each(|command| write_pages(command, folder))
}
