//! Everything that a command that enforces opens once: state, policies, reader and writer, kill switch, evidence.

use std::sync::Arc;

use super::host::AppHost;
use super::session::{LEASE, Session};
use super::{alarms, permissions, pulled};
use crate::app::config::Config;
use crate::app::context::Context;
use crate::app::enforcing::Enforcing;
use crate::app::error::AppError;
use crate::app::operator;
use crate::app::pipeline::{Asked, Held, Service};
use crate::app::shutdown::Shutdown;
use crate::collect::CloudRead;
use crate::remediate::{EvidenceStore, Hooks, KillSwitch, OperationRecord};
use crate::store::StoreError;
use crate::types::{Enforcement, OperationKind};

/// The environment variable that stops everything.
const STOP_VARIABLE: &str = "CATTLEGUARD_STOP";
/// The environment variable that names a fail point.
const FAILPOINT_VARIABLE: &str = "CATTLEGUARD_FAILPOINT";

/// What is open.
pub(in crate::app) struct Desk<'b> {
    pub(in crate::app) service: Service<'b>,
    pub(in crate::app) cloud: Arc<dyn CloudRead>,
    enforcing: Enforcing,
    kill_switch: KillSwitch,
    evidence: EvidenceStore,
    hooks: Box<dyn Hooks>,
    stop_variable: Option<String>,
    holder: String,
    backend: &'b dyn crate::app::backend::Backend,
    quiet: bool,
}

impl<'b> Desk<'b> {
    /// Opens everything; nothing is read from AWS yet but what credentials need.
    pub(in crate::app) async fn open(
        context: &Context<'b>,
        service: Service<'b>,
        command: &str,
    ) -> Result<Self, AppError> {
        let config = &service.config;
        let cloud = context.backend.connect(config).await?;
        let enforcing = context.backend.connect_enforcing(config).await?;
        let place = service.places.first().cloned();
        let parameter = config.enforcement.kill_switch.parameter.clone();
        let kill_switch =
            KillSwitch { file: Some(config.enforcement.kill_switch.file.clone()), parameter: place.zip(parameter) };
        let evidence = EvidenceStore::new(config.evidence_folder());
        Ok(Self {
            cloud,
            enforcing,
            kill_switch,
            evidence,
            hooks: hooks(context)?,
            stop_variable: context.variable(STOP_VARIABLE),
            holder: operator::holder(command),
            backend: context.backend,
            quiet: context.global.quiet,
            service,
        })
    }

    pub(in crate::app) fn config(&self) -> &Config {
        &self.service.config
    }

    /// The lease under which everything is done.
    pub(in crate::app) fn lease<'a>(
        &'a self,
        clock: &'a (dyn Fn() -> jiff::Timestamp + Sync),
    ) -> Result<Held<'a>, StoreError> {
        Held::acquire_named(LEASE, self.service.store.as_ref(), &self.holder, clock)
    }

    pub(in crate::app) fn session<'a>(
        &'a self,
        held: &'a Held<'a>,
        shutdown: Option<&'a Shutdown>,
        say: &'a (dyn Fn(&OperationRecord, &str) + Sync),
    ) -> Session<'a> {
        Session::new(AppHost {
            backend: self.backend,
            config: &self.service.config,
            store: Arc::clone(&self.service.store),
            cloud: self.cloud.as_ref(),
            enforcing: &self.enforcing,
            held,
            kill_switch: &self.kill_switch,
            stop_variable: self.stop_variable.clone(),
            evidence: &self.evidence,
            hooks: self.hooks.as_ref(),
            shutdown,
            say,
        })
    }

    /// What the plan must know when it will be carried out. Where nothing is enforced nothing is asked, unless a person
    /// wants this `kind` of operation.
    pub(super) async fn asked(&self, wanted: Option<OperationKind>) -> Asked {
        let config = self.config();
        let places = &self.service.places;
        let mut asked = Asked { own_principals: self.service.asked.own_principals.clone(), ..Asked::default() };
        if config.mode == Enforcement::Observe && wanted.is_none() {
            return asked;
        }
        asked.permissions = permissions(config, &self.enforcing, places, wanted).await;
        asked.alarms = alarms(config, &self.enforcing).await;
        for place in places {
            let switch = self.kill_switch.at(place);
            asked.stopped = asked.stopped.or(pulled(&switch, &self.enforcing, self.stop_variable.as_deref()).await);
            if let Ok(principal) = self.enforcing.write.principal(place).await {
                asked.own_principals.push(principal);
            }
        }
        asked
    }

    /// Says on stderr how an operation goes, and puts what people must know into the outbox.
    pub(in crate::app) fn say(&self, record: &OperationRecord, text: &str) {
        if !self.quiet {
            eprintln!("{} {} {}: {text}", record.kind, record.instance, short(record));
        }
        tracing::info!(operation = %record.id, instance.id = %record.instance, kind = %record.kind, "{text}");
        self.service.tell_operation(record);
    }
}

/// Enough of an id to tell operations apart on a screen.
pub(in crate::app) fn short(record: &OperationRecord) -> &str {
    let id = record.id.as_str();
    id.get(id.len().saturating_sub(8)..).unwrap_or(id)
}

#[cfg(feature = "testing")]
fn hooks(context: &Context<'_>) -> Result<Box<dyn Hooks>, AppError> {
    use crate::remediate::{FailPoint, NoHooks};
    match context.variable(FAILPOINT_VARIABLE) {
        None => Ok(Box::new(NoHooks)),
        Some(text) => match text.parse::<FailPoint>() {
            Ok(point) => Ok(Box::new(point)),
            Err(error) => Err(AppError::usage(format!("{FAILPOINT_VARIABLE}: {error}"))),
        },
    }
}

/// A program without fail points refuses to be told of one: somebody expects it to die there.
#[cfg(not(feature = "testing"))]
fn hooks(context: &Context<'_>) -> Result<Box<dyn Hooks>, AppError> {
    match context.variable(FAILPOINT_VARIABLE) {
        None => Ok(Box::new(crate::remediate::NoHooks)),
        Some(_) => Err(AppError::usage(format!("{FAILPOINT_VARIABLE} is set, and this build has no fail points"))),
    }
}
