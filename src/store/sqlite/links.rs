//! What belonged to whom, and user data digests: remembered so that later events can be resolved and user
//! data is fetched once for each launch.

use rusqlite::{Connection, Transaction, params};

use super::fault::Db;
use super::value::{nanos, time};
use crate::store::traits::{Link, UserDataMemo};
use crate::types::{InstanceId, Place};

/// Remembers links; a later sight moves `seen_at` on.
pub(super) fn put(tx: &Transaction<'_>, links: &[Link]) -> Db<()> {
    let mut write = tx.prepare_cached(
        "INSERT INTO link (account, region, key, instance, seen_at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (account, region, key, instance) DO UPDATE SET seen_at = max(seen_at, excluded.seen_at)",
    )?;
    for Link { place, key, instance, seen_at } in links {
        write.execute(params![
            place.account.as_str(),
            place.region.as_str(),
            key,
            instance.as_str(),
            nanos(*seen_at)
        ])?;
    }
    Ok(())
}

/// All links, the longest unseen first.
pub(super) fn all(connection: &Connection) -> Db<Vec<Link>> {
    let mut statement = connection.prepare_cached(
        "SELECT account, region, key, instance, seen_at FROM link ORDER BY seen_at, account, region, key, instance",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(Link {
            place: Place::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?),
            key: row.get(2)?,
            instance: InstanceId::from(row.get::<_, String>(3)?),
            seen_at: time(row.get(4)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Remembers user data digests.
pub(super) fn put_user_data(tx: &Transaction<'_>, memos: &[UserDataMemo]) -> Db<()> {
    let mut write = tx.prepare_cached(
        "INSERT INTO user_data (account, region, instance, digest, fetched_at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (account, region, instance) DO UPDATE
         SET digest = excluded.digest, fetched_at = excluded.fetched_at WHERE excluded.fetched_at >= fetched_at",
    )?;
    for UserDataMemo { place, instance, digest, fetched_at } in memos {
        write.execute(params![
            place.account.as_str(),
            place.region.as_str(),
            instance.as_str(),
            digest,
            nanos(*fetched_at)
        ])?;
    }
    Ok(())
}

/// All user data digests.
pub(super) fn user_data(connection: &Connection) -> Db<Vec<UserDataMemo>> {
    let mut statement = connection.prepare_cached(
        "SELECT account, region, instance, digest, fetched_at FROM user_data ORDER BY account, region, instance",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(UserDataMemo {
            place: Place::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?),
            instance: InstanceId::from(row.get::<_, String>(2)?),
            digest: row.get(3)?,
            fetched_at: time(row.get(4)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
