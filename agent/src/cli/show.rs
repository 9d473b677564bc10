//! `show`: what a manifest holds.

use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::diff::{open, unusable};
use super::output::Console;
use super::{CliError, Format, OutputOptions, exit};
use crate::compare::EntryView;
use crate::manifest::{Header, Totals, Verified};
use crate::{escape, path};

/// `show` options.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The manifest
    #[arg(value_name = "FILE")]
    manifest: PathBuf,
    /// One entry, with what is directly in it
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
    #[command(flatten)]
    output: OutputOptions,
}

/// The JSON result without a path.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    schema: &'static str,
    header: &'a Header,
    totals: &'a Totals,
    packages: Option<usize>,
    state: usize,
    signer: Option<String>,
}

/// The JSON result with a path.
#[derive(Debug, Serialize)]
struct Found {
    schema: &'static str,
    entry: EntryView,
    package: Option<String>,
    children: Vec<EntryView>,
}

pub(super) fn run(options: &Options, console: &mut Console<'_>) -> Result<u8, CliError> {
    match &options.path {
        None => summary(options, console),
        Some(path) => one(options, path.as_os_str().as_bytes(), console),
    }
}

fn summary(options: &Options, console: &mut Console<'_>) -> Result<u8, CliError> {
    let reader = open(&options.manifest)?;
    let (header, packages) = (reader.header().clone(), reader.packages().map(<[_]>::len));
    let items = reader.state().items.len();
    let Verified { totals, signature, print: _ } =
        reader.finish().map_err(|source| unusable(&options.manifest, source))?;
    let signer = signature.map(|signature| signature.key().to_string());
    if options.output.output == Format::Json {
        let schema = "cattleguard.dev/agent/manifest/v1";
        console.json(&Summary { schema, header: &header, totals: &totals, packages, state: items, signer });
        return Ok(exit::IDENTICAL);
    }
    let text = |text: &str| escape::text(text.as_bytes());
    console.line(&format!("root     {}", totals.root));
    console.line(&format!("baked    {} by agent {}", header.created_at, text(&header.agent)));
    console.line(&format!(
        "covers   {} entries: {} files, {} folders; {} bytes; {} with flaws",
        totals.counts.entries,
        totals.counts.files,
        totals.counts.directories,
        totals.counts.bytes,
        totals.counts.flawed
    ));
    console.line(&format!("roots    {}", header.settings.roots.join(" ")));
    console.line(&format!("mounts   {}", if header.settings.cross_mounts { "crossed" } else { "not crossed" }));
    console.line(&packages.map_or_else(|| "books    none".to_owned(), |count| format!("books    {count} packages")));
    console.line(&format!("state    {items} items beside the files"));
    console.line(&format!("signed   by {}", signer.as_deref().unwrap_or("nobody")));
    console.line(&format!("left out {} places by these patterns:", totals.excluded));
    for exclusion in &header.settings.exclusions {
        console.line(&format!("  {}  {}", exclusion.pattern, text(&exclusion.reason)));
    }
    for exclusion in &header.state_exclusions {
        let (noun, key) = (exclusion.section.noun(), text(&exclusion.key));
        console.line(&format!("  {noun} {key}  {}", text(&exclusion.reason)));
    }
    Ok(exit::IDENTICAL)
}

fn one(options: &Options, wanted: &[u8], console: &mut Console<'_>) -> Result<u8, CliError> {
    let wanted = path::clean(wanted)
        .ok_or_else(|| CliError::Usage(format!("`{}` is not an absolute path", escape::text(wanted))))?;
    let mut reader = open(&options.manifest)?;
    let failed = |source| unusable(&options.manifest, source);
    let (mut entry, mut package, mut children) = (None, None, Vec::new());
    while let Some(next) = reader.entry().map_err(failed)? {
        if next.path == wanted {
            package = reader.package_of(&next).map(|package| format!("{} {}", package.name, package.version));
            entry = Some(EntryView::from(&next));
        } else if path::parent(&next.path) == Some(&wanted) && entry.is_some() {
            children.push(EntryView::from(&next));
        }
    }
    reader.finish().map_err(failed)?;
    let Some(entry) = entry else {
        console.note(&format!("`{}` is not in the manifest", escape::text(&wanted)));
        return Ok(exit::DRIFTED);
    };
    if options.output.output == Format::Json {
        console.json(&Found { schema: "cattleguard.dev/agent/entry/v1", entry, package, children });
        return Ok(exit::IDENTICAL);
    }
    console.line(&format!("{}  {}", entry.path, entry.facts.line()));
    console.line(&format!("modified {}, inode changed {} (not judged)", entry.modified, entry.changed));
    if let Some(package) = package {
        console.line(&format!("package  {}", escape::text(package.as_bytes())));
    }
    for child in &children {
        console.line(&format!("  {}  {}", child.path, child.facts.line()));
    }
    Ok(exit::IDENTICAL)
}
