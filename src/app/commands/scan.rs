//! `scan`: collect, detect, evaluate, plan and notify, once.

use crate::app::cli::scan::ScanArgs;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::{Format, Outputs};
use crate::app::pipeline::{self, Service};
use crate::app::shutdown::Shutdown;
use crate::app::view::look;
use crate::report::ScanReport;
use crate::report::render::{scan_json, scan_ndjson, scan_table};
use crate::types::{Enforcement, FleetName, Place, Severity};

/// Runs the command.
///
/// # Errors
/// Configuration, credentials, state: whatever leaves no trustworthy result.
pub(super) fn run(context: &Context<'_>, args: &ScanArgs) -> Result<Exit, AppError> {
    if args.enforce {
        return super::enforce::scan(context, args);
    }
    let outputs = context.outputs(&[Format::Table, Format::Json, Format::Ndjson])?;
    let loaded = context.load(args.overrides())?;
    let mut service = Service::prepare(context, loaded.config, "scan")?;
    service.deliver_at_once();
    service.places = selected_places(&service.places, args)?;
    check_fleets(&service, &args.fleet)?;
    if let Some(since) = args.since {
        service.since(since);
    }
    if service.config.mode != Enforcement::Observe {
        let mode = service.config.mode;
        context.note(&format!("mode = \"{mode}\": a scan only plans and alerts; `cattleguard enforce` acts"));
    }
    let runtime = context.runtime()?;
    runtime.block_on(async {
        let shutdown = Shutdown::install()
            .map_err(|error| AppError::failed(format!("signal handlers cannot be installed: {error}")))?;
        let cloud = context.backend.connect(&service.config).await?;
        let progress = context.progress();
        let scan = service.scan(cloud.as_ref(), &progress);
        let outcome = tokio::select! {
            outcome = scan => outcome?,
            // Nothing was committed: the next scan reads the same window.
            exit = shutdown.wait() => return Ok(exit),
        };
        progress.finish();
        let report = shown(&outcome.report, &args.fleet, service.config.scan.fail_on);
        print(context, &outputs, &report)?;
        let delivered = tokio::select! {
            summary = service.deliver() => summary,
            // What is not delivered stays in the outbox.
            exit = shutdown.wait() => return Ok(exit),
        };
        service.say_delivery(context, &delivered);
        if service.store.goldens()?.is_empty() {
            context.note("no golden is recorded yet, so nothing can be clean; next: cattleguard golden record LINE --ami ID --reference-instance ID");
        }
        Ok(pipeline::exit_of(&report, service.config.scan.fail_on))
    })
}

/// The account-regions that the flags leave.
fn selected_places(places: &[Place], args: &ScanArgs) -> Result<Vec<Place>, AppError> {
    let regions: Vec<&str> = args.region.iter().map(String::as_str).collect();
    let selected: Vec<Place> = places
        .iter()
        .filter(|place| args.account.is_empty() || args.account.contains(&place.account))
        .filter(|place| regions.is_empty() || regions.contains(&place.region.as_str()))
        .cloned()
        .collect();
    if selected.is_empty() {
        let configured: Vec<String> = places.iter().map(ToString::to_string).collect();
        return Err(AppError::usage("no configured account and region matches --account and --region")
            .with_hint(format!("configured: {}", configured.join(", "))));
    }
    Ok(selected)
}

fn check_fleets(service: &Service<'_>, wanted: &[String]) -> Result<(), AppError> {
    let known: Vec<&str> = service.config.fleets.iter().map(|fleet| fleet.name.as_str()).collect();
    match wanted.iter().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => {
            Err(AppError::usage(format!("no fleet `{}` is configured", crate::report::text::clean(name, 60)))
                .with_hint(format!("configured: {}", known.join(", "))))
        }
    }
}

fn print(context: &Context<'_>, outputs: &Outputs, report: &ScanReport) -> Result<(), AppError> {
    outputs.emit(|format, canvas| {
        Ok(match format {
            Format::Table => scan_table(report, &look(canvas, context.global.verbose > 0)),
            Format::Json => scan_json(report),
            Format::Ndjson => scan_ndjson(report),
        })
    })
}

/// The report as far as the wanted fleets go. Everything was scanned and stored; this is what is shown.
fn shown(report: &ScanReport, fleets: &[String], fail_on: Severity) -> ScanReport {
    let mut shown = report.clone();
    if fleets.is_empty() {
        return shown;
    }
    let wanted =
        |fleet: &Option<FleetName>| fleet.as_ref().is_some_and(|name| fleets.iter().any(|f| f == name.as_str()));
    shown.instances.retain(|result| wanted(&result.fleet));
    // What concerns a whole account concerns every fleet in it.
    shown.findings.retain(|finding| finding.instance.as_str() == "*" || wanted(&finding.fleet));
    shown.resolved.retain(|finding| wanted(&finding.fleet));
    shown.plan.operations.retain(|operation| wanted(&Some(operation.fleet.clone())));
    shown.plan.held.retain(|held| wanted(&held.fleet));
    shown.plan.frozen.retain(|(fleet, _)| wanted(&Some(fleet.clone())));
    shown.totals = pipeline::totals(&shown, fail_on);
    shown
}
