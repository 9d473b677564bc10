//! Auto Scaling and load balancer reads.

use super::page::{Scope, Start};
use crate::collect::source::{AsgMember, TargetGroup, TargetHealth};
use crate::collect::{Page, PageToken, ReadError, ReadFailure};
use crate::testing::api;
use crate::testing::state::State;
use crate::types::Place;

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
        let registered = slot.visible(now).registered.iter();
        let health = registered.filter_map(|(target, registration)| {
            Some(TargetHealth {
                target: target.clone(),
                port: Some(registration.port),
                zone: registration.zone.as_deref().map(str::to_owned),
                state: registration.health(now)?.to_owned(),
            })
        });
        Ok(health.collect())
    }
}
