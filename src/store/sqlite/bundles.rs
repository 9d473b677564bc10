//! The policy bundle that was taken last.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::fault::{Db, conflict};
use super::value::{json, nanos, parse};
use super::{SqliteStore, audit};
use crate::store::traits::StoreError;
use crate::store::{PolicyBundles, TakenBundle};

impl PolicyBundles for SqliteStore {
    fn take_bundle(&self, bundle: &TakenBundle, by: &str, now: Timestamp) -> Result<(), StoreError> {
        // Looked at before writing: every scan comes here, and nearly none brings another bundle.
        if self.taken_bundle()?.as_ref() == Some(bundle) {
            return Ok(());
        }
        self.write(|tx| take(tx, bundle, by, now))
    }

    fn taken_bundle(&self) -> Result<Option<TakenBundle>, StoreError> {
        self.read(last)
    }
}

fn last(connection: &Connection) -> Db<Option<TakenBundle>> {
    let body: Option<String> =
        connection.query_row("SELECT body FROM policy_bundle WHERE only = 1", [], |row| row.get(0)).optional()?;
    body.map(|body| parse(&body)).transpose()
}

fn take(tx: &Transaction<'_>, bundle: &TakenBundle, by: &str, now: Timestamp) -> Db<()> {
    if let Some(former) = last(tx)? {
        if bundle.sequence < former.sequence {
            return conflict(format!(
                "the policy bundle {} has sequence {} and is older than {} with {}, which was taken before: build the \
                 old policies anew to go back to them",
                bundle.revision, bundle.sequence, former.revision, former.sequence
            ));
        }
        if bundle.sequence == former.sequence && bundle.digest != former.digest {
            return conflict(format!(
                "the policy bundle {} has the sequence {} of {} and other files: two bundles share a number",
                bundle.revision, bundle.sequence, former.revision
            ));
        }
    }
    tx.execute(
        "INSERT INTO policy_bundle (only, at, body) VALUES (1, ?1, ?2)
         ON CONFLICT (only) DO UPDATE SET at = excluded.at, body = excluded.body",
        params![nanos(now), json(bundle)?],
    )?;
    audit::append(tx, now, by, "policy.bundle", &bundle.digest, &serde_json::to_value(bundle)?)?;
    Ok(())
}
