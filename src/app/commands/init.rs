//! `init`: a first configuration with its IAM policy. Nothing that exists is overwritten.

mod template;

use std::path::Path;

use crate::app::cli::init::InitArgs;
use crate::app::config;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::{Replace, print, write_atomically};
use crate::app::{diag, iam_policy};

pub(super) fn run(context: &Context<'_>, args: &InitArgs) -> Result<Exit, AppError> {
    let path = context.config_path();
    let text = template::render(args);
    let shown = path.display().to_string();
    let base = path.parent().unwrap_or(Path::new("."));
    // Wrong arguments make a wrong file; the diagnostics of the loader say which.
    let (config, _) = config::parse(&shown, base, &text, &[], &[]).map_err(|diags| {
        let message = format!("these arguments make no configuration\n{}", diag::render(&diags, false));
        AppError::usage(message.trim_end())
    })?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)
            .map_err(|error| AppError::failed(format!("{} cannot be made: {error}", folder.display())))?;
    }
    write_new(&path, &text)?;
    let policy = format!("{}\n", iam_policy::pretty(&iam_policy::read_policy(&config)));
    match &args.policy_out {
        Some(file) => {
            write_new(file, &policy)?;
            context.note(&format!("wrote {shown} and {}", file.display()));
        }
        None => {
            context.note(&format!("wrote {shown}; the IAM policy it needs:"));
            print(&policy)?;
        }
    }
    if args.account.is_none() {
        context.note("the account in it is an example: put yours there");
    }
    context.note("next: `cattleguard doctor` says what is missing; then `golden record`, `scan`");
    Ok(Exit::Ok)
}

fn write_new(path: &Path, text: &str) -> Result<(), AppError> {
    write_atomically(path, text.as_bytes(), Replace::No).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            AppError::failed(format!("{} exists and is left as it is", path.display()))
                .with_hint("name another file with -C, or move it away")
        }
        std::io::ErrorKind::PermissionDenied => {
            AppError::new(Exit::Permission, format!("{} cannot be written: {error}", path.display()))
                .with_hint("name another file with -C")
        }
        _ => AppError::failed(format!("{} cannot be written: {error}", path.display())),
    })
}
