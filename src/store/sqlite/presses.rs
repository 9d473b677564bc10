//! Buttons that people pressed.

use rusqlite::{OptionalExtension as _, params};

use super::value::nanos;
use super::{SqliteStore, audit};
use crate::store::presses::{Pressed, Presses};
use crate::store::traits::StoreError;

impl Presses for SqliteStore {
    fn press(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT outcome FROM press WHERE key = ?1")?;
            Ok(statement.query_row([key], |row| row.get(0)).optional()?)
        })
    }

    fn save_press(&self, pressed: &Pressed) -> Result<(), StoreError> {
        let Pressed { key, at, by, object, details, outcome } = pressed;
        self.write(|tx| {
            let inserted = tx.execute(
                "INSERT OR IGNORE INTO press (key, at, outcome) VALUES (?1, ?2, ?3)",
                params![key, nanos(*at), outcome],
            )?;
            if inserted > 0 {
                audit::append(tx, *at, by, "slack.press", object, details)?;
            }
            Ok(())
        })
    }
}
