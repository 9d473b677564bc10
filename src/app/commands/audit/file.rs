//! `audit verify FILE`: an evidence file, without configuration, state or network.

use cattleguard_agent::sign::PublicKey;
use serde_json::json;

use crate::app::cli::misc::AuditVerifyArgs;
use crate::app::commands::json_text;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::Format;
use crate::report::evidence::{EvidenceFault, Verified, verify};
use crate::report::text::clean;

/// Schema of the answer.
const SCHEMA: &str = "cattleguard.dev/evidence-check/v1";
/// A file longer than this is no evidence file of ours.
const LONGEST: u64 = 4 << 30;

/// Checks it. Exit 2 when it does not hold.
///
/// # Errors
/// A file or key that cannot be read.
pub(super) fn run(context: &Context<'_>, args: &AuditVerifyArgs, path: &std::path::Path) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json])?;
    let unreadable = |error: std::io::Error| AppError::failed(format!("{}: {error}", path.display()));
    if std::fs::metadata(path).map_err(unreadable)?.len() > LONGEST {
        return Err(AppError::failed(format!("{} is too large to be an evidence file", path.display())));
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    let key = args.public_key.as_ref().map(|path| {
        PublicKey::read(path).map_err(|error| AppError::usage(format!("--public-key {}: {error}", path.display())))
    });
    let mut found = verify(&bytes, key.transpose()?.as_ref());
    if let (Ok(verified), Some(kept)) = (&found, &args.head)
        && verified.head.as_ref() != Some(kept)
    {
        found = Err(EvidenceFault::Audit(format!("it does not end with entry {}:{}", kept.0, kept.1)));
    }
    outputs.emit(|format, _| {
        Ok(match format {
            Format::Json | Format::Ndjson => json_text(&document(&found)),
            Format::Table => text(&found),
        })
    })?;
    Ok(if found.is_ok() { Exit::Ok } else { Exit::Failed })
}

fn document(found: &Result<Verified, EvidenceFault>) -> serde_json::Value {
    match found {
        Ok(verified) => json!({
            "schema": SCHEMA, "ok": true, "files": verified.files, "signed_by": verified.signed_by,
            "trusted": verified.trusted, "audit_entries": verified.audit_entries, "about": verified.about, "exit_code": 0,
        }),
        Err(fault) => {
            json!({ "schema": SCHEMA, "ok": false, "problem": fault.to_string(), "exit_code": Exit::Failed.code() })
        }
    }
}

fn text(found: &Result<Verified, EvidenceFault>) -> String {
    let verified = match found {
        Ok(verified) => verified,
        Err(fault) => return format!("broken: {}", clean(&fault.to_string(), 400)),
    };
    let Verified { files, signed_by, trusted, about, audit_entries, head } = verified;
    let period = |end: &str| clean(about["period"][end].as_str().unwrap_or("?"), 40);
    let head = head.as_ref().map_or_else(|| "empty".to_owned(), |(seq, hash)| format!("{seq}:{hash}"));
    let signed = match (signed_by, trusted) {
        (Some(key), true) => format!("signed by {key}, the key that was given"),
        (Some(key), false) => format!("signed by {key}; whether that is the right key, --public-key FILE tells"),
        (None, _) => "not signed: it is whole, but anybody could have made it".to_owned(),
    };
    format!(
        "ok: {files} members, {} to {}\n{signed}\naudit log: {audit_entries} entries, head {head}\n",
        period("from"),
        period("to")
    )
}
