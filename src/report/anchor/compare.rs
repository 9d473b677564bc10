//! A log beside its anchors.

use std::collections::BTreeMap;

use super::{Version, parse};
use crate::store::{AuditBreak, AuditEntry, AuditProblem};

/// What the anchors say of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Anchors that were compared; a version that was put over another counts as well.
    pub anchors: u64,
    /// Anchors that somebody hid from plain listings.
    pub hidden: u64,
    /// The newest anchor that the log holds.
    pub newest: Option<(i64, String)>,
    /// The first entry that is not as an anchor has it.
    pub broken: Option<AuditBreak>,
}

/// Compares. `put`: the head that this state remembers to have put there, which must be among them.
pub fn compare(entries: &[AuditEntry], prefix: &str, versions: &[Version], put: Option<&(i64, String)>) -> Compared {
    let known: BTreeMap<i64, &str> = entries.iter().map(|entry| (entry.seq, entry.hash.as_str())).collect();
    let (mut found, mut put_is_there) = (Compared::default(), false);
    for version in versions {
        let Some((seq, hash)) = parse(prefix, &version.key) else { continue };
        if version.hides {
            found.hidden += 1;
            continue;
        }
        found.anchors += 1;
        put_is_there |= put.is_some_and(|(put, of)| (*put, of) == (seq, &hash));
        let problem = match known.get(&seq) {
            Some(known) if *known == hash => {
                if found.newest.as_ref().is_none_or(|(newest, _)| *newest < seq) {
                    found.newest = Some((seq, hash));
                }
                continue;
            }
            Some(_) => AuditProblem::Rewritten,
            None => AuditProblem::Cut,
        };
        if found.broken.as_ref().is_none_or(|broken| broken.seq > seq) {
            found.broken = Some(AuditBreak { seq, problem });
        }
    }
    if let (Some((seq, _)), false, None) = (put, put_is_there, &found.broken) {
        found.broken = Some(AuditBreak { seq: *seq, problem: AuditProblem::Unanchored });
    }
    found
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::super::{Anchor, key};
    use super::*;
    use crate::store::audit::seal;

    fn log(words: &[&str]) -> Vec<AuditEntry> {
        let mut entries: Vec<AuditEntry> = Vec::new();
        for word in words {
            let last = entries.last().map(|entry| (entry.seq, entry.hash.clone()));
            entries.push(seal(last, Timestamp::UNIX_EPOCH, "erin", word, "o", &json!({})));
        }
        entries
    }

    fn anchor(entry: &AuditEntry) -> Version {
        let anchor = Anchor { seq: entry.seq, hash: entry.hash.clone(), at: entry.at };
        Version { key: key("p/", &anchor), hides: false }
    }

    #[test]
    fn a_log_that_only_grew_holds_every_anchor() {
        let entries = log(&["a", "b", "c"]);
        let other = Version { key: "p/readme".to_owned(), hides: false };
        let versions = [anchor(&entries[0]), anchor(&entries[1]), other];
        let head = (2, entries[1].hash.clone());
        let found = compare(&entries, "p/", &versions, Some(&head));
        assert_eq!(found, Compared { anchors: 2, hidden: 0, newest: Some(head), broken: None });
        assert_eq!(compare(&entries, "p/", &[], None), Compared::default());
    }

    #[test]
    fn a_state_that_was_replaced_is_found() {
        let entries = log(&["a", "b", "c"]);
        let versions: Vec<_> = entries.iter().map(anchor).collect();
        let broken = |log: &[AuditEntry]| compare(log, "p/", &versions, None).broken;
        assert_eq!(broken(&entries[..2]), Some(AuditBreak { seq: 3, problem: AuditProblem::Cut }), "cut at its end");
        let forged = log(&["a", "x", "c"]);
        assert_eq!(broken(&forged), Some(AuditBreak { seq: 2, problem: AuditProblem::Rewritten }), "written anew");
        assert_eq!(broken(&[]), Some(AuditBreak { seq: 1, problem: AuditProblem::Cut }), "a new state");
    }

    #[test]
    fn hiding_anchors_hides_nothing() {
        let entries = log(&["a", "b"]);
        let marked = Version { hides: true, ..anchor(&entries[1]) };
        let found = compare(&entries[..1], "p/", &[marked, anchor(&entries[1])], None);
        assert_eq!((found.hidden, found.broken.map(|broken| broken.seq)), (1, Some(2)));
    }

    #[test]
    fn an_anchor_that_is_gone_is_missed() {
        let entries = log(&["a", "b"]);
        let head = (2, entries[1].hash.clone());
        let found = compare(&entries, "p/", &[anchor(&entries[0])], Some(&head));
        assert_eq!(found.broken, Some(AuditBreak { seq: 2, problem: AuditProblem::Unanchored }));
    }
}
