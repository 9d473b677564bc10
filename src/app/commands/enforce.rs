//! `enforce`: carries the plan out. What a dead run left behind comes first, then a scan, then what its plan allows.

use std::path::Path;

use crate::app::cli::enforce::EnforceArgs;
use crate::app::cli::scan::ScanArgs;
use crate::app::context::Context;
use crate::app::enforce::{Desk, Outcomes, exit_of, select, show};
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::{Format, Outputs};
use crate::app::pipeline::Service;
use crate::app::shutdown::Shutdown;
use crate::types::{Enforcement, Plan};

/// Formats of all commands that enforce.
pub(super) const FORMATS: [Format; 2] = [Format::Table, Format::Json];

/// Runs the command.
///
/// # Errors
/// Configuration, credentials, state, a plan file that is none.
pub(super) fn run(context: &Context<'_>, args: &EnforceArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&FORMATS)?;
    let given = args.plan.as_deref().map(read_plan).transpose()?;
    let config = context.load(Vec::new())?.config;
    if config.mode == Enforcement::Observe {
        return Err(AppError::new(Exit::Config, "mode = \"observe\": nothing may be enforced")
            .with_hint("set mode = \"quarantine\" or \"replace\", and the same as a fleet's `enforcement`"));
    }
    let mut service = Service::prepare(context, config, "enforce")?;
    service.deliver_at_once();
    context.runtime()?.block_on(async {
        let shutdown = shutdown()?;
        let desk = Desk::open(context, service, "enforce").await?;
        let (outcomes, refused, plan) = once(context, &desk, given.as_ref(), &shutdown).await?;
        print(&outputs, &outcomes, &refused)?;
        deliver(context, &desk, &shutdown).await;
        Ok(shutdown.requested().unwrap_or_else(|| exit_of(&outcomes, &refused, Some(&plan))))
    })
}

/// `scan --enforce`: the same, of everything that is configured.
///
/// # Errors
/// As [`run`]; flags that narrow the scan, because budgets and breakers are shares of whole fleets.
pub(super) fn scan(context: &Context<'_>, args: &ScanArgs) -> Result<Exit, AppError> {
    if !(args.fleet.is_empty() && args.account.is_empty() && args.region.is_empty()) {
        return Err(AppError::usage(
            "--enforce goes with the whole configuration, not with --fleet, --account or --region",
        )
        .with_hint("cattleguard scan, or cattleguard scan --enforce"));
    }
    run(context, &EnforceArgs { plan: None })
}

/// Recovers, scans, and carries out what the plan allows.
async fn once(
    context: &Context<'_>,
    desk: &Desk<'_>,
    given: Option<&Plan>,
    shutdown: &Shutdown,
) -> Result<(Outcomes, Vec<String>, Plan), AppError> {
    let clock = || context.now();
    let held = desk.lease(&clock)?;
    let say = |record: &crate::remediate::OperationRecord, text: &str| desk.say(record, text);
    let session = desk.session(&held, Some(shutdown), &say);
    let mut outcomes = session.recover().await?;
    let asked = desk.asked().await;
    let progress = context.progress();
    let scanned = tokio::select! {
        scanned = held.renewing(desk.service.scan_with(desk.cloud.as_ref(), &progress, &asked, None)) => scanned??,
        _ = shutdown.wait() => return Ok((outcomes, Vec::new(), empty(context))),
    };
    progress.finish();
    let report = scanned.report;
    let (plan, refused) = match given {
        Some(given) => select(given, &report.plan),
        None => (report.plan.clone(), Vec::new()),
    };
    outcomes.extend(session.execute(&plan, &report.findings, "cattleguard", None).await);
    Ok((outcomes, refused, plan))
}

fn empty(context: &Context<'_>) -> Plan {
    Plan {
        hash: crate::plan::plan_hash([]),
        created_at: context.now(),
        operations: Vec::new(),
        held: Vec::new(),
        frozen: Vec::new(),
    }
}

/// A plan as `plan -o json` writes it.
fn read_plan(path: &Path) -> Result<Plan, AppError> {
    let name = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| {
        AppError::usage(format!("{name} cannot be read: {error}")).with_hint("cattleguard plan -o json=FILE")
    })?;
    let plan: Plan = serde_json::from_str(&text).map_err(|error| {
        AppError::usage(format!("{name} is no plan: {error}")).with_hint("cattleguard plan -o json=FILE")
    })?;
    let problems = crate::plan::check(&plan);
    match problems.first() {
        None => Ok(plan),
        Some(first) => Err(AppError::usage(format!("{name} does not hold: {first}"))),
    }
}

pub(super) fn shutdown() -> Result<Shutdown, AppError> {
    Shutdown::install().map_err(|error| AppError::failed(format!("signal handlers cannot be installed: {error}")))
}

pub(super) fn print(outputs: &Outputs, outcomes: &Outcomes, refused: &[String]) -> Result<(), AppError> {
    let (text, document) = show(outcomes, refused);
    outputs.emit(|format, _| {
        Ok(match format {
            Format::Json | Format::Ndjson => super::json_text(&document),
            Format::Table => text.clone(),
        })
    })
}

pub(super) async fn deliver(context: &Context<'_>, desk: &Desk<'_>, shutdown: &Shutdown) {
    tokio::select! {
        summary = desk.service.deliver() => desk.service.say_delivery(context, &summary),
        // What is not delivered stays in the outbox.
        _ = shutdown.wait() => {}
    }
}
