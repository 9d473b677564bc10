//! Parts that were taken off their servers, and when: a volume or an interface on nothing is nobody's.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::types::InstanceId;

/// Begins the key of a remembered link that says from when on an instance no longer held a part.
const LEFT: &str = "left:";
/// Stands between an attachment and the part that it attaches.
const WITH: char = '=';

/// One part taken off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Departure {
    /// From which instance; `None` where nobody said.
    pub(super) instance: Option<InstanceId>,
    /// When.
    pub(super) time: Timestamp,
    /// An earlier scan knew of it.
    remembered: bool,
}

/// What was taken off the instances of one place.
#[derive(Clone, Debug, Default)]
pub(super) struct Loose {
    left: HashMap<String, Vec<Departure>>,
    /// Attachments and associations with the parts that go with them: the call that ends one names only that.
    with: HashMap<String, Vec<String>>,
}

impl Loose {
    /// A part, and all that goes with it, was taken off.
    pub(super) fn leave(&mut self, key: &str, instance: Option<&InstanceId>, time: Timestamp) {
        for part in self.with.get(key).cloned().unwrap_or_default() {
            self.note(&part, Departure { instance: instance.cloned(), time, remembered: false });
        }
        self.note(key, Departure { instance: instance.cloned(), time, remembered: false });
    }

    /// These came together and go together.
    pub(super) fn tie(&mut self, keys: &[String]) {
        for key in keys.iter().filter(|key| is_tie(key)) {
            let others = keys.iter().filter(|other| !is_tie(other));
            let known = self.with.entry(key.clone()).or_default();
            others.for_each(|other| {
                if !known.contains(other) {
                    known.push(other.clone())
                }
            });
        }
    }

    /// Takes a remembered link in; `false` when it is of another sort.
    pub(super) fn remember(&mut self, key: &str, instance: &InstanceId, seen_at: Timestamp) -> bool {
        let Some(part) = key.strip_prefix(LEFT) else { return false };
        let instance = Some(instance.clone()).filter(|id| !id.as_str().is_empty());
        self.note(part, Departure { instance, time: seen_at, remembered: true });
        true
    }

    /// When the part was taken off.
    pub(super) fn departures(&self, key: &str) -> &[Departure] {
        self.left.get(key).map_or(&[], Vec::as_slice)
    }

    /// What is to be remembered of an attachment: the part as well.
    pub(super) fn tied(&self, key: &str) -> String {
        let part = self.with.get(key).into_iter().flatten().find(|part| part.starts_with("eni-"));
        part.map_or_else(|| key.to_owned(), |part| format!("{key}{WITH}{part}"))
    }

    /// The links to remember: what was not known before.
    pub(super) fn links(&self) -> impl Iterator<Item = (String, InstanceId, Timestamp)> {
        self.left.iter().flat_map(|(key, departures)| {
            let news = departures.iter().filter(|departure| !departure.remembered);
            news.map(|Departure { instance, time, .. }| left(key, instance.clone(), *time))
        })
    }

    fn note(&mut self, key: &str, departure: Departure) {
        let known = self.left.entry(key.to_owned()).or_default();
        if !known.contains(&departure) {
            known.push(departure);
        }
    }
}

/// A link that says from when on a part was no longer on an instance.
pub(super) fn left(key: &str, instance: Option<InstanceId>, time: Timestamp) -> (String, InstanceId, Timestamp) {
    (format!("{LEFT}{key}"), instance.unwrap_or_else(|| InstanceId::new("")), time)
}

/// An attachment, and the part that it attaches where that is told.
pub(super) fn untied(key: &str) -> (&str, Option<&str>) {
    match key.split_once(WITH) {
        Some((tie, part)) if is_tie(tie) => (tie, Some(part)),
        _ => (key, None),
    }
}

/// Both as one key, for [`untied`].
pub(super) fn tied(tie: &str, part: &str) -> String {
    format!("{tie}{WITH}{part}")
}

fn is_tie(key: &str) -> bool {
    key.starts_with("eni-attach-") || key.starts_with("eipassoc-")
}
