//! `audit verify` and `audit export`: the hash-chained log of what people and cattleguard did.

mod anchors;
mod file;

use serde_json::{Value, json};

use super::golden::open_read_only;
use crate::app::cli::misc::{AuditCommand, AuditVerifyArgs};
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::Format;
use crate::report::anchor::Compared;
use crate::store::audit::GENESIS;
use crate::store::{AuditBreak, AuditLog, AuditProblem};

/// Schema of exported lines.
const SCHEMA: &str = "cattleguard.dev/audit/v1";

/// Runs the command. Exit 2 when the log was tampered with: nothing in it can be trusted from there on.
///
/// # Errors
/// State that cannot be read.
pub(super) fn run(context: &Context<'_>, command: &AuditCommand) -> Result<Exit, AppError> {
    match command {
        AuditCommand::Verify(args) => match &args.file {
            Some(path) => file::run(context, args, path),
            None => verify(context, args),
        },
        AuditCommand::Export => export(context),
    }
}

/// The log as it is told.
struct Told {
    log: AuditLog,
    /// What its anchors say, where that was asked.
    anchors: Option<Compared>,
}

impl Told {
    fn read(context: &Context<'_>) -> Result<Self, AppError> {
        Ok(Self { log: AuditLog::read(open_read_only(context)?.as_ref())?, anchors: None })
    }

    /// Also checks an entry that somebody kept elsewhere.
    fn holds(&mut self, kept: &(i64, String)) {
        let (seq, hash) = kept;
        let problem = match self.log.entries.iter().find(|entry| entry.seq == *seq) {
            Some(entry) if entry.hash == *hash => return,
            Some(_) => AuditProblem::Edited,
            None => AuditProblem::Truncated,
        };
        self.log.broken.get_or_insert(AuditBreak { seq: *seq, problem });
    }

    fn head(&self) -> (i64, &str) {
        self.log.entries.last().map_or((0, GENESIS), |entry| (entry.seq, entry.hash.as_str()))
    }

    fn exit(&self) -> Exit {
        if self.log.broken.is_none() { Exit::Ok } else { Exit::Failed }
    }

    fn summary(&self) -> Value {
        let (seq, hash) = self.head();
        json!({
            "schema": SCHEMA,
            "ok": self.log.broken.is_none(),
            "entries": self.log.entries.len(),
            "head": { "seq": seq, "hash": hash },
            "broken_at": self.log.broken.as_ref().map(|broken| broken.seq),
            "problem": self.log.broken.as_ref().map(|broken| broken.problem.to_string()),
            "anchors": self.anchors.as_ref().map(anchors::document),
            "exit_code": self.exit().code(),
        })
    }

    /// Also compares with what was put into the anchors' bucket.
    fn anchored(&mut self, compared: Compared) {
        if let Some(broken) = &compared.broken {
            self.log.broken.get_or_insert_with(|| broken.clone());
        }
        self.anchors = Some(compared);
    }
}

fn verify(context: &Context<'_>, args: &AuditVerifyArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json])?;
    let mut log = Told::read(context)?;
    if let Some(kept) = &args.head {
        log.holds(kept);
    }
    if args.anchors {
        let compared = anchors::read(context, &log.log.entries)?;
        log.anchored(compared);
    }
    outputs.emit(|format, _| {
        Ok(match format {
            Format::Json | Format::Ndjson => super::json_text(&log.summary()),
            Format::Table => match &log.log.broken {
                Some(broken) => broken.to_string(),
                None => {
                    let (seq, hash) = log.head();
                    let anchors = log.anchors.as_ref().map(anchors::text).unwrap_or_default();
                    format!("ok: {} entries, head {seq}:{hash}{anchors}", log.log.entries.len())
                }
            },
        })
    })?;
    Ok(log.exit())
}

/// A broken log is exported as it is, and its summary says so.
fn export(context: &Context<'_>) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Ndjson])?;
    let log = Told::read(context)?;
    outputs.emit(|_, _| {
        let mut text = String::new();
        for entry in &log.log.entries {
            let line = json!({ "type": "audit_entry", "schema": SCHEMA, "entry": entry });
            text.push_str(&format!("{line}\n"));
        }
        let mut summary = log.summary();
        if let Some(fields) = summary.as_object_mut() {
            fields.insert("type".to_owned(), json!("summary"));
        }
        text.push_str(&format!("{summary}\n"));
        Ok(text)
    })?;
    Ok(log.exit())
}
