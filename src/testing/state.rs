//! Everything in the simulated accounts.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::account_log::{AccountEntry, SeenOperation};
use super::clock::VirtualClock;
use super::content::Content;
use super::delayed::Delayed;
use super::diary::Diary;
use super::error::SimError;
use super::ground::Ground;
use super::groups::{Group, Targets};
use super::ids::IdSource;
use super::later::Due;
use super::logs::LogWorld;
use super::server::Server;
use super::settings::SimSettings;
use super::trail::Event;
use super::vault::VaultWorld;
use crate::collect::{ApiMeter, api_span};
use crate::types::{
    AccountId, ApiOutcome, EniId, Image, ImageId, InstanceId, NetworkInterface, OperationId, Place, Trail, TrailStatus,
    Volume, VolumeId,
};

/// A server as readers may see it; `None` before it exists.
pub(super) type ServerSlot = Delayed<Option<Arc<Server>>>;

/// An AMI with what is inside it.
#[derive(Clone, Debug)]
pub(super) struct SimImage {
    pub(super) image: Image,
    pub(super) content: Arc<Content>,
}

/// A trail that delivers from one account-region.
#[derive(Clone, Debug)]
pub(super) struct SimTrail {
    pub(super) trail: Trail,
    pub(super) writes: bool,
    pub(super) started: Timestamp,
    /// When it was stopped, if it is.
    pub(super) stopped: Option<Timestamp>,
    /// The error of S3, and since when nothing is delivered.
    pub(super) refused: Option<(String, Timestamp)>,
}

impl SimTrail {
    /// Log files come a moment after what they record, digest files at the full hour.
    pub(super) fn status(&self, now: Timestamp) -> TrailStatus {
        let until = [Some(now), self.stopped, self.refused.as_ref().map(|(_, since)| *since)];
        let until = until.into_iter().flatten().min().unwrap_or(now);
        let hour = Timestamp::from_second(until.as_second() / 3600 * 3600).unwrap_or(until);
        let error = self.refused.as_ref().map(|(error, _)| error.clone());
        TrailStatus {
            logging: self.stopped.is_none(),
            started_at: Some(self.started),
            stopped_at: self.stopped,
            delivered_at: Some(until),
            delivery_error: error.clone(),
            digest_at: self.trail.validation.then_some(hour),
            digest_error: error.filter(|_| self.trail.validation),
        }
    }
}

/// One account-region.
#[derive(Debug, Default)]
pub(super) struct Site {
    pub(super) servers: BTreeMap<InstanceId, ServerSlot>,
    pub(super) images: BTreeMap<ImageId, SimImage>,
    pub(super) loose_volumes: BTreeMap<VolumeId, Volume>,
    pub(super) loose_interfaces: BTreeMap<EniId, NetworkInterface>,
    pub(super) groups: BTreeMap<String, Delayed<Arc<Group>>>,
    pub(super) targets: BTreeMap<String, Delayed<Arc<Targets>>>,
    pub(super) events: Vec<Event>,
    pub(super) trails: Vec<SimTrail>,
    /// Addresses handed out, for private IPs.
    pub(super) hosts: u32,
    pub(super) ground: Ground,
}

impl Site {
    pub(super) fn of(place: &Place) -> Self {
        Self { ground: Ground::of(place), ..Self::default() }
    }

    /// Servers as readers see them now, in the order of their ids, after a cursor.
    pub(super) fn visible_after<'a>(
        &'a self,
        cursor: Option<&InstanceId>,
        now: Timestamp,
    ) -> impl Iterator<Item = &'a Arc<Server>> + use<'a> {
        use std::ops::Bound::{Excluded, Unbounded};
        let lower = cursor.map_or(Unbounded, |id| Excluded(id.clone()));
        self.servers
            .range((lower, Unbounded))
            .filter_map(move |(_, slot)| slot.visible(now).as_ref())
            .filter(move |server| server.is_listed(now))
    }

    /// One server as readers see it now.
    pub(super) fn visible(&self, id: &InstanceId, now: Timestamp) -> Option<&Arc<Server>> {
        self.servers.get(id)?.visible(now).as_ref().filter(|server| server.is_listed(now))
    }
}

/// All accounts.
#[derive(Debug)]
pub(super) struct State {
    pub(super) clock: VirtualClock,
    pub(super) ids: IdSource,
    pub(super) settings: SimSettings,
    pub(super) sites: BTreeMap<Place, Site>,
    pub(super) calls: BTreeMap<(Place, &'static str), u64>,
    pub(super) meter: ApiMeter,
    /// What will happen by itself, in order.
    pub(super) due: BTreeMap<(Timestamp, u64), (Place, Due)>,
    pub(super) scheduled: u64,
    /// The time of what happens just now.
    pub(super) moment: Option<Timestamp>,
    /// Inline policies by account, role and name. IAM knows no regions.
    pub(super) policies: BTreeMap<(AccountId, String, String), Delayed<Option<String>>>,
    pub(super) log: Vec<AccountEntry>,
    pub(super) operations: BTreeMap<OperationId, SeenOperation>,
    pub(super) diary: Option<Arc<Diary>>,
    pub(super) logs: LogWorld,
    pub(super) vault: VaultWorld,
}

impl State {
    pub(super) fn new(clock: VirtualClock, seed: u64) -> Self {
        Self {
            clock,
            ids: IdSource::new(seed),
            settings: SimSettings::default(),
            sites: BTreeMap::new(),
            calls: BTreeMap::new(),
            meter: ApiMeter::default(),
            due: BTreeMap::new(),
            scheduled: 0,
            moment: None,
            policies: BTreeMap::new(),
            log: Vec::new(),
            operations: BTreeMap::new(),
            diary: None,
            logs: LogWorld::default(),
            vault: VaultWorld::default(),
        }
    }

    /// Counts a call.
    pub(super) fn called(&mut self, place: &Place, api: &'static str, outcome: ApiOutcome) {
        *self.calls.entry((place.clone(), api)).or_default() += 1;
        self.meter.count(place, api, outcome, false);
        // It takes no time here.
        drop(api_span(place, api));
    }

    pub(super) fn now(&self) -> Timestamp {
        self.moment.unwrap_or_else(|| self.clock.now())
    }

    pub(super) fn site(&self, place: &Place) -> Result<&Site, SimError> {
        self.sites.get(place).ok_or_else(|| SimError::missing(place))
    }

    pub(super) fn site_mut(&mut self, place: &Place) -> Result<&mut Site, SimError> {
        self.sites.get_mut(place).ok_or_else(|| SimError::missing(place))
    }

    /// Where an instance lives.
    pub(super) fn place_of(&self, id: &InstanceId) -> Result<Place, SimError> {
        let found = self.sites.iter().find(|(_, site)| site.servers.contains_key(id));
        found.map(|(place, _)| place.clone()).ok_or_else(|| SimError::missing(id))
    }

    /// A server as the service itself knows it.
    pub(super) fn server(&self, place: &Place, id: &InstanceId) -> Result<Arc<Server>, SimError> {
        let slot = self.site(place)?.servers.get(id);
        slot.and_then(|slot| slot.current().clone()).ok_or_else(|| SimError::missing(id))
    }

    /// Changes a server; readers see it after the describe delay.
    pub(super) fn change(
        &mut self,
        place: &Place,
        id: &InstanceId,
        edit: impl FnOnce(&mut Server),
    ) -> Result<(), SimError> {
        let (now, delay) = (self.now(), self.settings.describe_delay);
        let mut server = Server::clone(&*self.server(place, id)?);
        edit(&mut server);
        if let Some(slot) = self.site_mut(place)?.servers.get_mut(id) {
            slot.change(now, delay, Some(Arc::new(server)));
        }
        Ok(())
    }

    /// Changes an Auto Scaling group.
    pub(super) fn change_group(
        &mut self,
        place: &Place,
        name: &str,
        edit: impl FnOnce(&mut Group),
    ) -> Result<(), SimError> {
        let (now, delay) = (self.now(), self.settings.describe_delay);
        let slot = self.site_mut(place)?.groups.get_mut(name).ok_or_else(|| SimError::missing(name))?;
        let mut group = Group::clone(slot.current());
        edit(&mut group);
        slot.change(now, delay, Arc::new(group));
        Ok(())
    }

    /// Changes a target group.
    pub(super) fn change_targets(
        &mut self,
        place: &Place,
        arn: &str,
        edit: impl FnOnce(&mut Targets),
    ) -> Result<(), SimError> {
        let (now, delay) = (self.now(), self.settings.describe_delay);
        let slot = self.site_mut(place)?.targets.get_mut(arn).ok_or_else(|| SimError::missing(arn))?;
        let mut targets = Targets::clone(slot.current());
        edit(&mut targets);
        slot.change(now, delay, Arc::new(targets));
        Ok(())
    }
}
