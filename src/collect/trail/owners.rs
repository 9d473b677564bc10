//! Who held an interface, a volume, an association or an address at a given time.

use jiff::Timestamp;

use super::loose::Departure;
use crate::types::InstanceId;

/// One holder over time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) instance: InstanceId,
    /// Since when, where EC2 or an event said so.
    pub(super) from: Option<Timestamp>,
    /// Last time it was seen; `None` for holders of the present state.
    pub(super) seen: Option<Timestamp>,
}

/// The holder at `time`, from the best evidence to the weakest; empty when nobody is known to have held it,
/// several when the present state itself has several (one private address in two VPCs). `left` says when it was taken
/// off: nobody holds it then before it comes to somebody again.
pub(super) fn holders(owners: &[Owner], left: &[Departure], time: Timestamp) -> Vec<InstanceId> {
    let held_through =
        |owner: &&Owner| owner.from.is_some_and(|from| from <= time) && owner.seen.is_none_or(|seen| time <= seen);
    if let Some(owner) = owners.iter().filter(held_through).max_by_key(|owner| owner.from) {
        return vec![owner.instance.clone()];
    }
    // Nobody is known to hold it at that moment: whoever held it last before did, as far as we know.
    let last_before =
        owners.iter().filter(|owner| owner.seen.is_some_and(|seen| seen <= time)).max_by_key(|owner| owner.seen);
    if let Some(owner) = last_before.filter(|owner| !left.iter().any(|departure| ends(departure, owner, time))) {
        return vec![owner.instance.clone()];
    }
    // Seen only later, and not known to have come later.
    let open = |owner: &&Owner| owner.from.is_none();
    let came_later = |owner: &Owner| {
        let comes = |other: &Owner| other.from.is_some_and(|from| time < from && Some(from) <= owner.seen);
        owners.iter().any(|other| other.instance == owner.instance && comes(other))
    };
    let seen_later = |owner: &&Owner| owner.seen.is_some_and(|seen| time < seen) && !came_later(owner);
    if let Some(owner) = owners.iter().filter(open).filter(seen_later).min_by_key(|owner| owner.seen) {
        return vec![owner.instance.clone()];
    }
    let is_present = |owner: &&Owner| owner.seen.is_none();
    let mut present: Vec<InstanceId> =
        owners.iter().filter(open).filter(is_present).map(|owner| owner.instance.clone()).collect();
    present.sort();
    present.dedup();
    present
}

/// The holder of an address; `None` when it is not known, and when several held it, each in a network of its own: a
/// record does not say in which.
pub(super) fn only_holder(owners: &[Owner], left: &[Departure], time: Timestamp) -> Option<InstanceId> {
    let found = holders(owners, left, time);
    let [holder] = found.as_slice() else { return None };
    let mine = || owners.iter().filter(|owner| owner.instance == *holder);
    let since = mine().filter_map(|owner| owner.from).filter(|from| *from <= time).max();
    let is_rival = |other: &Owner| {
        let at_once = mine().any(|own| own.seen == other.seen);
        let still = since.is_some_and(|since| other.seen.is_none_or(|seen| since <= seen));
        other.instance != *holder
            && other.from.is_none_or(|from| from <= time)
            && (at_once || still)
            && !left.iter().any(|departure| ends(departure, other, time))
    };
    (!owners.iter().any(is_rival)).then(|| holder.clone())
}

/// Whether a part had been taken off this holder by `time`. What was done in the same second may have been done before
/// that, and what came in that second came after it.
fn ends(departure: &Departure, owner: &Owner, time: Timestamp) -> bool {
    let since = owner.seen.is_none_or(|seen| match owner.from {
        Some(from) => from < departure.time,
        None => seen <= departure.time,
    });
    since && departure.time < time && departure.instance.as_ref().is_none_or(|instance| *instance == owner.instance)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn owner(instance: &str, from: Option<i64>, seen: Option<i64>) -> Owner {
        Owner { instance: instance.into(), from: from.map(at), seen: seen.map(at) }
    }

    fn who(owners: &[Owner], time: i64) -> Vec<String> {
        holders(owners, &[], at(time)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_volume_that_moved_belongs_to_its_holder_of_that_time() {
        // i-a was seen with it until 100; i-b has it now, attached at 200.
        let owners = [owner("i-a", None, Some(100)), owner("i-b", Some(200), None)];
        assert_eq!(who(&owners, 50), ["i-a"]);
        assert_eq!(who(&owners, 150), ["i-a"]);
        assert_eq!(who(&owners, 250), ["i-b"]);
    }

    #[test]
    fn an_event_before_the_first_attachment_names_nobody() {
        assert!(who(&[owner("i-b", Some(200), None)], 150).is_empty());
    }

    #[test]
    fn an_address_that_two_hold_at_a_time_is_nobodys_and_one_that_moved_is_its_holders() {
        let who = |owners: &[Owner], time| only_holder(owners, &[], at(time)).map(|id| id.to_string());
        let two = [owner("i-a", Some(10), None), owner("i-b", Some(20), None)];
        assert_eq!((who(&two, 15).as_deref(), who(&two, 30)), (Some("i-a"), None));
        let seen = [owner("i-a", None, Some(50)), owner("i-b", None, Some(50))];
        assert_eq!(who(&seen, 60), None, "one scan saw both");
        let moved = [owner("i-a", None, Some(50)), owner("i-b", Some(100), None)];
        assert_eq!((who(&moved, 60).as_deref(), who(&moved, 120).as_deref()), (Some("i-a"), Some("i-b")));
    }

    #[test]
    fn without_times_the_present_holder_is_taken_and_ambiguity_stays_visible() {
        assert_eq!(who(&[owner("i-a", None, None)], 10), ["i-a"]);
        assert_eq!(who(&[owner("i-a", None, None), owner("i-b", None, None)], 10), ["i-a", "i-b"]);
    }
}
