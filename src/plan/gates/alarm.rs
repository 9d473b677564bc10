//! No configured alarm is firing. One that cannot be read counts as firing.

use crate::types::FleetName;

use super::{Answer, Candidate, Context};
use crate::plan::AlarmState;

pub(super) fn ask(candidate: &Candidate<'_>, context: &Context<'_, '_>) -> Answer {
    let own: Option<&FleetName> = candidate.fleet.map(|fleet| &fleet.name);
    let mine: Vec<_> =
        context.input.alarms.iter().filter(|alarm| alarm.fleet.is_none() || alarm.fleet.as_ref() == own).collect();
    let named = |state: AlarmState| {
        let mut names: Vec<&str> =
            mine.iter().filter(|alarm| alarm.state == state).map(|alarm| alarm.name.as_str()).collect();
        names.sort_unstable();
        names.join(", ")
    };
    let (firing, unknown) = (named(AlarmState::Firing), named(AlarmState::Unknown));
    if !firing.is_empty() {
        Answer::hold(format!("alarms are firing: {firing}; it lifts when they are quiet"))
    } else if !unknown.is_empty() {
        Answer::hold(format!(
            "the state of alarms is not known: {unknown}; it lifts when they can be read and are quiet"
        ))
    } else if mine.is_empty() {
        Answer::allow("no alarm is configured")
    } else {
        Answer::allow(format!("{} alarms are quiet", mine.len()))
    }
}
