//! Arguments of `golden`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::values;
use crate::detect::registry::ContractPart;
use crate::types::{AccountId, GoldenRef};

/// `golden` commands.
#[derive(Clone, Debug, Subcommand)]
pub enum GoldenCommand {
    /// Record a version of a golden line from an AMI
    Record(RecordArgs),
    /// List goldens
    List,
    /// Show one: images, launch contract and baseline
    Show(RefArgs),
    /// Compare two
    Diff(DiffArgs),
    /// Make one the version that fleets should run; the version before becomes deprecated
    Promote(RefArgs),
    /// Say that one should no longer run
    Deprecate(NoteArgs),
    /// Say that one must never run: its instances become findings
    Revoke(NoteArgs),
    /// Print goldens as one JSON document
    Export(ExportArgs),
    /// Add goldens from an exported document
    Import(ImportArgs),
}

/// Arguments of `golden record`.
#[derive(Clone, Debug, Args)]
pub struct RecordArgs {
    /// Golden line, e.g. web
    #[arg(value_name = "LINE")]
    pub line: String,
    /// AMI id
    #[arg(long, value_name = "ID")]
    pub ami: String,
    /// Version [default: the date and a number]
    #[arg(long, value_name = "VERSION")]
    pub version: Option<String>,
    /// Pristine instance to record the launch contract and the software baseline from; never one that serves
    #[arg(long, value_name = "INSTANCE")]
    pub reference_instance: Option<String>,
    /// Account of the AMI [default: the only one configured]
    #[arg(long, value_name = "ID", value_parser = values::account)]
    pub account: Option<AccountId>,
    /// Region of the AMI [default: the only one configured]
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// Manifest that the agent wrote when the image was baked
    #[arg(long, value_name = "FILE", conflicts_with = "root")]
    pub manifest: Option<PathBuf>,
    /// Root digest that the agent printed when the image was baked
    #[arg(long, value_name = "DIGEST")]
    pub root: Option<String>,
    /// Part of the launch contract that is not judged, e.g. instance-type; may be repeated
    #[arg(long, value_name = "PART")]
    pub without: Vec<ContractPart>,
    /// Record although the reference instance reports no SSM inventory; software is then not judged
    #[arg(long)]
    pub without_inventory: bool,
    /// Another instance type that is allowed; may be repeated
    #[arg(long, value_name = "TYPE")]
    pub instance_type: Vec<String>,
    /// Tag that instances must carry with this value; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = values::key_value)]
    pub tag: Vec<(String, String)>,
    /// Promote it at once
    #[arg(long)]
    pub promote: bool,
}

/// Arguments of commands on one golden.
#[derive(Clone, Debug, Args)]
pub struct RefArgs {
    /// LINE@VERSION
    #[arg(value_name = "REF", value_parser = values::golden_ref)]
    pub reference: GoldenRef,
}

/// Arguments of `golden diff`.
#[derive(Clone, Debug, Args)]
pub struct DiffArgs {
    /// LINE@VERSION
    #[arg(value_name = "FROM", value_parser = values::golden_ref)]
    pub from: GoldenRef,
    /// LINE@VERSION
    #[arg(value_name = "TO", value_parser = values::golden_ref)]
    pub to: GoldenRef,
}

/// Arguments of `golden deprecate` and `golden revoke`.
#[derive(Clone, Debug, Args)]
pub struct NoteArgs {
    /// LINE@VERSION
    #[arg(value_name = "REF", value_parser = values::golden_ref)]
    pub reference: GoldenRef,
    /// Why
    #[arg(long, value_name = "TEXT", value_parser = values::not_empty)]
    pub reason: Option<String>,
}

/// Arguments of `golden export`.
#[derive(Clone, Debug, Args)]
pub struct ExportArgs {
    /// Only these [default: all]
    #[arg(value_name = "REF", value_parser = values::golden_ref)]
    pub references: Vec<GoldenRef>,
}

/// Arguments of `golden import`.
#[derive(Clone, Debug, Args)]
pub struct ImportArgs {
    /// Exported document, `-` for stdin
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}
