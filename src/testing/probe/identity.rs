//! Roles, permissions, parameters and alarms.

use std::collections::BTreeMap;

use crate::collect::ReadError;
use crate::plan::AlarmState;
use crate::remediate::RoleDetail;
use crate::testing::api;
use crate::testing::ids::iam_id;
use crate::testing::state::State;
use crate::types::Place;

impl State {
    /// A profile and its role have the same name here, as the console makes them.
    pub(super) fn probe_role(&mut self, place: &Place, profile_arn: &str) -> Result<Option<RoleDetail>, ReadError> {
        self.count(api::PROFILE, place)?;
        let (now, site) = (self.now(), self.readable(api::PROFILE, place)?);
        let Some((_, name)) = profile_arn.split_once(":instance-profile/") else { return Ok(None) };
        let servers = site.visible_after(None, now).filter(|server| server.state(now) != "terminated");
        let users = servers.filter(|server| server.profile.as_ref().is_some_and(|link| *link.arn == *profile_arn));
        let name = name.rsplit('/').next().unwrap_or(name).to_owned();
        let users = u32::try_from(users.count()).unwrap_or(u32::MAX);
        Ok(Some(RoleDetail { unique_id: iam_id("AROA", &name), name, profile_arn: profile_arn.to_owned(), users }))
    }

    pub(super) fn probe_policy(
        &mut self,
        place: &Place,
        role: &str,
        policy: &str,
    ) -> Result<Option<String>, ReadError> {
        self.count(api::ROLE_POLICY, place)?;
        let key = (place.account.clone(), role.to_owned(), policy.to_owned());
        Ok(self.policies.get(&key).and_then(|slot| slot.visible(self.now()).clone()))
    }

    pub(super) fn probe_parameter(&mut self, place: &Place, name: &str) -> Result<Option<String>, ReadError> {
        self.count(api::PARAMETER, place)?;
        Ok(self.readable(api::PARAMETER, place)?.ground.parameters.get(name).cloned())
    }

    pub(super) fn probe_alarms(
        &mut self,
        place: &Place,
        names: &[String],
    ) -> Result<BTreeMap<String, AlarmState>, ReadError> {
        self.count(api::ALARMS, place)?;
        let known = &self.readable(api::ALARMS, place)?.ground.alarms;
        Ok(names.iter().filter_map(|name| Some((name.clone(), *known.get(name)?))).collect())
    }

    pub(super) fn probe_permissions(&mut self, place: &Place, actions: &[&str]) -> Result<Vec<String>, ReadError> {
        self.count(api::SIMULATE, place)?;
        let denied = &self.readable(api::SIMULATE, place)?.ground.denied;
        Ok(actions.iter().filter(|action| denied.contains(**action)).map(|action| (*action).to_owned()).collect())
    }
}
