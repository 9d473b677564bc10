//! Trails, and what makes them blind. The event history, which LookupEvents reads, goes on in any case.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::testing::actor::SimActor;
use crate::testing::cloud::FakeCloud;
use crate::testing::error::SimError;
use crate::testing::state::{SimTrail, State};
use crate::testing::trail::Call;
use crate::types::{Place, Trail};

/// The id of the key that encrypts the files of simulated trails.
pub const TRAIL_KEY: &str = "7e571e57-0000-4000-8000-000000000001";

impl FakeCloud {
    /// A trail of one place with digest files, which records since now. Nobody is told.
    ///
    /// # Errors
    /// When the place is not open.
    pub fn open_trail(&self, place: &Place, name: &str) -> Result<(), SimError> {
        let mut state = self.lock();
        let trail = open(place, name, state.now());
        state.site_mut(place)?.trails.push(trail);
        Ok(())
    }

    /// `cloudtrail:StopLogging`.
    ///
    /// # Errors
    /// When the place is not open.
    pub fn stop_logging(&self, actor: &SimActor, place: &Place, trail: &str) -> Result<(), SimError> {
        let mut state = self.lock();
        let now = state.now();
        state.edit(place, trail, |trail| trail.stopped = Some(now))?;
        state.tell(place, actor, "StopLogging", json!({"name": arn(place, trail)}))
    }

    /// `cloudtrail:StartLogging`.
    ///
    /// # Errors
    /// When the place is not open.
    pub fn start_logging(&self, actor: &SimActor, place: &Place, trail: &str) -> Result<(), SimError> {
        let mut state = self.lock();
        let now = state.now();
        state.edit(place, trail, |trail| (trail.stopped, trail.started) = (None, now))?;
        state.tell(place, actor, "StartLogging", json!({"name": arn(place, trail)}))
    }

    /// `cloudtrail:DeleteTrail`.
    ///
    /// # Errors
    /// When the place is not open.
    pub fn delete_trail(&self, actor: &SimActor, place: &Place, trail: &str) -> Result<(), SimError> {
        let mut state = self.lock();
        state.site_mut(place)?.trails.retain(|known| known.trail.name != trail);
        state.tell(place, actor, "DeleteTrail", json!({"name": arn(place, trail)}))
    }

    /// `cloudtrail:PutEventSelectors` with or without write events of management.
    ///
    /// # Errors
    /// When the place is not open.
    pub fn select_events(&self, actor: &SimActor, place: &Place, trail: &str, writes: bool) -> Result<(), SimError> {
        let mut state = self.lock();
        state.edit(place, trail, |trail| trail.writes = writes)?;
        let selector = json!({
            "readWriteType": if writes { "All" } else { "ReadOnly" },
            "includeManagementEvents": true,
            "dataResources": [],
            "excludeManagementEventSources": [],
        });
        state.tell(place, actor, "PutEventSelectors", json!({"trailName": trail, "eventSelectors": [selector]}))
    }

    /// `cloudtrail:UpdateTrail` with one field.
    ///
    /// # Errors
    /// When the place is not open.
    pub fn update_trail(
        &self,
        actor: &SimActor,
        place: &Place,
        trail: &str,
        field: &str,
        value: Value,
    ) -> Result<(), SimError> {
        let mut request = json!({"name": arn(place, trail)});
        if let Some(fields) = request.as_object_mut() {
            fields.insert(field.to_owned(), value);
        }
        self.lock().tell(place, actor, "UpdateTrail", request)
    }

    /// A call about what keeps a trail's files: of `s3`, `kms` or `sns`. It is only recorded.
    ///
    /// # Errors
    /// When the place is not open.
    pub fn trail_storage(
        &self,
        actor: &SimActor,
        place: &Place,
        service: &str,
        name: &str,
        request: Value,
    ) -> Result<(), SimError> {
        self.lock().record(place, actor, Call::new(service, name, request)).map(|_| ())
    }

    /// Every trail of a place is gone. Nobody is told.
    ///
    /// # Errors
    /// When the place is not open.
    pub fn close_trails(&self, place: &Place) -> Result<(), SimError> {
        self.lock().site_mut(place)?.trails.clear();
        Ok(())
    }

    /// From now on S3 refuses what a trail delivers, with this error; `None` takes it back.
    ///
    /// # Errors
    /// When the place is not open.
    pub fn refuse_delivery(&self, place: &Place, trail: &str, error: Option<&str>) -> Result<(), SimError> {
        let mut state = self.lock();
        let now = state.now();
        state.edit(place, trail, |trail| trail.refused = error.map(|error| (error.to_owned(), now)))
    }
}

/// The trail that every account-region has, unless it is taken away.
pub(in crate::testing) fn default_trail(place: &Place, now: Timestamp) -> SimTrail {
    open(place, "management", now)
}

fn open(place: &Place, name: &str, started: Timestamp) -> SimTrail {
    let Place { account, region } = place;
    let trail = Trail {
        arn: arn(place, name),
        name: name.to_owned(),
        home: region.clone(),
        validation: true,
        bucket: Some(format!("trail-{account}")),
        key: Some(format!("arn:aws:kms:{region}:{account}:key/{TRAIL_KEY}")),
        topic: Some(format!("arn:aws:sns:{region}:{account}:trail")),
    };
    SimTrail { trail, writes: true, started, stopped: None, refused: None }
}

impl State {
    fn edit(&mut self, place: &Place, name: &str, edit: impl FnOnce(&mut SimTrail)) -> Result<(), SimError> {
        if let Some(trail) = self.site_mut(place)?.trails.iter_mut().find(|trail| trail.trail.name == name) {
            edit(trail);
        }
        Ok(())
    }

    fn tell(&mut self, place: &Place, actor: &SimActor, name: &str, request: Value) -> Result<(), SimError> {
        self.record(place, actor, Call::new("cloudtrail", name, request)).map(|_| ())
    }
}

fn arn(place: &Place, name: &str) -> String {
    format!("arn:aws:cloudtrail:{}:{}:trail/{name}", place.region, place.account)
}
