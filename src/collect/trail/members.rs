//! Who was in a target group, and when: instances come and go, and there are many at a time.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use crate::types::InstanceId;

/// By group and instance: when it came (`true`) or went.
#[derive(Clone, Debug, Default)]
pub(super) struct Members(HashMap<String, BTreeMap<InstanceId, Vec<(Timestamp, bool)>>>);

impl Members {
    /// An instance came into a group, or went out of it.
    pub(super) fn note(&mut self, group: &str, instance: &InstanceId, time: Timestamp, came: bool) {
        let group = self.0.entry(group.to_owned()).or_default();
        group.entry(instance.clone()).or_default().push((time, came));
    }

    /// Who was in a group at `time`. `present` are those that are in it now: of what services have done themselves
    /// nothing is told.
    pub(super) fn at<'m>(
        &'m self,
        group: &str,
        time: Timestamp,
        present: impl Iterator<Item = &'m InstanceId>,
    ) -> impl Iterator<Item = &'m InstanceId> {
        let moves = self.0.get(group);
        let present: BTreeSet<&InstanceId> = present.collect();
        let moved = moves.into_iter().flat_map(BTreeMap::keys);
        let all: BTreeSet<&InstanceId> = present.iter().copied().chain(moved).collect();
        all.into_iter().filter(move |id| {
            let moves = moves.and_then(|moves| moves.get(*id)).map_or(&[][..], Vec::as_slice);
            let before = moves.iter().filter(|(at, _)| *at <= time).max_by_key(|(at, _)| *at);
            let after = moves.iter().filter(|(at, _)| *at > time).min_by_key(|(at, _)| *at);
            match (before, after) {
                (Some((_, came)), _) => *came,
                (None, Some((_, comes))) => !comes,
                (None, None) => present.contains(id),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_one_between_its_coming_and_its_going() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let (here, there, third) = (InstanceId::new("i-a"), InstanceId::new("i-b"), InstanceId::new("i-c"));
        let mut members = Members::default();
        members.note("g", &here, at(20), false);
        members.note("g", &there, at(40), true);
        let now = [there.clone(), third.clone()];
        for (second, expected) in
            [(10, vec![&here, &third]), (20, vec![&third]), (30, vec![&third]), (40, vec![&there, &third])]
        {
            assert_eq!(members.at("g", at(second), now.iter()).collect::<Vec<_>>(), expected, "{second}");
        }
        assert_eq!(members.at("other", at(10), [].iter()).count(), 0);
    }
}
