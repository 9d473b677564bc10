//! Content hashes.

use rusqlite::{Connection, Transaction, params};

use super::SqliteStore;
use super::fault::Db;
use super::value::{nanos, time};
use crate::store::contents::{CleanContent, ContentMarks, ContentMemory, ContentReport};
use crate::store::traits::StoreError;
use crate::types::{GoldenRef, InstanceId, InventoryType, Place};

impl ContentMemory for SqliteStore {
    fn content_reports(&self) -> Result<Vec<ContentReport>, StoreError> {
        self.read(reports)
    }

    fn clean_contents(&self) -> Result<Vec<CleanContent>, StoreError> {
        self.read(clean)
    }
}

/// Remembers what a scan learned.
pub(super) fn put(tx: &Transaction<'_>, marks: &ContentMarks) -> Db<()> {
    let mut write = tx.prepare_cached(
        "INSERT INTO content_report
           (account, region, instance, kind, hash, agent, schema_version, captured_at, reported_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (account, region, instance, kind) DO UPDATE SET hash = excluded.hash, agent = excluded.agent,
           schema_version = excluded.schema_version, captured_at = excluded.captured_at,
           reported_at = excluded.reported_at
         WHERE excluded.reported_at >= reported_at",
    )?;
    for report in &marks.reports {
        let ContentReport { place, instance, kind, hash, agent, schema_version, captured_at, reported_at } = report;
        write.execute(params![
            place.account.as_str(),
            place.region.as_str(),
            instance.as_str(),
            kind.as_str(),
            hash,
            agent,
            schema_version,
            nanos(*captured_at),
            nanos(*reported_at)
        ])?;
    }
    let mut write = tx.prepare_cached(
        "INSERT INTO clean_content (golden, instance_type, agent, kind, hash, seen_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (golden, instance_type, agent, kind, hash)
         DO UPDATE SET seen_at = max(seen_at, excluded.seen_at)",
    )?;
    for CleanContent { golden, instance_type, agent, kind, hash, seen_at } in &marks.clean {
        write.execute(params![golden.to_string(), instance_type, agent, kind.as_str(), hash, nanos(*seen_at)])?;
    }
    Ok(())
}

fn reports(connection: &Connection) -> Db<Vec<ContentReport>> {
    let mut statement = connection.prepare_cached(
        "SELECT account, region, instance, kind, hash, agent, schema_version, captured_at, reported_at
         FROM content_report ORDER BY account, region, instance, kind",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(ContentReport {
            place: Place::new(row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?),
            instance: InstanceId::from(row.get_ref(2)?.as_str()?),
            kind: InventoryType::from(row.get_ref(3)?.as_str()?),
            hash: row.get(4)?,
            agent: row.get(5)?,
            schema_version: row.get(6)?,
            captured_at: time(row.get(7)?),
            reported_at: time(row.get(8)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn clean(connection: &Connection) -> Db<Vec<CleanContent>> {
    let mut statement = connection.prepare_cached(
        "SELECT golden, instance_type, agent, kind, hash, seen_at FROM clean_content
         ORDER BY golden, instance_type, agent, kind, hash",
    )?;
    let rows = statement.query_map([], |row| {
        // A reference that cannot be read is of no golden, and so of no use.
        let Some(golden) = GoldenRef::parse(row.get_ref(0)?.as_str()?) else { return Ok(None) };
        Ok(Some(CleanContent {
            golden,
            instance_type: row.get(1)?,
            agent: row.get(2)?,
            kind: InventoryType::from(row.get_ref(3)?.as_str()?),
            hash: row.get(4)?,
            seen_at: time(row.get(5)?),
        }))
    })?;
    Ok(rows.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}
