//! Auto Scaling and load balancer reads.

use std::sync::Arc;

use jiff::Timestamp;

use super::page::{Scope, Start};
use crate::collect::source::{AsgMember, TargetGroup, TargetHealth};
use crate::collect::{Page, PageToken, ReadError, ReadFailure};
use crate::testing::api;
use crate::testing::groups::{Registration, Targets};
use crate::testing::server::Server;
use crate::testing::state::{ServerSlot, Site, State};
use crate::types::{InstanceId, Place};

impl State {
    pub(super) fn read_groups(&mut self, place: &Place, next: Option<PageToken>) -> Result<Page<AsgMember>, ReadError> {
        let scope = Scope::new(api::GROUPS, place);
        let cursor = match scope.open(self, next)? {
            Start::Empty(page) => return Ok(page),
            Start::After(cursor) => cursor,
        };
        let (now, site) = (self.now(), self.readable(api::GROUPS, place)?);
        let groups = site.groups.values().map(|slot| slot.visible(now));
        let rest = groups.filter(|group| cursor.as_ref().is_none_or(|seen| group.name > *seen));
        let page = scope.page(
            self.settings.pages.groups,
            rest,
            |group| group.name.clone(),
            |group| {
                let member = |id| AsgMember { instance: Clone::clone(id), membership: group.membership(id, now) };
                group.members.keys().map(member).collect::<Vec<_>>()
            },
        );
        Ok(Page { items: page.items.into_iter().flatten().collect(), next: page.next })
    }

    pub(super) fn read_target_groups(
        &mut self,
        place: &Place,
        next: Option<PageToken>,
    ) -> Result<Page<TargetGroup>, ReadError> {
        let scope = Scope::new(api::TARGET_GROUPS, place);
        let cursor = match scope.open(self, next)? {
            Start::Empty(page) => return Ok(page),
            Start::After(cursor) => cursor,
        };
        let (now, site) = (self.now(), self.readable(api::TARGET_GROUPS, place)?);
        let groups = site.targets.values().map(|slot| slot.visible(now));
        let rest = groups.filter(|group| cursor.as_ref().is_none_or(|seen| group.arn > *seen));
        let show = |group: &std::sync::Arc<crate::testing::groups::Targets>| TargetGroup {
            arn: group.arn.clone(),
            target_type: group.target_type.clone(),
        };
        Ok(scope.page(self.settings.pages.target_groups, rest, |group| group.arn.clone(), show))
    }

    pub(super) fn read_target_health(
        &mut self,
        place: &Place,
        group: &TargetGroup,
    ) -> Result<Vec<TargetHealth>, ReadError> {
        let scope = Scope::new(api::TARGET_HEALTH, place);
        self.count(api::TARGET_HEALTH, place)?;
        let (now, site) = (self.now(), self.readable(api::TARGET_HEALTH, place)?);
        let slot = site
            .targets
            .get(&group.arn)
            .ok_or_else(|| scope.error(ReadFailure::NotFound, format!("TargetGroupNotFound: {}", group.arn)))?;
        Ok(site.health_of(slot.visible(now), now))
    }
}

impl Site {
    /// The targets of a group as readers see them.
    pub(in crate::testing) fn health_of(&self, group: &Targets, now: Timestamp) -> Vec<TargetHealth> {
        let health = group.registered.iter().filter_map(|(target, registration)| {
            let state = self.target_state(target, registration, now)?;
            Some(TargetHealth {
                target: target.clone(),
                port: Some(registration.port),
                zone: registration.zone.as_deref().map(str::to_owned),
                state: state.to_owned(),
            })
        });
        health.collect()
    }

    /// One target's health: it depends on what its server really does, whatever readers may still see.
    pub(in crate::testing) fn target_state(
        &self,
        target: &str,
        registration: &Registration,
        now: Timestamp,
    ) -> Option<&'static str> {
        let current = |slot: &'_ ServerSlot| slot.current().clone();
        let server = if target.starts_with("i-") {
            self.servers.get(&InstanceId::new(target)).and_then(current)
        } else {
            let holds = |server: &Arc<Server>| {
                let mut addresses = server.interfaces.iter().flat_map(|interface| &interface.addresses);
                addresses.any(|address| address == target) && server.state(now) != "terminated"
            };
            self.servers.values().filter_map(current).find(holds)
        };
        let runs = server.as_ref().is_some_and(|server| matches!(server.state(now), "pending" | "running"));
        let answers = server.filter(|server| server.answers(now)).and_then(|server| {
            let back = server.attributes.reachable_since.max(server.attributes.outage_until);
            server.running_since(now).map(|since| back.map_or(since, |back| since.max(back)))
        });
        registration.health(now, runs, answers)
    }
}
