//! `report json | ndjson | csv | sarif | ocsf`.

use jiff::Timestamp;

use super::write;
use crate::app::cli::report::{CsvArgs, CsvTable, ListArgs, OcsfArgs, OcsfClass};
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::{OutputSpec, escape_invisible};
use crate::app::pipeline::{PolicyInputs, policy_inputs};
use crate::evaluate::Assessed;
use crate::evaluate::controls::controls_over;
use crate::report::listing::Listing;
use crate::report::render::{csv, ocsf, report_json, report_ndjson, sarif as render_sarif};

pub(super) fn json(context: &Context<'_>, args: &ListArgs) -> Result<Exit, AppError> {
    emit(context, "json", args, |listing| Ok(report_json(listing)))
}

pub(super) fn ndjson(context: &Context<'_>, args: &ListArgs) -> Result<Exit, AppError> {
    emit(context, "ndjson", args, |listing| Ok(report_ndjson(listing)))
}

pub(super) fn sarif(context: &Context<'_>, args: &ListArgs) -> Result<Exit, AppError> {
    emit(context, "sarif", args, |listing| Ok(render_sarif(listing)))
}

pub(super) fn csv(context: &Context<'_>, args: &CsvArgs) -> Result<Exit, AppError> {
    emit(context, "csv", &args.list, |listing| {
        Ok(match args.table {
            CsvTable::Findings => csv::findings_csv(listing),
            CsvTable::Instances => csv::instances_csv(listing),
            CsvTable::Coverage => csv::coverage_csv(&listing.scan.coverage),
            CsvTable::Exceptions => csv::exceptions_csv(&listing.exceptions),
        })
    })
}

pub(super) fn ocsf(context: &Context<'_>, args: &OcsfArgs) -> Result<Exit, AppError> {
    let wants = |class| args.class.is_empty() || args.class.contains(&class);
    emit(context, "ocsf", &args.list, |listing| {
        let mut events = Vec::new();
        if wants(OcsfClass::Detection) {
            events.extend(ocsf::detection_findings(listing));
        }
        if wants(OcsfClass::Compliance) {
            let PolicyInputs { sources, data, .. } = policy_inputs(&context.load(Vec::new())?.config.policy)?;
            let controls = controls_over(&data).map_err(|problem| AppError::new(Exit::Config, problem.to_string()))?;
            events.extend(ocsf::compliance_findings(listing, &controls, &Assessed::of(&sources, &data)));
        }
        if wants(OcsfClass::Remediation) {
            events.extend(ocsf::remediation_activities(listing));
        }
        Ok(events.iter().map(|event| format!("{event}\n")).collect())
    })
}

/// Reads the listing, renders it and writes it to every place.
fn emit(
    context: &Context<'_>,
    name: &str,
    args: &ListArgs,
    render: impl FnOnce(&Listing) -> Result<String, AppError>,
) -> Result<Exit, AppError> {
    let places = OutputSpec::places(&context.global.output, name)?;
    let listing = load(context, args)?;
    let mut text = render(&listing)?;
    // A table is cleaned cell by cell; in JSON the escape means the same.
    if name != "csv" {
        text = escape_invisible(text);
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    write(&places, text.as_bytes())?;
    Ok(Exit::Ok)
}

fn load(context: &Context<'_>, args: &ListArgs) -> Result<Listing, AppError> {
    let loaded = context.load(Vec::new())?;
    for fleet in &args.fleet {
        super::super::known_fleet(&loaded.config, Some(fleet))?;
    }
    let store = context.read_store(&loaded.config)?;
    let scan = store.last_scan()?;
    let scan = scan.ok_or_else(|| AppError::failed("nothing was scanned yet").with_hint("cattleguard scan"))?;
    let mut listing = Listing {
        now: context.now(),
        results: store.instance_results()?,
        findings: store.findings(args.all)?,
        plan: store.last_plan()?,
        operations: store.operations_since(Timestamp::MIN)?,
        goldens: store.goldens()?,
        exceptions: store.exceptions()?,
        scan,
    };
    listing.retain_fleets(&args.fleet);
    Ok(listing)
}
