//! What `scan`, `daemon` and `demo` share: policies, destinations and settings made ready once, used for many scans.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::api_counts::{self, Requests};
use super::noted::note_config;
use super::scan::{ScanInputs, ScanOutcome, run_scan};
use super::wish::Wish;
use super::{ScanError, anchoring, configured_policies, retention};
use crate::app::backend::Backend;
use crate::app::buttons::Buttons;
use crate::app::config::Config;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::operator;
use crate::app::policies::Policies;
use crate::app::progress::Progress;
use crate::collect::{self, ApiMeter, CloudRead};
use crate::plan::{Alarm, Permissions};
use crate::remediate::{KillSwitch, OperationRecord};
use crate::report::anchor::AnchorVault;
use crate::report::deliver::Client;
use crate::report::{
    Destination, NotifySettings, OperationNews, OutboxHistory, Pump, PumpSummary, operation_notice, overtaken_notices,
};
use crate::store::Store;
use crate::types::Place;

/// A single scan spends at most this long on deliveries; the rest stays in the outbox for the next run.
const DELIVERY_TIME: SignedDuration = SignedDuration::from_secs(60);

/// What only somebody who may enforce can ask before a scan. By default nothing was asked: then no alarm holds, and
/// permissions are not known.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// ARNs that our own changing calls are made as.
    pub own_principals: Vec<String>,
    /// Why the kill switch's parameter stops everything, if it does.
    pub stopped: Option<String>,
    /// The configured alarms with their state.
    pub alarms: Vec<Alarm>,
    /// What the enforcing role may do.
    pub permissions: Permissions,
}

/// Everything that scans need, made ready and checked.
pub struct Service<'b> {
    /// Configuration.
    pub config: Config,
    /// State.
    pub store: Arc<dyn Store>,
    /// Account-regions to scan.
    pub places: Vec<Place>,
    /// Destinations with their secrets.
    pub destinations: Vec<Destination>,
    /// What was asked for enforcement.
    pub asked: Asked,
    /// Buttons below messages, where a destination has them.
    pub(in crate::app) buttons: Option<Buttons>,
    policies: Policies,
    notify: NotifySettings,
    pump: tokio::sync::Mutex<Pump>,
    /// What the outbox failed with last, so that it is logged once.
    trouble: Mutex<Option<String>>,
    holder: String,
    meter: ApiMeter,
    anchor_every: SignedDuration,
    vault: tokio::sync::OnceCell<Arc<dyn AnchorVault>>,
    backend: &'b dyn Backend,
}

impl<'b> Service<'b> {
    /// Opens the state, reads policies and secrets. `command` names the lease holder.
    ///
    /// # Errors
    /// Everything that is wrong, before anything is read from AWS.
    pub fn prepare(context: &Context<'b>, config: Config, command: &str) -> Result<Self, AppError> {
        let launch = context.backend.policy_worker().filter(|_| config.policy.sandbox);
        let (policies, taken) = configured_policies(launch, &config.policy)?;
        let destinations = config.all_destinations(&context.env);
        for destination in &destinations {
            if let Some(why) = &destination.broken {
                tracing::error!(
                    destination = destination.name,
                    "{why}; its alerts wait for a day until it is mended and this is started again"
                );
            }
        }
        let store = context.store(&config)?;
        note_config(store.as_ref(), &config, &context.operator(), context.now())?;
        if let Some(taken) = taken {
            store.take_bundle(&taken, &operator::holder(command), context.now())?;
            tracing::info!(policy.revision = %taken.revision, policy.sequence = taken.sequence, bundle.digest = %taken.digest, "the policy bundle in force");
        }
        let notify = NotifySettings {
            group_wait: config.alerts.group_wait,
            update_interval: config.alerts.update_interval,
            repeat_interval: config.alerts.repeat_interval,
            storm_groups: config.alerts.storm_groups as usize,
            flap_changes: config.alerts.flap_changes as usize,
            flap_window: config.alerts.flap_window,
            silences: config.silences.clone(),
            ..NotifySettings::default()
        };
        let client = Client::new().map_err(|error| AppError::failed(format!("{error}: {}", cause(&error))))?;
        let clock = context.backend.clock();
        let buttons = Buttons::new(store.clone(), &config, &destinations, client.clone(), clock, false);
        Ok(Self {
            places: config.places(),
            config,
            store,
            destinations,
            asked: Asked::default(),
            buttons,
            policies,
            notify,
            pump: tokio::sync::Mutex::new(Pump::new(client)),
            trouble: Mutex::new(None),
            holder: operator::holder(command),
            meter: context.backend.meter(),
            anchor_every: anchoring::AT_MOST_EVERY,
            vault: tokio::sync::OnceCell::new(),
            backend: context.backend,
        })
    }

    /// One run delivers at once: a single scan has its company already, so nothing waits for more. Nor does the audit
    /// log's anchor.
    pub fn deliver_at_once(&mut self) {
        self.notify.group_wait = Duration::ZERO;
        self.anchor_every = SignedDuration::ZERO;
    }

    /// Reads the trail from this long ago instead of from the checkpoint.
    pub fn since(&mut self, since: Duration) {
        self.config.collect.lookback = since;
        self.config.collect.overlap = self.config.collect.overlap.max(since);
    }

    /// Scans once and commits.
    ///
    /// # Errors
    /// When another scan holds the lease, or the state cannot be used.
    pub async fn scan(&self, cloud: &dyn CloudRead, progress: &Progress) -> Result<ScanOutcome, AppError> {
        self.scan_with(cloud, progress, &self.asked, None).await
    }

    /// Scans once with what was asked for this scan, and perhaps a person's wish; commits.
    ///
    /// # Errors
    /// As [`scan`](Self::scan).
    pub async fn scan_with(
        &self,
        cloud: &dyn CloudRead,
        progress: &Progress,
        asked: &Asked,
        wish: Option<&Wish>,
    ) -> Result<ScanOutcome, AppError> {
        let total = self.places.len() as u64;
        let done = std::sync::atomic::AtomicU64::new(0);
        let show = |step: collect::Progress| match step {
            collect::Progress::PlaceDone(place) => {
                let done = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
                progress.update(done, total, &format!("collected {place}"));
            }
            collect::Progress::Trail => progress.update(total, total, "reading CloudTrail"),
            collect::Progress::UserData(count) => {
                progress.update(total, total, &format!("reading user data of {count}"))
            }
        };
        let clock = || self.backend.now();
        let inputs = ScanInputs {
            collect: self.config.collect_settings(self.places.clone()),
            fleets: &self.config.fleets,
            mode: self.config.mode,
            fail_on: self.config.scan.fail_on,
            policies: &self.policies,
            destinations: &self.destinations,
            notify: self.notify.clone(),
            exceptions_last: self.config.exceptions.max_duration,
            exceptions_warn: self.config.exceptions.warn_before,
            own_principals: asked.own_principals.clone(),
            stopped: self.stopped_by_file().or_else(|| asked.stopped.clone()),
            alarms: asked.alarms.clone(),
            permissions: asked.permissions.clone(),
            wish,
            approvals_needed: self.config.approvals_needed(),
            holder: self.holder.clone(),
            clock: &clock,
            progress: &show,
        };
        let outcome = run_scan(cloud, self.store.as_ref(), &inputs).await;
        let requests = self.keep_counts();
        let mut outcome = outcome.map_err(error)?;
        outcome.report.calls_throttled = requests.throttled;
        outcome.report.calls_retried = requests.retries;
        committed(&outcome);
        retention::apply(self.store.as_ref(), self.config.state.retention, &self.holder, clock());
        Ok(outcome)
    }

    /// Why the kill switch's file stops everything, if it does: that much a scan can see that may not enforce.
    fn stopped_by_file(&self) -> Option<String> {
        let file = Some(self.config.enforcement.kill_switch.file.clone());
        KillSwitch { file, parameter: None }.check_file().err().map(|pulled| pulled.reason)
    }

    /// Puts into the outbox what people must know of an operation. A store that fails is logged: the operation itself
    /// is in the journal.
    pub fn tell_operation(&self, record: &OperationRecord) {
        let now = self.backend.now();
        let drafts = operation_notice(&OperationNews::from(record), &self.destinations, now);
        let kept = self.store.enqueue(&drafts, now).and_then(|()| {
            let earlier = self.store.operations_of(&record.instance)?;
            let history = OutboxHistory::new(self.store.as_ref());
            let ends = overtaken_notices(record, &earlier, &self.destinations, &history, now);
            history.take_error().map_or(Ok(()), Err)?;
            self.store.enqueue(&ends, now)
        });
        if let Err(error) = kept {
            tracing::error!(error = %error, operation = %record.id, "a notice of an operation could not be kept");
        }
    }

    /// Anchors the audit log where that is configured, and delivers what is due, at the pace that receivers allow. A store
    /// that fails is logged: the rows are still there.
    #[tracing::instrument(target = "cattleguard::trace", skip_all)]
    pub async fn deliver(&self) -> PumpSummary {
        self.anchor().await;
        let clock = || self.backend.now();
        let until = clock().checked_add(DELIVERY_TIME).unwrap_or(Timestamp::MAX);
        let mut pump = self.pump.lock().await;
        if pump.wants_cloud(&self.destinations) {
            match self.backend.connect_publishing(&self.config).await {
                Ok(cloud) => pump.use_cloud(cloud),
                Err(error) => tracing::warn!(error = %error.message(), "alerts cannot go to AWS yet"),
            }
        }
        let done = pump
            .drain(self.store.as_ref(), &self.destinations, clock, crate::report::pump::jitter(), until, |duration| {
                self.backend.sleep(duration)
            })
            .await;
        let shown = match &self.buttons {
            Some(buttons) => buttons.show_approvals().await,
            None => Ok(()),
        };
        let trouble = done.as_ref().err().or(shown.as_ref().err()).map(ToString::to_string);
        let mut last = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = trouble.as_ref().filter(|_| *last != trouble) {
            tracing::error!(error = %error, "the outbox cannot be worked off; what is in it is sent when it can");
        }
        *last = trouble;
        self.keep_counts();
        done.unwrap_or_default()
    }

    /// Adds to the state's counters what was asked of AWS since this was done last. A state that fails is logged: counts
    /// are no reason to stop.
    fn keep_counts(&self) -> Requests {
        let uses = self.meter.take();
        if let Err(error) = self.store.count(&api_counts::counters(&uses), self.backend.now()) {
            tracing::warn!(error = %error, "the counters of API calls could not be kept");
        }
        Requests::of(&uses)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.backend.now()
    }

    pub(super) fn anchor_every(&self) -> SignedDuration {
        self.anchor_every
    }

    /// Where anchors go, connected when it is first needed.
    pub(super) async fn vault(&self) -> Result<&dyn AnchorVault, AppError> {
        let vault = self.vault.get_or_try_init(|| self.backend.connect_anchoring(&self.config)).await?;
        Ok(vault.as_ref())
    }

    /// Says how delivery went, when there was any.
    pub fn say_delivery(&self, context: &Context<'_>, summary: &PumpSummary) {
        if self.destinations.is_empty() || (summary.delivered + summary.retried + summary.dead == 0) {
            return;
        }
        let mut text = format!("alerts: {} delivered", summary.delivered);
        if summary.retried > 0 {
            text.push_str(&format!(", {} to be tried again", summary.retried));
        }
        if summary.dead > 0 {
            text.push_str(&format!(", {} given up", summary.dead));
        }
        context.note(&text);
    }
}

/// What a scan came to, for the log.
fn committed(outcome: &ScanOutcome) {
    let report = &outcome.report;
    let totals = report.totals;
    tracing::info!(
        scan.id = %report.scan_id, clean = totals.clean, drifted = totals.drifted,
        unjudged = totals.unjudged, notices = outcome.notices, api.calls = report.calls.values().sum::<u64>(),
        api.throttled = report.calls_throttled, api.retries = report.calls_retried, "scan committed"
    );
}

/// The configured destinations with their secrets.
///
/// # Errors
/// The first secret that cannot be read.
pub fn destinations(context: &Context<'_>, config: &Config) -> Result<Vec<Destination>, AppError> {
    let read = |error| AppError::new(Exit::Config, error).with_hint("cattleguard config check --secrets");
    config.destinations(&context.env).map_err(read)
}

/// Turns a scan's error into what the user sees.
fn error(error: ScanError) -> AppError {
    match error {
        ScanError::Store(error) => error.into(),
        ScanError::Policy => AppError::failed(error.to_string()),
    }
}

/// The error below an error, for messages that link it.
fn cause(error: &dyn std::error::Error) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}
