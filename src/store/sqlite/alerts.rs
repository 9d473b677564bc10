//! Silences and threads.

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Row, Transaction, params};
use serde_json::json;

use super::fault::{Db, conflict, not_found};
use super::value::{json, nanos, parse, parse_all, time};
use super::{SqliteStore, audit};
use crate::store::alerts::{Silences, Thread, Threads};
use crate::store::traits::StoreError;
use crate::types::{Silence, SilenceId};

impl Silences for SqliteStore {
    fn add_silence(&self, silence: &Silence) -> Result<(), StoreError> {
        self.write(|tx| add(tx, silence))
    }

    fn silences(&self) -> Result<Vec<Silence>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare("SELECT body FROM silence ORDER BY created_at, id")?;
            let bodies = statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
            parse_all(bodies)
        })
    }

    fn revoke_silence(&self, id: &SilenceId, by: &str, now: Timestamp) -> Result<(), StoreError> {
        self.write(|tx| revoke(tx, id, by, now))
    }
}

fn add(tx: &Transaction<'_>, silence: &Silence) -> Db<()> {
    if silence.until <= silence.created_at {
        return conflict("a silence must end after it begins");
    }
    if !silence.is_scoped() {
        return conflict(
            "a silence without a scope would silence everything: name a fleet, code, account, instance or actor",
        );
    }
    let inserted = tx.execute(
        "INSERT OR IGNORE INTO silence (id, created_at, until, body) VALUES (?1, ?2, ?3, ?4)",
        params![silence.id.as_str(), nanos(silence.created_at), nanos(silence.until), json(silence)?],
    )?;
    if inserted == 0 {
        return conflict(format!("there is a silence {} already", silence.id));
    }
    let details = serde_json::to_value(silence)?;
    audit::append(tx, silence.created_at, &silence.by, "silence.add", silence.id.as_str(), &details)?;
    Ok(())
}

fn revoke(tx: &Transaction<'_>, id: &SilenceId, by: &str, now: Timestamp) -> Db<()> {
    let body: Option<String> =
        tx.query_row("SELECT body FROM silence WHERE id = ?1", [id.as_str()], |row| row.get(0)).optional()?;
    let Some(body) = body else {
        return not_found(format!("there is no silence {id}: `cattleguard silences list` has their ids"));
    };
    let silence: Silence = parse(&body)?;
    if silence.until <= now {
        return conflict(format!("silence {id} ended at {}", silence.until));
    }
    let details = json!({"would_have_ended": silence.until});
    let silence = Silence { until: now, ..silence };
    tx.execute(
        "UPDATE silence SET revoked_at = ?2, body = ?3 WHERE id = ?1",
        params![id.as_str(), nanos(now), json(&silence)?],
    )?;
    audit::append(tx, now, by, "silence.revoke", id.as_str(), &details)?;
    Ok(())
}

const COLUMNS: &str = "destination, grouping, channel, ts, open, changed_at, body";

impl Threads for SqliteStore {
    fn save_thread(&self, thread: &Thread) -> Result<(), StoreError> {
        let Thread { destination, group, channel, ts, open, changed_at, body } = thread;
        self.write(|tx| {
            tx.execute(
                "INSERT INTO thread (destination, grouping, channel, ts, open, changed_at, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (destination, grouping) DO UPDATE SET channel = excluded.channel, ts = excluded.ts,
                   open = excluded.open, changed_at = excluded.changed_at, body = excluded.body",
                params![destination, group, channel, ts, open, nanos(*changed_at), json(body)?],
            )?;
            Ok(())
        })
    }

    fn thread(&self, destination: &str, group: &str) -> Result<Option<Thread>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM thread WHERE destination = ?1 AND grouping = ?2");
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            let mut rows = statement.query(params![destination, group])?;
            rows.next()?.map(read).transpose()
        })
    }

    fn open_threads(&self, destination: &str, limit: usize) -> Result<Vec<Thread>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM thread WHERE destination = ?1 AND open = 1
             ORDER BY changed_at DESC, grouping LIMIT ?2"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            let mut rows = statement.query(params![destination, limit])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(read(row)?);
            }
            Ok(found)
        })
    }
}

fn read(row: &Row<'_>) -> Db<Thread> {
    let body: String = row.get(6)?;
    Ok(Thread {
        destination: row.get(0)?,
        group: row.get(1)?,
        channel: row.get(2)?,
        ts: row.get(3)?,
        open: row.get(4)?,
        changed_at: time(row.get(5)?),
        body: parse(&body)?,
    })
}
