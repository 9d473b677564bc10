//! `policy bundle`: policies, tests and data in one file that can be signed.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use cattleguard_agent::sign::SigningKey;
use serde_json::{Value, json};

use crate::app::cli::policy::{BuildArgs, BundleCommand, InspectArgs, VerifyArgs};
use crate::app::context::Context;
use crate::app::error::{AppError, chain};
use crate::app::exit::Exit;
use crate::app::output::{Format, Replace, write_atomically};
use crate::app::policy_stack::on_policy_stack;
use crate::app::terminal::clean_short;
use crate::app::{policy_bundle, policy_files};
use crate::evaluate::archive::{Bundle, Contents, Manifest, pack};
use crate::evaluate::{PolicySet, PolicySource, shipped};

/// Most files in the folders given: more is not a folder of policies.
const MOST_FILES: usize = 4_000;

/// Folders nested deeper than this are not looked into.
const MAX_DEPTH: usize = 12;

pub(super) fn run(context: &Context<'_>, command: &BundleCommand) -> Result<Exit, AppError> {
    match command {
        BundleCommand::Build(args) => build(context, args),
        BundleCommand::Verify(args) => verify(context, args),
        BundleCommand::Inspect(args) => inspect(context, args),
    }
}

fn build(context: &Context<'_>, args: &BuildArgs) -> Result<Exit, AppError> {
    let mut files = Vec::new();
    for dir in &args.dirs {
        gather(dir, "", &mut files)?;
    }
    let key = args.sign_key.as_deref().map(signing_key).transpose()?;
    let sequence = args.sequence.unwrap_or_else(|| u64::try_from(context.now().as_second()).unwrap_or(0));
    let roots = if args.roots.is_empty() { roots(&files) } else { args.roots.clone() };
    let manifest = Manifest { revision: args.revision.clone(), roots, sequence: Some(sequence) };
    let failed = |error: String| AppError::new(Exit::Config, error);
    let packed = pack(Contents { manifest, files }, key.as_ref()).map_err(|error| failed(error.to_string()))?;
    let bundle = Bundle::read(&packed).map_err(|error| failed(error.to_string()))?;
    let digests = Digests::of(&bundle)?;
    write_atomically(&args.out, &packed, Replace::Yes)
        .map_err(|error| AppError::failed(format!("{} cannot be written: {error}", args.out.display())))?;
    print(context, &args.out, &bundle, &digests)
}

/// The digests by which decisions name what they were made by, where nothing else is configured (`policy.paths`,
/// `policy.data`).
struct Digests {
    /// `policy.builtin = false`.
    alone: String,
    /// Beside the shipped packs; `None` where they have a package in common.
    shipped: Option<String>,
}

impl Digests {
    fn of(bundle: &Bundle) -> Result<Self, AppError> {
        let alone = compiled(bundle, policy_files::library_for(&bundle.policies))?;
        let beside = policy_bundle::refuse_overlap(&bundle.policies, &shipped());
        Ok(Self { alone, shipped: beside.ok().and_then(|()| compiled(bundle, shipped()).ok()) })
    }
}

/// A bundle that does not compile would stop every scan that is given it.
fn compiled(bundle: &Bundle, beside: Vec<PolicySource>) -> Result<String, AppError> {
    let mut sources = bundle.policies.clone();
    sources.extend(beside);
    let set = on_policy_stack(|| PolicySet::compile(sources.clone(), bundle.data.clone()))?;
    let set = set.map_err(|problems| {
        AppError::config(problems.into_iter().map(|problem| policy_files::diag(problem, &sources)).collect())
    })?;
    Ok(set.digest().to_owned())
}

fn verify(context: &Context<'_>, args: &VerifyArgs) -> Result<Exit, AppError> {
    let bundle = policy_bundle::read(&args.file)?;
    let keys =
        if args.keys.is_empty() { context.load(Vec::new())?.config.policy.trusted_keys } else { args.keys.clone() };
    let trusted = policy_bundle::keys(&keys)?;
    let key = bundle.verify(&trusted).map_err(|error| AppError::failed(format!("{}: {error}", args.file.display())))?;
    let shown = format!(
        "ok: revision {}, sequence {}, {} files, signed by {key}",
        clean_short(&bundle.manifest.revision, 200),
        bundle.manifest.sequence.map_or_else(|| "none".to_owned(), |number| number.to_string()),
        bundle.files.len(),
    );
    context.outputs(&[Format::Table, Format::Json])?.emit(|format, _| {
        Ok(match format {
            Format::Table => shown.clone(),
            Format::Json | Format::Ndjson => crate::app::commands::json_text(&json!({
                "ok": true, "signed_by": key.to_string(), "digest": bundle.digest().to_string(),
                "revision": bundle.manifest.revision, "sequence": bundle.manifest.sequence,
            })),
        })
    })?;
    Ok(Exit::Ok)
}

fn inspect(context: &Context<'_>, args: &InspectArgs) -> Result<Exit, AppError> {
    let bundle = policy_bundle::read(&args.file)?;
    let digests = Digests::of(&bundle)?;
    print(context, &args.file, &bundle, &digests)
}

fn print(context: &Context<'_>, path: &Path, bundle: &Bundle, digests: &Digests) -> Result<Exit, AppError> {
    context.outputs(&[Format::Table, Format::Json])?.emit(|format, _| {
        Ok(match format {
            Format::Table => as_text(path, bundle, digests),
            Format::Json | Format::Ndjson => crate::app::commands::json_text(&as_json(bundle, digests)),
        })
    })?;
    Ok(Exit::Ok)
}

fn as_text(path: &Path, bundle: &Bundle, digests: &Digests) -> String {
    let manifest = &bundle.manifest;
    let mut text = format!("{}\n", path.display());
    let sequence = manifest.sequence.map_or_else(|| "none".to_owned(), |number| number.to_string());
    let _ = writeln!(text, "revision  {}, sequence {sequence}", clean_short(&manifest.revision, 200));
    let _ = writeln!(text, "roots     {}", clean_short(&manifest.roots.join(", "), 400));
    let _ = writeln!(text, "digest    {}", bundle.digest());
    let _ = writeln!(text, "policies  {} (evaluated alone, as decisions name it)", digests.alone);
    if let Some(shipped) = &digests.shipped {
        let _ = writeln!(text, "          {shipped} (beside the shipped packs)");
    }
    let signed =
        bundle.signed_by().map_or_else(|| "by nobody".to_owned(), |key| format!("by {key}, not verified here"));
    let _ = writeln!(text, "signed    {signed}");
    for (name, digest) in &bundle.files {
        let _ = writeln!(text, "  {} {}", digest.short(), clean_short(name, 200));
    }
    text
}

fn as_json(bundle: &Bundle, digests: &Digests) -> Value {
    let files: Vec<Value> =
        bundle.files.iter().map(|(name, digest)| json!({"name": name, "digest": digest.to_string()})).collect();
    json!({
        "schema": "cattleguard.dev/bundle/v1",
        "revision": bundle.manifest.revision, "sequence": bundle.manifest.sequence, "roots": bundle.manifest.roots,
        "digest": bundle.digest().to_string(), "bundle_digest": digests.alone,
        "bundle_digest_with_shipped": digests.shipped,
        "signed_by": bundle.signed_by().map(|key| key.to_string()), "files": files,
    })
}

fn signing_key(path: &Path) -> Result<SigningKey, AppError> {
    SigningKey::read(path).map_err(|error| {
        AppError::new(Exit::Config, format!("{}: {}", path.display(), chain(&error)))
            .with_hint("openssl genpkey -algorithm ed25519 -out policy.key")
    })
}

/// Rego and data files below a folder, with their names as they stand in it.
fn gather(folder: &Path, below: &str, files: &mut Vec<(String, Vec<u8>)>) -> Result<(), AppError> {
    let failed = |error: std::io::Error| AppError::new(Exit::Config, format!("{}: {error}", folder.display()));
    let mut children: Vec<PathBuf> =
        std::fs::read_dir(folder).map_err(failed)?.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    children.sort();
    for child in children {
        let Some(name) = child.file_name().and_then(|name| name.to_str()) else { continue };
        let path = if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") };
        let is_link = std::fs::symlink_metadata(&child).is_ok_and(|meta| meta.is_symlink());
        if child.is_dir() && !is_link && path.split('/').count() <= MAX_DEPTH {
            gather(&child, &path, files)?;
        } else if name.ends_with(".rego") || name == "data.json" {
            if files.len() >= MOST_FILES {
                return Err(AppError::new(Exit::Config, format!("more than {MOST_FILES} files")));
            }
            let content = std::fs::read(&child)
                .map_err(|error| AppError::new(Exit::Config, format!("{}: {error}", child.display())))?;
            files.push((path, content));
        }
    }
    Ok(())
}

/// Every package, and every place of data: the least that the bundle must own.
fn roots(files: &[(String, Vec<u8>)]) -> Vec<String> {
    let mut roots = BTreeSet::new();
    for (name, content) in files {
        let text = String::from_utf8_lossy(content);
        let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
        if name.ends_with("data.json") {
            match serde_json::from_str::<Value>(&text) {
                Ok(Value::Object(members)) if folder.is_empty() => roots.extend(members.keys().cloned()),
                _ => drop(roots.insert(folder.to_owned())),
            }
        } else if !name.ends_with("_test.rego")
            && let Some(package) = package(&PolicySource::new(name.clone(), text))
        {
            roots.insert(package.replace('.', "/"));
        }
    }
    let all: Vec<String> = roots.iter().cloned().collect();
    let within = |root: &str| {
        all.iter().any(|other| root.strip_prefix(other.as_str()).is_some_and(|rest| rest.starts_with('/')))
    };
    roots.into_iter().filter(|root| !within(root)).collect()
}

fn package(source: &PolicySource) -> Option<String> {
    let line = source.text.lines().map(str::trim_start).find(|line| line.starts_with("package "))?;
    Some(line.strip_prefix("package ")?.split('#').next()?.trim().to_owned())
}
