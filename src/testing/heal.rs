//! How an Auto Scaling group looks after its members: it replaces those that do not run or do not answer, launches
//! what is missing and ends what is too much.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::account_log::{By, Change};
use super::actor::SimActor;
use super::clock::after;
use super::error::SimError;
use super::groups::Group;
use super::later::Due;
use super::launch::LaunchSpec;
use super::state::State;
use crate::types::{InstanceId, Place};

/// How long a group takes to notice that a member is gone, or that it wants another number of members.
pub(super) const NOTICES: Duration = Duration::from_secs(30);
/// How long a member may fail its health checks before the group ends it.
const GRACE: Duration = Duration::from_secs(120);
/// The longest pause between two attempts to launch.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

impl State {
    /// The groups that a server is a member of look after themselves soon.
    pub(super) fn upset_groups_of(&mut self, place: &Place, instance: &InstanceId, wait: Duration) {
        let Some(site) = self.sites.get(place) else { return };
        let groups = site.groups.iter().filter(|(_, slot)| slot.current().members.contains_key(instance));
        let names: Vec<String> = groups.map(|(name, _)| name.clone()).collect();
        for name in names {
            self.schedule(place, wait, Due::Tend(name, NOTICES));
        }
    }

    pub(super) fn tend_group(&mut self, place: &Place, name: &str, wait: Duration) -> Result<(), SimError> {
        let now = self.now();
        let group = self.group(place, name)?;
        let mut waits = false;
        for (member, since) in group.in_service() {
            match self.fitness(place, &group, member, *since, now) {
                Fitness::Fit => {}
                Fitness::Doubtful => waits = true,
                Fitness::Unfit => {
                    self.end_member(place, &group, member)?;
                }
            }
        }
        let group = self.group(place, name)?;
        let (active, desired) = (group.active(), group.desired);
        let mut next = NOTICES;
        if active < desired {
            let missing = usize::try_from(desired - active).unwrap_or_default();
            for _ in 0..missing {
                if self.launch_by_group(place, &By::AutoScaling, name, None, None).is_err() {
                    (waits, next) = (true, (wait * 2).min(LONGEST_WAIT));
                    break;
                }
            }
        }
        if active > desired {
            let surplus = usize::try_from(active - desired).unwrap_or_default();
            for member in group.scale_in_order().into_iter().take(surplus) {
                self.end_member(place, &group, &member)?;
            }
        }
        if waits {
            self.schedule(place, next, Due::Tend(name.to_owned(), next));
        }
        Ok(())
    }

    pub(super) fn group(&self, place: &Place, name: &str) -> Result<Group, SimError> {
        let slot = self.site(place)?.groups.get(name).ok_or_else(|| SimError::missing(name))?;
        Ok(Group::clone(slot.current()))
    }

    fn fitness(&self, place: &Place, group: &Group, member: &InstanceId, since: Timestamp, now: Timestamp) -> Fitness {
        let Ok(server) = self.server(place, member) else { return Fitness::Unfit };
        if !matches!(server.state(now), "pending" | "running") {
            return Fitness::Unfit;
        }
        let sick = server.attributes.impaired || (group.elb_health && !server.answers(now));
        let began = server.attributes.cut_since.or(server.attributes.outage_until).unwrap_or(since).max(since);
        match sick && server.state(now) == "running" {
            false => Fitness::Fit,
            true if now >= after(began, GRACE) => Fitness::Unfit,
            true => Fitness::Doubtful,
        }
    }

    /// Termination protection does not stop a group from ending its own member.
    fn end_member(&mut self, place: &Place, group: &Group, member: &InstanceId) -> Result<(), SimError> {
        let service = SimActor::auto_scaling();
        let now = self.now();
        let gone = |state: &str| matches!(state, "shutting-down" | "terminated");
        if self.server(place, member).is_ok_and(|server| !gone(server.state(now))) {
            self.shut_down(place, &By::AutoScaling, member)?;
            self.record_terminate(place, &service, member)?;
        }
        self.change_group(place, &group.name, |group| group.forget(member))
    }

    /// Launches one member from the group's template. `None`: in the zone with the fewest members.
    pub(super) fn launch_by_group(
        &mut self,
        place: &Place,
        by: &By,
        name: &str,
        zone: Option<&str>,
        token: Option<&str>,
    ) -> Result<InstanceId, SimError> {
        let group = self.group(place, name)?;
        let zone = match zone {
            Some(zone) => Arc::from(zone),
            None => self.emptiest_zone(place, &group),
        };
        let exhausted = (group.template.instance_type.to_string(), zone.to_string());
        if self.site(place)?.ground.exhausted.contains(&exhausted) {
            return Err(SimError::NoCapacity { instance_type: exhausted.0, zone: exhausted.1 });
        }
        let id = self.launch_member(place, by, &group, &zone, token)?;
        let spec = LaunchSpec { zone, ..LaunchSpec::clone(&group.template) };
        self.record_member_launch(place, &group, &id, &spec)?;
        Ok(id)
    }

    fn emptiest_zone(&self, place: &Place, group: &Group) -> Arc<str> {
        let held = |zone: &str| {
            let members = group.in_service().filter_map(|(id, _)| self.server(place, id).ok());
            members.filter(|server| *server.zone == *zone).count()
        };
        let least = group.zones.iter().min_by_key(|zone| held(zone));
        least.unwrap_or(&group.template.zone).clone()
    }

    /// Notes another desired capacity and lets the group act on it.
    pub(super) fn set_desired(&mut self, place: &Place, by: &By, name: &str, desired: i32) -> Result<(), SimError> {
        let from = self.group(place, name)?.desired;
        if from == desired {
            return Ok(());
        }
        let change = Change::Desired { group: name.to_owned(), from, to: desired };
        self.note(place, by, &InstanceId::new(""), change);
        self.change_group(place, name, |group| group.desired = desired)?;
        self.schedule(place, NOTICES, Due::Tend(name.to_owned(), NOTICES));
        Ok(())
    }
}

enum Fitness {
    Fit,
    Doubtful,
    Unfit,
}
