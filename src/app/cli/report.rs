//! Arguments of `report`.

use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;

use super::values;

/// `report` formats. Everything comes from the store; no account is read.
#[derive(Clone, Debug, Subcommand)]
pub enum ReportCommand {
    /// One page with everything, in one file that needs no network
    Html(HtmlArgs),
    /// Everything the last scan left, as one JSON document
    Json(ListArgs),
    /// The same, one JSON record a line
    Ndjson(ListArgs),
    /// One table for spreadsheets
    Csv(CsvArgs),
    /// Findings as SARIF 2.1.0
    Sarif(ListArgs),
    /// Findings, controls and operations as OCSF events, one a line
    Ocsf(OcsfArgs),
    /// A zip for auditors: population, coverage, findings, decisions, exceptions, policies, audit log, signed manifest
    Evidence(EvidenceArgs),
}

/// Arguments of `report html`.
#[derive(Clone, Debug, Args)]
pub struct HtmlArgs {
    /// How far back drift, people and operations are shown
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=400))]
    pub days: u32,
}

/// Arguments of the lists.
#[derive(Clone, Debug, Args)]
pub struct ListArgs {
    /// Also resolved findings
    #[arg(long)]
    pub all: bool,
    /// Only this fleet; may be repeated
    #[arg(long, value_name = "NAME")]
    pub fleet: Vec<String>,
}

/// Arguments of `report csv`.
#[derive(Clone, Debug, Args)]
pub struct CsvArgs {
    /// Which table
    #[arg(long, value_name = "TABLE", value_enum, default_value_t)]
    pub table: CsvTable,
    /// Which findings and fleets.
    #[command(flatten)]
    pub list: ListArgs,
}

/// A table of `report csv`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum CsvTable {
    /// One line a finding.
    #[default]
    Findings,
    /// One line a server.
    Instances,
    /// One line for each source of each account and region.
    Coverage,
    /// One line an exception.
    Exceptions,
}

/// Arguments of `report ocsf`.
#[derive(Clone, Debug, Args)]
pub struct OcsfArgs {
    /// Only this class; may be repeated [default: all]
    #[arg(long, value_name = "CLASS", value_enum)]
    pub class: Vec<OcsfClass>,
    /// Which findings and fleets.
    #[command(flatten)]
    pub list: ListArgs,
}

/// A class of OCSF events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OcsfClass {
    /// Detection Finding, 2004: one a finding.
    Detection,
    /// Compliance Finding, 2003: one for each server and control.
    Compliance,
    /// Remediation Activity, 7001: one an operation.
    Remediation,
}

/// Arguments of `report evidence`.
#[derive(Clone, Debug, Args)]
pub struct EvidenceArgs {
    /// First day or instant, e.g. 2026-10-01
    #[arg(long, value_name = "TIME", value_parser = values::instant)]
    pub from: Timestamp,
    /// End, not included, e.g. 2027-01-01 [default: now]
    #[arg(long, value_name = "TIME", value_parser = values::instant)]
    pub to: Option<Timestamp>,
    /// Only controls of this framework, e.g. pci-dss-4.0.1 [default: all]
    #[arg(long, value_name = "FRAMEWORK")]
    pub framework: Option<String>,
    /// ed25519 key in PEM that signs the manifest [default: report.signing_key of the configuration]
    #[arg(long, value_name = "FILE")]
    pub key: Option<std::path::PathBuf>,
}
