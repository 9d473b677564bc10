//! What belonged to whom, and user data digests: remembered so that later events can be resolved and user
//! data is fetched once for each launch.

use std::collections::{BTreeSet, HashSet};

use rusqlite::{Connection, Row, Transaction, params};

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
    let (mut rows, mut ids, mut links) = (statement.query([])?, Ids::default(), Vec::new());
    while let Some(row) = rows.next()? {
        links.push(Link {
            place: ids.place(row)?,
            key: row.get(2)?,
            instance: ids.instance(row, 3)?,
            seen_at: time(row.get(4)?),
        });
    }
    Ok(links)
}

/// One allocation for each place and instance: an instance has half a dozen links.
#[derive(Default)]
struct Ids {
    places: BTreeSet<Place>,
    instances: HashSet<InstanceId>,
}

impl Ids {
    /// Reads the first two columns, account and region.
    fn place(&mut self, row: &Row<'_>) -> rusqlite::Result<Place> {
        let place = Place::new(row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?);
        if let Some(known) = self.places.get(&place) {
            return Ok(known.clone());
        }
        self.places.insert(place.clone());
        Ok(place)
    }

    fn instance(&mut self, row: &Row<'_>, column: usize) -> rusqlite::Result<InstanceId> {
        let id = InstanceId::from(row.get_ref(column)?.as_str()?);
        if let Some(known) = self.instances.get(&id) {
            return Ok(known.clone());
        }
        self.instances.insert(id.clone());
        Ok(id)
    }
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
    let (mut rows, mut ids, mut memos) = (statement.query([])?, Ids::default(), Vec::new());
    while let Some(row) = rows.next()? {
        memos.push(UserDataMemo {
            place: ids.place(row)?,
            instance: ids.instance(row, 2)?,
            digest: row.get(3)?,
            fetched_at: time(row.get(4)?),
        });
    }
    Ok(memos)
}
