//! `golden export` and `golden import`: move goldens between states, or keep them in version control.

use std::io::Read as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{find, open, open_read_only};
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output;
use crate::types::{Golden, GoldenRef, GoldenStatus};

/// Version of the document.
const SCHEMA: &str = "cattleguard.dev/goldens/v1";

/// A file larger than this is no export of ours.
const MOST_BYTES: u64 = 256 * 1024 * 1024;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exported {
    schema: String,
    goldens: Vec<ExportedGolden>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExportedGolden {
    /// Checked at import: an edited export is refused.
    digest: String,
    golden: Golden,
}

pub(super) fn export(context: &Context<'_>, references: &[GoldenRef]) -> Result<Exit, AppError> {
    let store = open_read_only(context)?;
    let goldens = if references.is_empty() {
        store.goldens()?
    } else {
        references.iter().map(|reference| find(store.as_ref(), reference)).collect::<Result<_, _>>()?
    };
    let goldens =
        goldens.into_iter().map(|golden| ExportedGolden { digest: golden.digest().to_string(), golden }).collect();
    let document = Exported { schema: SCHEMA.to_owned(), goldens };
    let text = serde_json::to_string_pretty(&document).map_err(|error| AppError::failed(error.to_string()))?;
    output::print(&format!("{text}\n"))?;
    Ok(Exit::Ok)
}

pub(super) fn import(context: &Context<'_>, path: &Path) -> Result<Exit, AppError> {
    let document = read(path)?;
    let store = open(context)?;
    // Everything is checked before anything is written.
    for ExportedGolden { digest, golden } in &document.goldens {
        let reference = golden.reference();
        if golden.digest().as_str() != digest {
            return Err(AppError::failed(format!("{reference} does not match its digest: the file was edited")));
        }
        if store.golden(&reference)?.is_some() {
            return Err(AppError::failed(format!("{reference} is recorded already; nothing was imported")));
        }
    }
    for ExportedGolden { golden, .. } in &document.goldens {
        // Whoever imports decides anew what to promote; what was revoked stays revoked.
        let status = match golden.status {
            GoldenStatus::Revoked => GoldenStatus::Revoked,
            _ => GoldenStatus::Recorded,
        };
        let imported = Golden { status, promoted_at: None, ..golden.clone() };
        store.add_golden(&imported)?;
        context.note(&format!("imported {} as {status}", golden.reference()));
    }
    Ok(Exit::Ok)
}

fn read(path: &Path) -> Result<Exported, AppError> {
    let failed = |what: String| AppError::failed(format!("{}: {what}", path.display()));
    let mut text = String::new();
    let result = if path == Path::new("-") {
        std::io::stdin().take(MOST_BYTES).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(MOST_BYTES).read_to_string(&mut text))
    };
    result.map_err(|error| failed(error.to_string()))?;
    let document: Exported = serde_json::from_str(&text).map_err(|error| failed(error.to_string()))?;
    if document.schema != SCHEMA {
        return Err(failed(format!("its schema is `{}`, this version reads {SCHEMA}", document.schema)));
    }
    Ok(document)
}
