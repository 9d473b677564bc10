//! `enforce`: carries the plan out. What a dead run left behind comes first, then a scan, then what its plan allows.

use std::io::Read as _;
use std::path::Path;

use crate::app::cli::enforce::EnforceArgs;
use crate::app::config::Config;
use crate::app::context::Context;
use crate::app::enforce::{Desk, Looked, Outcomes, exit_of, select, show};
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::{Format, Outputs};
use crate::app::pipeline::{ScanOutcome, Service};
use crate::app::shutdown::Shutdown;
use crate::remediate::OperationRecord;
use crate::report::render::plan_from_json;
use crate::types::{Enforcement, Plan};

/// Formats of all commands that enforce.
pub(super) const FORMATS: [Format; 2] = [Format::Table, Format::Json];

/// Plans of the largest fleets are a few megabytes; a file beyond this is something else.
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// Runs the command.
///
/// # Errors
/// Configuration, credentials, state, a plan file that is none.
pub(super) fn run(context: &Context<'_>, args: &EnforceArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&FORMATS)?;
    let given = args.plan.as_deref().map(read_plan).transpose()?;
    let config = context.load(Vec::new())?.config;
    refuse_observe(&config)?;
    let mut service = Service::prepare(context, config, "enforce")?;
    service.deliver_at_once();
    context.runtime()?.block_on(async {
        let shutdown = shutdown()?;
        let desk = Desk::open(context, service, "enforce").await?;
        let pick = |plan: &Plan| match &given {
            Some(given) => select(given, plan),
            None => (plan.clone(), Vec::new()),
        };
        let run = once(context, &desk, &pick, &shutdown).await?;
        print(&outputs, &run.outcomes, &run.refused)?;
        deliver(context, &desk, &shutdown).await;
        Ok(shutdown.requested().unwrap_or_else(|| run.exit()))
    })
}

/// Where nothing may be enforced, being asked to is a contradiction that somebody should know of.
pub(super) fn refuse_observe(config: &Config) -> Result<(), AppError> {
    if config.mode != Enforcement::Observe {
        return Ok(());
    }
    Err(AppError::new(Exit::Config, "mode = \"observe\": nothing may be enforced")
        .with_hint("set mode = \"quarantine\" or \"replace\", and the same as a fleet's `enforcement`"))
}

/// What one run of enforcement came to.
pub(super) struct Run {
    /// The scan; `None` when the process was asked to end during it.
    pub(super) scanned: Option<ScanOutcome>,
    /// How the operations went.
    pub(super) outcomes: Outcomes,
    /// What was wanted and does not hold any more.
    pub(super) refused: Vec<String>,
}

impl Run {
    /// The exit code of the enforcing alone.
    pub(super) fn exit(&self) -> Exit {
        exit_of(&self.outcomes, &self.refused, self.scanned.as_ref().map(|scanned| &scanned.report.plan))
    }
}

/// Recovers, scans, and carries out what is picked of the plan.
pub(super) async fn once(
    context: &Context<'_>,
    desk: &Desk<'_>,
    pick: &(dyn Fn(&Plan) -> (Plan, Vec<String>) + Sync),
    shutdown: &Shutdown,
) -> Result<Run, AppError> {
    let clock = || context.now();
    let held = desk.lease(&clock)?;
    let say = |record: &OperationRecord, text: &str| desk.say(record, text);
    let session = desk.session(&held, Some(shutdown), &say);
    let looked = desk.look(&session, &held, &context.progress(), None, shutdown).await?;
    let Looked { recovered: mut outcomes, scanned } = looked;
    let mut refused = Vec::new();
    if let Some(scanned) = &scanned {
        let (plan, not_now) = pick(&scanned.report.plan);
        refused = not_now;
        outcomes.extend(session.execute(&plan, &scanned.report.findings, "cattleguard", None).await);
    }
    Ok(Run { scanned, outcomes, refused })
}

/// A plan as `plan -o json` writes it.
fn read_plan(path: &Path) -> Result<Plan, AppError> {
    let name = path.display();
    let hint = "cattleguard plan -o json=FILE";
    let mut text = String::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(MOST_BYTES).read_to_string(&mut text))
        .map_err(|error| AppError::usage(format!("{name} cannot be read: {error}")).with_hint(hint))?;
    let plan = plan_from_json(&text)
        .map_err(|error| AppError::usage(format!("{name} is no plan: {error}")).with_hint(hint))?;
    match crate::plan::check(&plan).first() {
        None => Ok(plan),
        Some(first) => Err(AppError::usage(format!("{name} does not hold: {first}")).with_hint(hint)),
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
