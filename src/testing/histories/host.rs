//! The engine's outside world in a history.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::evidence::Fact;
use super::process::Process;
use crate::collect::{ReadError, ReadFailure};
use crate::plan::AlarmState;
use crate::remediate::{
    self, AttestRequest, Attestation, Attested, CloudProbe, Evidence, Facts, Flow, Host, LaunchRequest, Method, Moment,
    Moving, OperationRecord, data_volumes,
};
use crate::store::StoreError;
use crate::types::{FleetName, InstanceId};

/// The parameter that stops everything.
pub(super) const SWITCH: &str = "/cattleguard/stop";
/// How long a lease holds without being renewed.
pub(super) const TTL_S: i64 = 120;

#[async_trait]
impl Host for Process {
    fn now(&self) -> Timestamp {
        self.world.now()
    }

    async fn sleep(&self, duration: Duration) {
        self.world.time.sleep(duration).await;
    }

    fn renew(&self) -> Result<(), StoreError> {
        self.journal.alive()?;
        match self.lease() {
            Some(lease) if self.is_due() => self.world.store.renew(&lease, self.world.now(), TTL_S),
            Some(_) => Ok(()),
            None => Err(StoreError::LeaseLost { name: "enforce".to_owned() }),
        }
    }

    fn stopping(&self) -> bool {
        self.world.truth().ending
    }

    async fn may_change(&self, record: &OperationRecord) -> Result<(), String> {
        let pauses = self.world.store.pauses().map_err(|error| error.to_string())?;
        let about = |fleet: &Option<FleetName>| fleet.as_ref().is_none_or(|fleet| *fleet == record.fleet);
        if let Some((_, reason)) = pauses.into_iter().find(|(fleet, _)| about(fleet)) {
            return Err(reason);
        }
        match self.cloud.parameter(&record.place, SWITCH).await {
            Ok(None) => Ok(()),
            Ok(Some(_)) => Err("the parameter says so".to_owned()),
            Err(error) => Err(format!("the parameter could not be read: {error}")),
        }
    }

    async fn attest(&self, record: &OperationRecord, instance: &InstanceId) -> Result<Attested, ReadError> {
        let (golden, fleet) = {
            let truth = self.world.truth();
            let golden = truth.goldens.iter().find(|golden| Some(golden.reference()) == record.golden);
            (golden.cloned(), truth.fleet.clone())
        };
        let Some(golden) = golden else {
            return Err(ReadError {
                api: "cattleguard:Golden",
                place: record.place.clone(),
                failure: ReadFailure::NotFound,
                detail: "no golden".to_owned(),
            });
        };
        let moving = Moving::of(&record.before);
        let request = AttestRequest {
            place: &record.place,
            instance,
            golden: &golden,
            fleet: &fleet,
            launched_after: record.created_at,
            now: self.world.now(),
            moving: &moving,
        };
        Ok(match remediate::attest(&self.cloud, &request).await? {
            Attestation::Clean => Attested::Clean,
            Attestation::Waiting(why) => Attested::Waiting(why),
            Attestation::Different(differences) => Attested::Different(differences),
        })
    }

    async fn user_data(&self, _record: &OperationRecord, _request: &LaunchRequest) -> Result<Option<Vec<u8>>, String> {
        Ok(None)
    }

    async fn alarms(&self, record: &OperationRecord) -> Vec<(String, AlarmState)> {
        let names = &record.settings.alarms;
        let states = self.cloud.alarms(&record.place, names).await.unwrap_or_default();
        let state = |name: &String| states.get(name).copied().unwrap_or(AlarmState::Unknown);
        names.iter().map(|name| (name.clone(), state(name))).collect()
    }

    fn golden_stands(&self, _record: &OperationRecord) -> Result<(), String> {
        Ok(())
    }

    async fn collect(&self, _record: &OperationRecord, _what: Evidence) -> Result<Facts, String> {
        Ok(Facts::default())
    }

    fn freeze(&self, fleet: &FleetName, reason: &str) -> Result<(), StoreError> {
        self.journal.alive()?;
        self.world.note(Fact::Paused);
        self.world.store.pause(Some(fleet), reason, self.world.now())
    }

    fn operations_of(&self, instance: &InstanceId) -> Vec<OperationRecord> {
        self.world.store.operations_of(instance).unwrap_or_default()
    }

    fn at(&self, _record: &OperationRecord, _step: usize, _moment: Moment) -> Flow {
        if self.journal.killed.happened() { Flow::Die } else { Flow::Go }
    }

    fn progress(&self, record: &OperationRecord, text: &str) {
        self.world.tell(|| {
            let note = record.note.as_deref().unwrap_or_default();
            format!("[{}] {} {} {} {text} {note}", self.number, record.id, record.kind, record.instance)
        });
        if text == "begun" {
            self.world.note(Fact::Began {
                operation: record.id.clone(),
                kind: record.kind,
                instance: record.instance.clone(),
                track: record.track,
                method: if record.kind == crate::types::OperationKind::Replace {
                    record.settings.method
                } else {
                    Method::Launch
                },
                moves_data: record.settings.moves.volumes && !data_volumes(&record.before.detail).is_empty(),
                undoes: record.undoes.clone(),
                planned_at: record.requested.plan.as_ref().and(self.planned_at()),
            });
            return;
        }
        if text != record.status.as_str() {
            return;
        }
        let form = record.status.is_over().then(|| self.world.cloud.form(&record.place, &record.instance)).flatten();
        let status = format!("{} {} {}", record.kind, record.track.as_str(), record.status);
        self.world.count("operation", status);
        self.world.note(Fact::Became { operation: record.id.clone(), status: record.status, form: form.map(Box::new) });
    }
}
