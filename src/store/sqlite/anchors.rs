//! How far the audit log was anchored.

use rusqlite::{OptionalExtension as _, params};

use super::SqliteStore;
use super::value::{nanos, time};
use crate::store::anchors::{Anchored, Anchors};
use crate::store::traits::StoreError;

impl Anchors for SqliteStore {
    fn anchored(&self) -> Result<Anchored, StoreError> {
        self.read(|connection| {
            let found = connection
                .query_row("SELECT seq, hash, at, fault FROM anchor", [], |row| {
                    let (seq, hash, at): (i64, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
                    Ok(Anchored { head: (seq > 0).then(|| (seq, hash, time(at))), fault: row.get(3)? })
                })
                .optional()?;
            Ok(found.unwrap_or_default())
        })
    }

    fn keep_anchored(&self, anchored: &Anchored) -> Result<(), StoreError> {
        let Anchored { head, fault } = anchored;
        let (seq, hash, at) = head.as_ref().map_or((0, "", 0), |(seq, hash, at)| (*seq, hash.as_str(), nanos(*at)));
        self.write(|tx| {
            tx.execute(
                "INSERT INTO anchor (only, seq, hash, at, fault) VALUES (1, ?1, ?2, ?3, ?4)
                 ON CONFLICT (only) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, at = excluded.at,
                   fault = excluded.fault",
                params![seq, hash, at, fault],
            )?;
            Ok(())
        })
    }
}
