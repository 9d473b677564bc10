//! The whole audit log, read and checked.

use super::audit::{AuditBreak, AuditProblem, verify_to};
use super::traits::{Audit, AuditEntry, StoreError};

/// Every entry, with the first thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLog {
    /// Entries in order.
    pub entries: Vec<AuditEntry>,
    /// The first thing that is wrong with them.
    pub broken: Option<AuditBreak>,
}

impl AuditLog {
    /// Reads and checks the log; others may write meanwhile.
    ///
    /// # Errors
    /// State that cannot be read. A log that was tampered with is no error here.
    pub fn read<S: Audit + ?Sized>(store: &S) -> Result<Self, StoreError> {
        let once = || {
            let entries = store.entries()?;
            let broken = verify_to(&entries, store.head()?.as_ref()).err();
            let broken = broken.or(emptied(&entries, &store.deeds()?));
            Ok::<_, StoreError>(Self { entries, broken })
        };
        let log = once()?;
        // An entry appended between the two reads looks like one that was cut off; it does not do so twice.
        if log.broken.is_some() { once() } else { Ok(log) }
    }
}

/// An empty chain is sound in itself, and so is one that was begun anew: what was done tells.
fn emptied(entries: &[AuditEntry], deeds: &[(&str, u64)]) -> Option<AuditBreak> {
    let told = |action: &str| entries.iter().filter(|entry| entry.action == action).count() as u64;
    let untold = deeds.iter().any(|(action, done)| told(action) < *done);
    untold.then(|| AuditBreak {
        seq: entries.last().map_or(0, |entry| entry.seq).saturating_add(1),
        problem: AuditProblem::Emptied,
    })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use jiff::Timestamp;
    use serde_json::{Value, json};

    use super::*;
    use crate::store::audit::seal;

    /// A log to which somebody appends between the first two reads.
    struct Written {
        entries: Vec<AuditEntry>,
        reads: Cell<usize>,
        always: bool,
    }

    impl Written {
        fn new(always: bool) -> Self {
            let first = seal(None, Timestamp::UNIX_EPOCH, "erin", "a", "o", &json!({}));
            let last = Some((first.seq, first.hash.clone()));
            let second = seal(last, Timestamp::UNIX_EPOCH, "erin", "b", "o", &json!({}));
            Self { entries: vec![first, second], reads: Cell::new(0), always }
        }
    }

    impl Audit for Written {
        fn append(&self, _: Timestamp, _: &str, _: &str, _: &str, _: &Value) -> Result<AuditEntry, StoreError> {
            Err(StoreError::NotFound("nobody appends here".to_owned()))
        }

        fn last_of(&self, _: &str) -> Result<Option<AuditEntry>, StoreError> {
            Ok(None)
        }

        fn entries(&self) -> Result<Vec<AuditEntry>, StoreError> {
            let before = self.reads.replace(self.reads.get() + 1);
            let known = if before == 0 || self.always { 1 } else { 2 };
            Ok(self.entries[..known].to_vec())
        }

        fn deeds(&self) -> Result<Vec<(&'static str, u64)>, StoreError> {
            Ok(Vec::new())
        }

        fn head(&self) -> Result<Option<(i64, String)>, StoreError> {
            Ok(self.entries.last().map(|entry| (entry.seq, entry.hash.clone())))
        }
    }

    #[test]
    fn an_entry_that_comes_between_two_reads_is_no_break() {
        let log = AuditLog::read(&Written::new(false)).expect("readable");
        assert_eq!((log.entries.len(), log.broken), (2, None));
    }

    #[test]
    fn what_was_done_and_is_not_told_shows_that_the_log_was_emptied() {
        let told = Written::new(true).entries;
        assert_eq!(emptied(&told, &[("a", 1), ("b", 1), ("c", 0)]), None);
        let broken = emptied(&told, &[("a", 1), ("b", 2)]).expect("broken");
        assert_eq!((broken.seq, broken.problem), (3, AuditProblem::Emptied));
        assert_eq!(emptied(&[], &[("a", 1)]).map(|broken| broken.seq), Some(1));
    }

    #[test]
    fn a_log_that_was_cut_off_is_found_all_the_same() {
        let log = AuditLog::read(&Written::new(true)).expect("readable");
        assert_eq!(log.broken.map(|broken| broken.problem), Some(AuditProblem::Truncated));
    }
}
