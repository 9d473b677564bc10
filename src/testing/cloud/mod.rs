//! The handle on the simulated accounts.

mod circumstances;
mod counters;
mod furnish;
mod provision;
mod repeat;
mod whole;
mod witness;

pub use furnish::GroupSpec;
pub use whole::{AccountForm, GroupForm};
pub use witness::ServerForm;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::clock::VirtualClock;
use super::error::SimError;
use super::mutate::default_trail;
use super::settings::SimSettings;
use super::state::{Site, State};
use crate::types::{InstanceId, Place};

/// Account ids of simulated accounts start like this.
const SIMULATED: &str = "00000000000";

/// Several simulated AWS accounts. Clones are handles on the same accounts. It implements
/// [`CloudRead`](crate::collect::CloudRead); its other methods change the accounts, and every change that goes
/// through an AWS API leaves its CloudTrail record.
#[derive(Clone, Debug)]
pub struct FakeCloud {
    state: Arc<Mutex<State>>,
    clock: VirtualClock,
    pub(super) published: Arc<Mutex<super::publish::Published>>,
}

impl FakeCloud {
    /// Accounts without anything in them. Equal seeds and equal steps give equal ids.
    pub fn new(clock: VirtualClock, seed: u64) -> Self {
        let state = State::new(clock.clone(), seed);
        Self { state: Arc::new(Mutex::new(state)), clock, published: Arc::default() }
    }

    /// The clock that the accounts live by.
    pub fn clock(&self) -> &VirtualClock {
        &self.clock
    }

    /// Opens an account-region, with a trail. Opening it again changes nothing.
    ///
    /// # Errors
    /// [`SimError::NotSimulated`] unless the account id is 12 digits, the first eleven of them zeros.
    pub fn add_place(&self, place: &Place) -> Result<(), SimError> {
        let account = place.account.as_str();
        let digits = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || !account.starts_with(SIMULATED) {
            return Err(SimError::NotSimulated(account.to_owned()));
        }
        let mut state = self.lock();
        let trail = default_trail(place, state.now());
        state.sites.entry(place.clone()).or_insert_with(|| Site { trails: vec![trail], ..Site::of(place) });
        Ok(())
    }

    /// The account-regions that are open.
    pub fn places(&self) -> Vec<Place> {
        self.lock().sites.keys().cloned().collect()
    }

    /// Changes how the accounts behave from now on.
    pub fn configure(&self, change: impl FnOnce(&mut SimSettings)) {
        change(&mut self.lock().settings);
    }

    /// Ids of the instances that exist and are not terminated, over all places, in the order of place and id.
    pub fn instance_ids(&self) -> Vec<InstanceId> {
        let state = self.lock();
        let now = state.now();
        let servers = state.sites.values().flat_map(|site| site.servers.values());
        let current = servers.filter_map(|slot| slot.current().as_ref());
        current.filter(|server| server.state(now) != "terminated").map(|server| server.id.clone()).collect()
    }

    /// Where an instance lives.
    ///
    /// # Errors
    /// When there is no such instance.
    pub fn place_of(&self, instance: &InstanceId) -> Result<Place, SimError> {
        self.lock().place_of(instance)
    }

    /// The state as it is now: what has become due by itself has happened.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.catch_up();
        state
    }

    /// Does something in the account-region where an instance lives.
    pub(super) fn at<T>(
        &self,
        instance: &InstanceId,
        act: impl FnOnce(&mut State, &Place) -> Result<T, SimError>,
    ) -> Result<T, SimError> {
        let mut state = self.lock();
        let place = state.place_of(instance)?;
        act(&mut state, &place)
    }
}
