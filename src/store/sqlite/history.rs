//! Questions over many scans, for reports.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::fault::Db;
use super::value::{nanos, parse, time};
use super::{SqliteStore, results, scans};
use crate::store::history::{History, Lived, OutboxCount, ScanPoint};
use crate::store::traits::{OutboxState, ScanSummary, StoreError};

impl History for SqliteStore {
    fn scan_points(&self, from: Timestamp, to: Timestamp) -> Result<Vec<ScanPoint>, StoreError> {
        self.read(|connection| points(connection, from, to))
    }

    fn each_scan(
        &self,
        from: Timestamp,
        to: Timestamp,
        visit: &mut dyn FnMut(ScanSummary) -> bool,
    ) -> Result<(), StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "{} WHERE started_at >= ?1 AND started_at <= ?2 ORDER BY seq DESC",
                scans::SELECT
            ))?;
            let mut rows = statement.query([nanos(from), nanos(to)])?;
            while let Some(row) = rows.next()? {
                if !visit(scans::summary(row)?) {
                    break;
                }
            }
            Ok(())
        })
    }

    fn population(&self, from: Timestamp, to: Timestamp) -> Result<Vec<Lived>, StoreError> {
        self.read(|connection| population(connection, from, to))
    }

    fn outbox_counts(&self) -> Result<Vec<OutboxCount>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT destination, state, count(*), min(created_at) FROM outbox
                 GROUP BY destination, state ORDER BY destination, state",
            )?;
            let rows = statement.query_map([], |row| {
                let state: String = row.get(1)?;
                Ok(OutboxCount {
                    destination: row.get(0)?,
                    state: match state.as_str() {
                        "delivered" => OutboxState::Delivered,
                        "dead" => OutboxState::Dead,
                        _ => OutboxState::Pending,
                    },
                    rows: count(row, 2)?,
                    oldest: time(row.get(3)?),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or_default())
}

fn points(connection: &Connection, from: Timestamp, to: Timestamp) -> Db<Vec<ScanPoint>> {
    let mut statement = connection.prepare_cached(
        "SELECT started_at, exit_code, clean, drifted, unjudged FROM scan
         WHERE started_at >= ?1 AND started_at <= ?2 ORDER BY seq",
    )?;
    let rows = statement.query_map([nanos(from), nanos(to)], |row| {
        Ok(ScanPoint {
            started_at: time(row.get(0)?),
            exit_code: row.get(1)?,
            clean: count(row, 2)?,
            drifted: count(row, 3)?,
            unjudged: count(row, 4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn population(connection: &Connection, from: Timestamp, to: Timestamp) -> Db<Vec<Lived>> {
    let mut statement = connection.prepare_cached(
        "SELECT i.id, i.account, i.region, b.body, i.volatile, s.first, s.last, s.clean, s.drifted, s.unjudged FROM (
           SELECT v.instance AS instance, min(scan.started_at) AS first, max(scan.started_at) AS last,
             sum(v.verdict = 0) AS clean, sum(v.verdict = 1) AS drifted, sum(v.verdict = 2) AS unjudged
           FROM scan JOIN verdict v ON v.scan = scan.seq
           WHERE scan.started_at >= ?1 AND scan.started_at <= ?2 GROUP BY v.instance
         ) s JOIN instance i ON i.key = s.instance LEFT JOIN instance_body b ON b.instance = i.key
         ORDER BY i.account, i.region, i.id",
    )?;
    let mut rows = statement.query(params![nanos(from), nanos(to)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (body, volatile): (Option<String>, String) = (row.get(3)?, row.get(4)?);
        found.push(Lived {
            id: row.get::<_, String>(0)?.into(),
            account: row.get::<_, String>(1)?.into(),
            region: row.get::<_, String>(2)?.into(),
            last: body
                .map(|body| Ok::<_, super::fault::Fault>(results::join(parse(&body)?, parse(&volatile)?)))
                .transpose()?,
            first_seen: time(row.get(5)?),
            last_seen: time(row.get(6)?),
            clean: count(row, 7)?,
            drifted: count(row, 8)?,
            unjudged: count(row, 9)?,
        });
    }
    Ok(found)
}
