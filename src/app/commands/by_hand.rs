//! `quarantine`, `replace` and `release`: one instance by hand, through the same gates.

use super::enforce::{FORMATS, deliver, print, shutdown};
use crate::app::cli::enforce::{ManualArgs, ReleaseArgs};
use crate::app::context::Context;
use crate::app::enforce::{Desk, Looked, Outcome, Outcomes, exit_of, in_quarantine};
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::pipeline::{Service, Wish};
use crate::app::view::look;
use crate::remediate::{Requested, kept};
use crate::report::render::plan_text;
use crate::store::Store;
use crate::types::{InstanceId, OperationKind, Plan};

/// `quarantine` or `replace`.
///
/// # Errors
/// Configuration, credentials, state, an instance that the scan does not see.
pub(super) fn run(context: &Context<'_>, kind: OperationKind, args: &ManualArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&FORMATS)?;
    let config = context.load(Vec::new())?.config;
    let mut service = Service::prepare(context, config, kind.as_str())?;
    service.deliver_at_once();
    let by = context.operator();
    let wish = Wish {
        instance: InstanceId::new(&args.instance),
        kind,
        contain_first: args.contain_first,
        by: by.clone(),
        overriding: args.override_reason.clone(),
    };
    context.runtime()?.block_on(async {
        let shutdown = shutdown()?;
        let desk = Desk::open(context, service, kind.as_str()).await?;
        let clock = || context.now();
        let held = desk.lease(&clock)?;
        let say = |record: &crate::remediate::OperationRecord, text: &str| desk.say(record, text);
        let session = desk.session(&held, Some(&shutdown), &say);
        let looked = desk.look(&session, &held, &context.progress(), Some(&wish), &shutdown).await?;
        let Looked { recovered: mut outcomes, scanned } = looked;
        let Some(scanned) = scanned else { return Ok(shutdown.requested().unwrap_or(Exit::Terminated)) };
        let plan = scanned.wished.ok_or_else(|| {
            AppError::failed(format!("the scan saw no live instance {}", args.instance))
                .with_hint("cattleguard scan; cattleguard pets")
        })?;
        // Who overrides a gate sees what it said.
        let all_gates = context.global.verbose > 0 || args.override_reason.is_some();
        if args.dry_run || plan.operations.is_empty() {
            outputs.emit(|format, canvas| {
                Ok(match format {
                    crate::app::output::Format::Table => plan_text(&plan, &look(canvas, all_gates)),
                    _ => crate::report::render::plan_json(&plan),
                })
            })?;
            if plan.operations.is_empty() {
                context.note(&why_nothing(desk.service.store.as_ref(), &plan, args)?);
            }
            return Ok(if plan.operations.is_empty() { Exit::Held } else { Exit::Ok });
        }
        let findings = scanned.report.findings;
        outcomes.extend(session.execute(&plan, &findings, &by, args.override_reason.as_deref()).await);
        print(&outputs, &outcomes, &[])?;
        deliver(context, &desk, &shutdown).await;
        Ok(shutdown.requested().unwrap_or_else(|| exit_of(&outcomes, &[], None)))
    })
}

/// What a person must know whose wish came to nothing.
fn why_nothing(store: &dyn Store, plan: &Plan, args: &ManualArgs) -> Result<String, AppError> {
    let instance = InstanceId::new(&args.instance);
    let nothing = if args.dry_run { "nothing would be done" } else { "nothing was done" };
    if plan.held.is_empty() {
        let operations = store.operations_of(&instance)?;
        let kept = operations.iter().find(|one| kept(std::slice::from_ref(*one)).contains(&instance));
        return Ok(match (kept, in_quarantine(store, &instance)?) {
            (Some(by), _) => format!(
                "{nothing}: {instance} was replaced and is kept, isolated; `cattleguard operations rollback {}` puts \
                 it back in its place",
                by.id
            ),
            (None, Some(by)) => format!(
                "{nothing}: {instance} is in quarantine already, by {}; `cattleguard release {instance}` undoes that",
                by.id
            ),
            (None, None) => format!("{nothing}: nothing is to be done with {instance}"),
        });
    }
    Ok(match args.override_reason {
        None => {
            format!("{nothing}: the gates above hold it; `--override REASON` is a person's word against them")
        }
        Some(_) => format!("{nothing}: what still refuses above is lifted by nobody's word"),
    })
}

/// `release`: undoes the quarantine of an instance from its before-image.
///
/// # Errors
/// Configuration, credentials, state, an instance that is not in quarantine.
pub(super) fn release(context: &Context<'_>, args: &ReleaseArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&FORMATS)?;
    let config = context.load(Vec::new())?.config;
    let mut service = Service::prepare(context, config, "release")?;
    service.deliver_at_once();
    let instance = InstanceId::new(&args.instance);
    let by = context.operator();
    context.runtime()?.block_on(async {
        let shutdown = shutdown()?;
        let desk = Desk::open(context, service, "release").await?;
        let clock = || context.now();
        let held = desk.lease(&clock)?;
        let say = |record: &crate::remediate::OperationRecord, text: &str| desk.say(record, text);
        let session = desk.session(&held, Some(&shutdown), &say);
        let mut outcomes = session.recover_of(&instance).await?;
        let quarantine = in_quarantine(desk.service.store.as_ref(), &instance)?.ok_or_else(|| {
            AppError::failed(format!("{instance} is not in quarantine")).with_hint("cattleguard operations list --all")
        })?;
        let reasons = vec![args.override_reason.clone().unwrap_or_else(|| format!("released by {by}"))];
        let requested = Requested {
            by,
            reasons,
            plan: None,
            operation: None,
            findings: Vec::new(),
            fingerprints: Vec::new(),
            overridden: None,
        };
        let record = session
            .prepare_release(&quarantine, requested)
            .await
            .map_err(|refused| AppError::new(Exit::Held, refused.reason))?;
        let begun = record.clone();
        outcomes.add(match session.engine().begin(record).await {
            Ok(record) => session.ended(record),
            Err(halt) => Outcome::Halted(Box::new(begun), halt.to_string()),
        });
        print(&outputs, &outcomes, &[])?;
        deliver(context, &desk, &shutdown).await;
        Ok(shutdown.requested().unwrap_or_else(|| exit_of(&outcomes, &[], None)))
    })
}

/// Which way a person sends an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// On.
    Resume,
    /// Back.
    RollBack,
}

/// `operations resume` and `operations rollback`.
///
/// # Errors
/// Configuration, credentials, state, an operation that is over.
pub(super) fn decide(context: &Context<'_>, id: &str, way: Way) -> Result<Exit, AppError> {
    let outputs = context.outputs(&FORMATS)?;
    let config = context.load(Vec::new())?.config;
    let mut service = Service::prepare(context, config, "operations")?;
    service.deliver_at_once();
    let by = context.operator();
    context.runtime()?.block_on(async {
        let shutdown = shutdown()?;
        let desk = Desk::open(context, service, "operations").await?;
        let record = super::operations::find(desk.service.store.as_ref(), id)?;
        if record.status.is_over() {
            let hint = match record.kind {
                OperationKind::Quarantine => format!("cattleguard release {}", record.instance),
                _ => format!("cattleguard operations show {}", record.id),
            };
            return Err(AppError::failed(format!("{} is {}", record.id, record.status)).with_hint(hint));
        }
        let clock = || context.now();
        let held = desk.lease(&clock)?;
        // Another process may have carried it on until now.
        let record = super::operations::find(desk.service.store.as_ref(), record.id.as_str())?;
        let say = |record: &crate::remediate::OperationRecord, text: &str| desk.say(record, text);
        let session = desk.session(&held, Some(&shutdown), &say);
        let begun = record.clone();
        let engine = session.engine();
        let went = match way {
            Way::Resume => engine.resume(record, &by).await,
            Way::RollBack => engine.undo_all(record, &by).await,
        };
        let mut outcomes = Outcomes::default();
        outcomes.add(match went {
            Ok(record) => session.ended(record),
            Err(halt) => Outcome::Halted(Box::new(begun), halt.to_string()),
        });
        let rolled_back = way == Way::RollBack
            && matches!(outcomes.0.first(), Some(Outcome::Ended(record))
                if record.status == crate::remediate::OperationStatus::RolledBack);
        print(&outputs, &outcomes, &[])?;
        deliver(context, &desk, &shutdown).await;
        // Going back is what was asked for.
        let exit = if rolled_back { Exit::Ok } else { exit_of(&outcomes, &[], None) };
        Ok(shutdown.requested().unwrap_or(exit))
    })
}
