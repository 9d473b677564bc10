//! Reads Rego files for the policy stage, which does no I/O itself.

use std::path::{Path, PathBuf};

use super::diag::{Diag, Site};
use super::error::AppError;
use super::exit::Exit;
use super::terminal::clean_short;
use crate::evaluate::{PolicyProblem, PolicySource, TAB_COLUMNS, shipped_library};

/// A policy file larger than this is a mistake: the engine itself refuses more than 1 MiB.
const MOST_BYTES: u64 = 1024 * 1024;

/// A shown line is cut here.
const SNIPPET: usize = 160;

/// Reads files, and folders recursively, in the order of their names. Tests (`*_test.rego`) are left out.
///
/// # Errors
/// A path that cannot be read, or a folder without policies.
pub fn read(paths: &[PathBuf]) -> Result<Vec<PolicySource>, AppError> {
    select(paths, |name| name.ends_with(".rego") && !name.ends_with("_test.rego"))
}

/// The tests among the same paths.
///
/// # Errors
/// A path that cannot be read.
pub fn read_tests(paths: &[PathBuf]) -> Result<Vec<PolicySource>, AppError> {
    let mut sources = Vec::new();
    for path in paths {
        collect(path, path, &|name| name.ends_with("_test.rego"), &mut sources)?;
    }
    Ok(sources)
}

fn select(paths: &[PathBuf], wanted: fn(&str) -> bool) -> Result<Vec<PolicySource>, AppError> {
    let mut sources = Vec::new();
    for path in paths {
        let before = sources.len();
        collect(path, path, &wanted, &mut sources)?;
        if sources.len() == before {
            let message = format!("{} holds no policies (*.rego)", path.display());
            return Err(AppError::new(Exit::Config, message));
        }
    }
    Ok(sources)
}

/// `root` is what was named: the folder above, or the file itself.
fn collect(
    path: &Path,
    root: &Path,
    wanted: &dyn Fn(&str) -> bool,
    sources: &mut Vec<PolicySource>,
) -> Result<(), AppError> {
    let failed = |error: std::io::Error| AppError::new(Exit::Config, format!("{}: {error}", path.display()));
    let meta = std::fs::metadata(path).map_err(failed)?;
    if meta.is_dir() {
        let mut children: Vec<PathBuf> =
            std::fs::read_dir(path).map_err(failed)?.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
        children.sort();
        for child in children {
            let is_link = std::fs::symlink_metadata(&child).is_ok_and(|meta| meta.is_symlink());
            // A linked folder could be a loop; a linked file is fine.
            if child.is_dir() && is_link {
                continue;
            }
            collect(&child, root, wanted, sources)?;
        }
        return Ok(());
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if !wanted(&name) {
        return Ok(());
    }
    if meta.len() > MOST_BYTES {
        return Err(AppError::new(Exit::Config, format!("{}: larger than 1 MiB", path.display())));
    }
    let bytes = std::fs::read(path).map_err(failed)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let before = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
        let line = before.filter(|byte| **byte == b'\n').count() + 1;
        AppError::new(Exit::Config, format!("{}:{line}: not UTF-8", path.display()))
    })?;
    let below = path.strip_prefix(root).unwrap_or(path).display().to_string();
    let within = if below.is_empty() { name } else { below };
    sources.push(PolicySource::found(path.display().to_string(), within, text));
    Ok(())
}

/// Everything in the given files and folders: policies and tests apart.
///
/// # Errors
/// A path that cannot be read, or one that holds no Rego at all.
pub fn read_all(paths: &[PathBuf]) -> Result<(Vec<PolicySource>, Vec<PolicySource>), AppError> {
    let all = select(paths, |name| name.ends_with(".rego"))?;
    Ok(all.into_iter().partition(|source| !source.name.ends_with("_test.rego")))
}

/// The shipped library, as far as these policies do not bring it themselves: they may import it.
pub fn library_for(policies: &[PolicySource]) -> Vec<PolicySource> {
    let brings = |library: &PolicySource| {
        let package = library.text.lines().find(|line| line.starts_with("package "));
        policies.iter().any(|source| source.text.lines().any(|line| Some(line) == package))
    };
    shipped_library().into_iter().filter(|library| !brings(library)).collect()
}

/// A policy problem as a diagnostic, with the line it is about, out of the texts it was found in.
pub fn diag(problem: PolicyProblem, sources: &[PolicySource]) -> Diag {
    let line = usize::try_from(problem.line).unwrap_or(0);
    let shown = line.checked_sub(1).and_then(|index| {
        let source = sources.iter().find(|source| source.name == problem.file)?;
        source.text.lines().nth(index).map(|line| (clean_short(line, SNIPPET), characters(line, problem.column)))
    });
    let mut diag = Diag::whole_file("policy", problem.file.clone(), problem.message.clone());
    if let Some((snippet, column)) = shown {
        diag.site = Site::File { file: problem.file, line, column, width: 1, snippet };
    } else if line > 0 {
        diag.message = format!("line {line}: {}", diag.message);
    }
    diag
}

/// The column in characters of a column that counts tabs wider.
fn characters(line: &str, column: u32) -> usize {
    let mut at = 1;
    for (index, character) in line.chars().enumerate() {
        if at >= column {
            return index + 1;
        }
        at += if character == '\t' { TAB_COLUMNS } else { 1 };
    }
    line.chars().count() + 1
}
