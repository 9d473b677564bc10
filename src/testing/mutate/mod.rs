//! What people, services and servers do in the simulated account. Each method makes its change and leaves the
//! CloudTrail record that the real call would leave, in that call's shape.

mod access;
mod attribute;
mod guest;
mod lifecycle;
mod metadata;
mod network;
mod noise;
mod profile;
mod report;
mod scaling;
mod sessions;
mod storage;
mod tags;
mod trails;

use std::sync::Arc;

pub use access::CommandTarget;
pub(super) use lifecycle::launch_request;
pub use trails::TRAIL_KEY;
pub(super) use trails::default_trail;

use super::error::SimError;
use super::server::Server;
use super::state::State;
use crate::types::{InstanceId, Place};

impl State {
    /// A server that exists and is not on its way out.
    fn live(&self, place: &Place, id: &InstanceId, action: &'static str) -> Result<Arc<Server>, SimError> {
        let server = self.server(place, id)?;
        let state = server.state(self.now());
        if matches!(state, "terminated" | "shutting-down") {
            return Err(SimError::IncorrectState { id: id.to_string(), state: state.to_owned(), action });
        }
        Ok(server)
    }

    /// A server in exactly this state.
    fn in_state(
        &self,
        place: &Place,
        id: &InstanceId,
        wanted: &str,
        action: &'static str,
    ) -> Result<Arc<Server>, SimError> {
        let server = self.server(place, id)?;
        let state = server.state(self.now());
        if state != wanted {
            return Err(SimError::IncorrectState { id: id.to_string(), state: state.to_owned(), action });
        }
        Ok(server)
    }
}

/// `arn:aws:ec2:…:instance/…` of a server.
fn instance_arn(place: &Place, id: &InstanceId) -> String {
    format!("arn:aws:ec2:{}:{}:instance/{id}", place.region, place.account)
}
