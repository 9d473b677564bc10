//! The outside world of the engine.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::checks::alarm_states;
use crate::app::backend::Backend;
use crate::app::config::Config;
use crate::app::enforcing::Enforcing;
use crate::app::pipeline::Held;
use crate::app::shutdown::Shutdown;
use crate::collect::{CloudRead, ReadError, ReadFailure};
use crate::plan::AlarmState;
use crate::remediate::{
    self, AttestRequest, Attestation, Attested, BundleParts, Evidence, EvidenceStore, Facts, Flow, Hooks, Host,
    KillSwitch, LaunchRequest, Moment, Moving, OperationRecord, UserDataSources,
};
use crate::store::{Store, StoreError};
use crate::types::{FleetName, GoldenStatus, InstanceId, Place};

/// Who the audit log names for what the program does on its own.
pub(super) const SYSTEM: &str = "cattleguard";

/// The outside world of the engine.
pub(super) struct AppHost<'a> {
    pub(super) backend: &'a dyn Backend,
    pub(super) config: &'a Config,
    pub(super) store: Arc<dyn Store>,
    pub(super) cloud: &'a dyn CloudRead,
    pub(super) enforcing: &'a Enforcing,
    pub(super) held: &'a Held<'a>,
    pub(super) kill_switch: &'a KillSwitch,
    pub(super) stop_variable: Option<String>,
    pub(super) evidence: &'a EvidenceStore,
    pub(super) hooks: &'a dyn Hooks,
    pub(super) shutdown: Option<&'a Shutdown>,
    pub(super) say: &'a (dyn Fn(&OperationRecord, &str) + Sync),
}

impl AppHost<'_> {
    /// Whether something may be changed in a fleet there: every kill switch, read now.
    pub(super) async fn switch(&self, place: &Place, fleet: &FleetName) -> Result<(), String> {
        let pauses = || self.store.pauses();
        let probe = self.enforcing.probe.as_ref();
        let checked = self.kill_switch.at(place).check(probe, pauses, self.stop_variable.as_deref(), fleet).await;
        checked.map_err(|pulled| pulled.to_string())
    }
}

#[async_trait]
impl Host for AppHost<'_> {
    fn now(&self) -> Timestamp {
        self.backend.now()
    }

    async fn sleep(&self, duration: Duration) {
        match self.shutdown {
            None => self.backend.sleep(duration).await,
            // Asked to end: the wait ends, and the engine looks at `stopping` before it does anything else.
            Some(shutdown) => tokio::select! {
                () = self.backend.sleep(duration) => {}
                _ = shutdown.wait() => {}
            },
        }
    }

    fn renew(&self) -> Result<(), StoreError> {
        self.held.keep()
    }

    fn stopping(&self) -> bool {
        self.shutdown.is_some_and(|shutdown| shutdown.requested().is_some())
    }

    async fn may_change(&self, record: &OperationRecord) -> Result<(), String> {
        self.switch(&record.place, &record.fleet).await
    }

    async fn attest(&self, record: &OperationRecord, instance: &InstanceId) -> Result<Attested, ReadError> {
        let golden = record.golden.as_ref().and_then(|reference| self.store.golden(reference).ok().flatten());
        let fleet = self.config.fleets.iter().find(|fleet| fleet.name == record.fleet);
        let (Some(golden), Some(fleet)) = (golden, fleet) else {
            return Err(ReadError {
                api: "cattleguard:Golden",
                place: record.place.clone(),
                failure: ReadFailure::NotFound,
                detail: "the operation's golden or fleet is not known any more".to_owned(),
            });
        };
        if let Err(reason) = self.golden_stands(record) {
            return Ok(Attested::Different(vec![reason]));
        }
        let moving = Moving::of(&record.before);
        let request = AttestRequest {
            place: &record.place,
            instance,
            golden: &golden,
            fleet,
            launched_after: remediate::captures_after(record),
            now: self.now(),
            moving: &moving,
        };
        Ok(match remediate::attest(self.cloud, &request).await? {
            Attestation::Clean => Attested::Clean,
            Attestation::Waiting(why) => Attested::Waiting(why),
            Attestation::Different(differences) => Attested::Different(differences),
        })
    }

    async fn user_data(&self, record: &OperationRecord, request: &LaunchRequest) -> Result<Option<Vec<u8>>, String> {
        let golden = record.golden.as_ref().and_then(|reference| self.store.golden(reference).ok().flatten());
        let path = self.config.fleet_enforcement.get(&record.fleet).and_then(|own| own.user_data_file.clone());
        let file = match &path {
            None => None,
            Some(path) => Some(std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?),
        };
        let images = golden.iter().flat_map(|golden| &golden.images);
        let elsewhere: Vec<Place> = images
            .map(|image| Place {
                account: image.account.clone().unwrap_or_else(|| record.place.account.clone()),
                region: image.region.clone(),
            })
            .collect();
        let sources = UserDataSources {
            cloud: self.cloud,
            place: &record.place,
            file: file.as_deref(),
            old: &record.instance,
            reference: golden.as_ref().and_then(|golden| golden.reference_instance.as_ref()),
            elsewhere: &elsewhere,
        };
        remediate::user_data_for(request, &sources).await.map_err(|refusal| refusal.reason)
    }

    async fn alarms(&self, record: &OperationRecord) -> Vec<(String, AlarmState)> {
        let names = &record.settings.alarms;
        let fleet = self.config.fleets.iter().find(|fleet| fleet.name == record.fleet);
        match fleet {
            Some(fleet) => alarm_states(self.config, self.enforcing.probe.as_ref(), fleet, names).await,
            None => names.iter().map(|name| (name.clone(), AlarmState::Unknown)).collect(),
        }
    }

    fn golden_stands(&self, record: &OperationRecord) -> Result<(), String> {
        let Some(reference) = &record.golden else { return Ok(()) };
        match self.store.golden(reference).map_err(|error| error.to_string())? {
            Some(golden) if golden.status == GoldenStatus::Revoked => Err(format!("{reference} was revoked meanwhile")),
            Some(_) => Ok(()),
            None => Err(format!("{reference} is not recorded any more")),
        }
    }

    async fn collect(&self, record: &OperationRecord, what: Evidence) -> Result<Facts, String> {
        let mut facts = Facts::default();
        match what {
            Evidence::Console => {
                let found = self.enforcing.probe.console_output(&record.place, &record.instance).await;
                let Some(text) = found.map_err(|error| error.to_string())? else {
                    facts.notes.push("there was no console output".to_owned());
                    return Ok(facts);
                };
                let kept = self.evidence.keep(&record.id, "console.txt", text.as_bytes());
                facts.console = Some(kept.map_err(|error| error.to_string())?);
            }
            Evidence::Bundle => {
                let snapshots =
                    self.enforcing.probe.snapshots(&record.place, remediate::OPERATION_TAG, record.id.as_str());
                let snapshots = snapshots.await.map_err(|error| error.to_string())?;
                let now_seen = self.enforcing.probe.instance(&record.place, &record.instance).await;
                let findings = self.store.findings(true).map_err(|error| error.to_string())?;
                let findings: Vec<_> =
                    findings.into_iter().filter(|finding| finding.instance == record.instance).collect();
                let events = self.store.events_of(&record.instance).map_err(|error| error.to_string())?;
                let parts = BundleParts {
                    now: self.now(),
                    instance: now_seen.map_err(|error| error.to_string())?,
                    findings: &findings,
                    events: &events,
                    snapshots: &snapshots,
                };
                let bundle = self.evidence.bundle(record, &parts).map_err(|error| error.to_string())?;
                facts.evidence = Some(bundle);
            }
        }
        Ok(facts)
    }

    fn freeze(&self, fleet: &FleetName, reason: &str) -> Result<(), StoreError> {
        self.store.pause(Some(fleet), reason, SYSTEM, self.now())
    }

    fn operations_of(&self, instance: &InstanceId) -> Vec<OperationRecord> {
        self.store.operations_of(instance).unwrap_or_default()
    }

    fn at(&self, record: &OperationRecord, step: usize, moment: Moment) -> Flow {
        self.hooks.at(record, step, moment)
    }

    fn progress(&self, record: &OperationRecord, text: &str) {
        (self.say)(record, text);
    }
}
