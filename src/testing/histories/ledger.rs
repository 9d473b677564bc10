//! Where the enforcers of a history write: the real store, or the same rules without a database.
//!
//! Writing every step of every operation through SQLite takes most of a history's time. One history in
//! [`REAL_EVERY`] uses the real store, audit log included; the others keep records in memory, under the same rules for
//! legal moves, leases and conflicts. A test plays the same seeds on both and expects the same account.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::remediate::{Approval, Journal, JournalEntry, OperationRecord, OwnCall};
use crate::store::audit::verify_to;
use crate::store::{Audit, Lease, Leases, SqliteStore, StoreError, Waivers, moves};
use crate::types::{FleetName, InstanceId, OperationId, OperationKind};

/// One history in so many uses the real store.
pub(super) const REAL_EVERY: u64 = 32;

/// A journal with leases and pauses.
pub(super) trait Ledger: Journal + Leases + Send + Sync {
    fn pause(&self, fleet: Option<&FleetName>, reason: &str, now: Timestamp) -> Result<(), StoreError>;
    fn resume(&self, fleet: Option<&FleetName>, now: Timestamp) -> Result<(), StoreError>;
    fn pauses(&self) -> Result<Vec<(Option<FleetName>, String)>, StoreError>;
    /// What is wrong with the audit log.
    fn audit_problem(&self) -> Result<Option<String>, StoreError>;
}

impl Ledger for SqliteStore {
    fn pause(&self, fleet: Option<&FleetName>, reason: &str, now: Timestamp) -> Result<(), StoreError> {
        Waivers::pause(self, fleet, reason, "cattleguard", now)
    }

    fn resume(&self, fleet: Option<&FleetName>, now: Timestamp) -> Result<(), StoreError> {
        Waivers::resume(self, fleet, "carol", now)
    }

    fn pauses(&self) -> Result<Vec<(Option<FleetName>, String)>, StoreError> {
        Waivers::pauses(self)
    }

    fn audit_problem(&self) -> Result<Option<String>, StoreError> {
        let (entries, head) = (self.entries()?, self.head()?);
        Ok(verify_to(&entries, head.as_ref()).err().map(|broken| broken.to_string()))
    }
}

/// Without a database.
#[derive(Default)]
pub(super) struct Memory(Mutex<Pages>);

#[derive(Default)]
struct Pages {
    records: Vec<OperationRecord>,
    lease: Option<(Option<String>, i64, Timestamp)>,
    pauses: BTreeMap<Option<FleetName>, String>,
    approvals: Vec<Approval>,
}

impl Memory {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn select(&self, keep: impl Fn(&OperationRecord) -> bool) -> Vec<OperationRecord> {
        self.pages().records.iter().filter(|record| keep(record)).cloned().collect()
    }
}

impl Pages {
    fn check(&self, lease: &Lease) -> Result<(), StoreError> {
        match &self.lease {
            Some((Some(_), epoch, _)) if *epoch == lease.epoch => Ok(()),
            _ => Err(StoreError::LeaseLost { name: lease.name.clone() }),
        }
    }
}

fn expiry(now: Timestamp, ttl_s: i64) -> Timestamp {
    now.checked_add(SignedDuration::from_secs(ttl_s)).unwrap_or(Timestamp::MAX)
}

impl Leases for Memory {
    fn acquire(&self, name: &str, holder: &str, now: Timestamp, ttl_s: i64) -> Result<Lease, StoreError> {
        let mut pages = self.pages();
        let epoch = match &pages.lease {
            Some((Some(other), _, until)) if *until > now => {
                return Err(StoreError::LeaseHeld { name: name.to_owned(), holder: other.clone(), until: *until });
            }
            Some((_, epoch, _)) => epoch + 1,
            None => 1,
        };
        pages.lease = Some((Some(holder.to_owned()), epoch, expiry(now, ttl_s)));
        Ok(Lease { name: name.to_owned(), holder: holder.to_owned(), epoch })
    }

    fn renew(&self, lease: &Lease, now: Timestamp, ttl_s: i64) -> Result<(), StoreError> {
        let mut pages = self.pages();
        pages.check(lease)?;
        if let Some((_, _, until)) = &mut pages.lease {
            *until = expiry(now, ttl_s);
        }
        Ok(())
    }

    fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        let mut pages = self.pages();
        pages.check(lease)?;
        if let Some((holder, _, _)) = &mut pages.lease {
            *holder = None;
        }
        Ok(())
    }
}

impl Journal for Memory {
    fn begin_operation(&self, lease: &Lease, record: &OperationRecord) -> Result<(), StoreError> {
        let mut pages = self.pages();
        pages.check(lease)?;
        let beside = |other: &&OperationRecord| {
            !other.status.is_over()
                && (other.instance == record.instance || other.facts.replacement.as_ref() == Some(&record.instance))
        };
        let refused = moves::refuse_begin(record)
            .or_else(|| pages.records.iter().filter(beside).find_map(|other| moves::refuse_beside(record, other)));
        match refused {
            Some(reason) => Err(StoreError::Conflict(reason)),
            None => {
                pages.records.push(record.clone());
                Ok(())
            }
        }
    }

    fn record_progress(&self, lease: &Lease, record: &OperationRecord, entry: &JournalEntry) -> Result<(), StoreError> {
        let mut pages = self.pages();
        pages.check(lease)?;
        let stored = pages.records.iter_mut().find(|stored| stored.id == record.id);
        let stored = stored.ok_or_else(|| StoreError::NotFound(format!("there is no operation {}", record.id)))?;
        if let Some(reason) = moves::refuse_progress(stored, record, entry) {
            return Err(StoreError::Conflict(reason));
        }
        // Only what may change: the rest was just found to be equal, and is large.
        stored.deadline = record.deadline;
        stored.status = record.status;
        stored.note.clone_from(&record.note);
        stored.facts.clone_from(&record.facts);
        for (old, new) in stored.steps.iter_mut().zip(&record.steps).filter(|(old, new)| old != new) {
            old.clone_from(new);
        }
        stored.ended_at = record.status.is_over().then(|| record.ended_at.unwrap_or(entry.at));
        Ok(())
    }

    fn operation(&self, id: &OperationId) -> Result<Option<OperationRecord>, StoreError> {
        Ok(self.pages().records.iter().find(|record| record.id == *id).cloned())
    }

    fn unfinished_operations(&self) -> Result<Vec<OperationRecord>, StoreError> {
        Ok(self.select(|record| !record.status.is_over()))
    }

    fn operations_since(&self, since: Timestamp) -> Result<Vec<OperationRecord>, StoreError> {
        Ok(self.select(|record| record.created_at >= since))
    }

    fn operations_of(&self, instance: &InstanceId) -> Result<Vec<OperationRecord>, StoreError> {
        Ok(self.select(|record| record.instance == *instance || record.facts.replacement.as_ref() == Some(instance)))
    }

    fn last_operation(
        &self,
        instance: &InstanceId,
        kind: OperationKind,
    ) -> Result<Option<OperationRecord>, StoreError> {
        Ok(self.select(|record| record.instance == *instance && record.kind == kind).pop())
    }

    /// The engine never reads it back: only people do.
    fn journal_of(&self, _id: &OperationId) -> Result<Vec<JournalEntry>, StoreError> {
        Ok(Vec::new())
    }

    fn own_calls(&self, _since: Timestamp) -> Result<Vec<OwnCall>, StoreError> {
        Ok(Vec::new())
    }

    fn approve(&self, approval: &Approval) -> Result<(), StoreError> {
        self.pages().approvals.push(approval.clone());
        Ok(())
    }

    fn approvals(&self, now: Timestamp) -> Result<Vec<Approval>, StoreError> {
        Ok(self.pages().approvals.iter().filter(|approval| now < approval.expires_at).cloned().collect())
    }
}

impl Ledger for Memory {
    fn pause(&self, fleet: Option<&FleetName>, reason: &str, _now: Timestamp) -> Result<(), StoreError> {
        self.pages().pauses.insert(fleet.cloned(), reason.to_owned());
        Ok(())
    }

    fn resume(&self, fleet: Option<&FleetName>, _now: Timestamp) -> Result<(), StoreError> {
        self.pages().pauses.remove(&fleet.cloned());
        Ok(())
    }

    fn pauses(&self) -> Result<Vec<(Option<FleetName>, String)>, StoreError> {
        Ok(self.pages().pauses.iter().map(|(fleet, reason)| (fleet.clone(), reason.clone())).collect())
    }

    fn audit_problem(&self) -> Result<Option<String>, StoreError> {
        Ok(None)
    }
}
