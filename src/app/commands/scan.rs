//! `scan`: collect, detect, evaluate, plan and notify, once.

use super::enforce::Run;
use crate::app::cli::scan::ScanArgs;
use crate::app::context::Context;
use crate::app::enforce::{Desk, show};
use crate::app::error::AppError;
use crate::app::exit::{Exit, worst};
use crate::app::metrics;
use crate::app::output::{Format, Outputs};
use crate::app::pipeline::{self, Service};
use crate::app::view::look;
use crate::report::ScanReport;
use crate::report::render::{scan_json, scan_ndjson, scan_table};
use crate::types::{Enforcement, FleetName, Place, Plan, Severity};

/// Runs the command.
///
/// # Errors
/// Configuration, credentials, state: whatever leaves no trustworthy result.
pub(super) fn run(context: &Context<'_>, args: &ScanArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json, Format::Ndjson])?;
    let loaded = context.load(args.overrides())?;
    if args.enforce {
        super::enforce::refuse_observe(&loaded.config)?;
        refuse_parts(args)?;
    }
    let mut service = Service::prepare(context, loaded.config, "scan")?;
    service.deliver_at_once();
    service.places = selected_places(&service.places, args)?;
    check_fleets(&service, &args.fleet)?;
    if let Some(since) = args.since {
        service.since(since);
    }
    if args.enforce {
        return context.runtime()?.block_on(enforcing(context, &outputs, service, args));
    }
    if service.config.mode != Enforcement::Observe {
        let mode = service.config.mode;
        context.note(&format!("mode = \"{mode}\": a scan only plans and alerts; `--enforce` acts"));
    }
    let runtime = context.runtime()?;
    runtime.block_on(async {
        let shutdown = super::enforce::shutdown()?;
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
        print(context, &outputs, &report, None)?;
        let delivered = tokio::select! {
            summary = service.deliver() => summary,
            // What is not delivered stays in the outbox.
            exit = shutdown.wait() => return Ok(exit),
        };
        service.say_delivery(context, &delivered);
        say_without_goldens(context, &service)?;
        write_metrics(context, &service, args)?;
        Ok(pipeline::exit_of(&report, service.config.scan.fail_on))
    })
}

/// `--enforce`: the scan's plan is carried out, as far as the wanted fleets go, and shown with the scan.
async fn enforcing(
    context: &Context<'_>,
    outputs: &Outputs,
    service: Service<'_>,
    args: &ScanArgs,
) -> Result<Exit, AppError> {
    let shutdown = super::enforce::shutdown()?;
    let desk = Desk::open(context, service, "scan").await?;
    let fail_on = desk.service.config.scan.fail_on;
    let pick = |plan: &Plan| {
        let mut picked = plan.clone();
        picked.operations.retain(|operation| wants(&args.fleet, Some(&operation.fleet)));
        (picked, Vec::new())
    };
    let run = super::enforce::once(context, &desk, &pick, &shutdown).await?;
    let Some(scanned) = &run.scanned else { return Ok(shutdown.requested().unwrap_or(Exit::Terminated)) };
    let report = shown(&scanned.report, &args.fleet, fail_on);
    print(context, outputs, &report, Some(&run))?;
    super::enforce::deliver(context, &desk, &shutdown).await;
    say_without_goldens(context, &desk.service)?;
    write_metrics(context, &desk.service, args)?;
    let exit = worst([pipeline::exit_of(&report, fail_on), run.exit()]);
    Ok(shutdown.requested().unwrap_or(exit))
}

/// Budgets and breakers are shares of whole fleets: what is enforced must have been looked at whole.
fn refuse_parts(args: &ScanArgs) -> Result<(), AppError> {
    if args.account.is_empty() && args.region.is_empty() {
        return Ok(());
    }
    let message = "--enforce goes with every account and region, not with --account or --region";
    Err(AppError::usage(message).with_hint("cattleguard scan --enforce --fleet NAME"))
}

fn say_without_goldens(context: &Context<'_>, service: &Service<'_>) -> Result<(), AppError> {
    if service.store.goldens()?.is_empty() {
        context.note("no golden is recorded yet, so nothing can be clean; next: cattleguard golden record LINE --ami ID --reference-instance ID");
    }
    Ok(())
}

/// `--metrics`: last, so that what was delivered is counted.
fn write_metrics(context: &Context<'_>, service: &Service<'_>, args: &ScanArgs) -> Result<(), AppError> {
    let Some(path) = &args.metrics else { return Ok(()) };
    metrics::write(service.store.as_ref(), &service.config, context.now(), path)
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

fn print(context: &Context<'_>, outputs: &Outputs, report: &ScanReport, run: Option<&Run>) -> Result<(), AppError> {
    let (text, document) = match run.map(|run| show(&run.outcomes, &run.refused)) {
        Some((text, document)) => (format!("\n{text}"), Some(document)),
        None => (String::new(), None),
    };
    outputs.emit(|format, canvas| {
        Ok(match format {
            Format::Table => scan_table(report, &look(canvas, context.global.verbose > 0)) + &text,
            Format::Json => scan_json(report, document.as_ref()),
            Format::Ndjson => scan_ndjson(report, document.as_ref()),
        })
    })
}

/// Whether a fleet is among the wanted ones; without any, all are wanted.
fn wants(fleets: &[String], fleet: Option<&FleetName>) -> bool {
    fleets.is_empty() || fleet.is_some_and(|name| fleets.iter().any(|wanted| wanted == name.as_str()))
}

/// The report as far as the wanted fleets go. Everything was scanned and stored; this is what is shown.
fn shown(report: &ScanReport, fleets: &[String], fail_on: Severity) -> ScanReport {
    let mut shown = report.clone();
    if fleets.is_empty() {
        return shown;
    }
    let wanted = |fleet: &Option<FleetName>| wants(fleets, fleet.as_ref());
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
