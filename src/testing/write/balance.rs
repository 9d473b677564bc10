//! Targets of load balancers.

use std::sync::Arc;

use super::refusal::Refusal;
use super::{Done, Writer};
use crate::testing::state::State;

impl State {
    pub(super) fn write_target(
        &mut self,
        writer: &Writer<'_>,
        group: &str,
        target: &str,
        port: Option<i32>,
        zone: Option<&str>,
    ) -> Result<Done, Refusal> {
        let site = self.site(writer.place)?;
        let known = site.targets.get(group).ok_or_else(|| Refusal::missing("TargetGroupNotFound", group))?;
        let by_id = target.starts_with("i-");
        if by_id != (known.current().target_type == "instance") {
            return Err(Refusal::invalid("ValidationError", format!("{target} does not fit {group}")));
        }
        let owner = self.owner_of(writer.place, target);
        let server = self.server(writer.place, &owner);
        // A target must run to be registered; addresses are taken as they are.
        let runs = server.as_ref().is_ok_and(|server| server.state(self.now()) == "running");
        if by_id && !runs {
            let message = format!("The following targets are not in a running state: {target}");
            return Err(Refusal::conflict("InvalidTarget", message));
        }
        let zone = zone.map(Arc::from).or_else(|| server.ok().map(|server| server.zone.clone()));
        self.enrol(writer.place, &writer.by, group, target, port, zone)?;
        Ok(Done::silently())
    }

    /// A target that is not there, or there under another port, is no error and stays as it is.
    pub(super) fn remove_target(
        &mut self,
        writer: &Writer<'_>,
        group: &str,
        target: &str,
        port: Option<i32>,
    ) -> Result<Done, Refusal> {
        let site = self.site(writer.place)?;
        let slot = site.targets.get(group).ok_or_else(|| Refusal::missing("TargetGroupNotFound", group))?;
        let known = slot.current();
        let port = port.unwrap_or(known.port);
        if known.registered.get(target).is_some_and(|held| held.port == port) {
            self.drain(writer.place, &writer.by, group, target)?;
        }
        Ok(Done::silently())
    }
}
