//! Where change events go: lines, the table, the state.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use crate::app::output::DataStream;
use crate::store::Store;
use crate::types::ChangeEvent;

use super::line;

/// Rows of the table. Who wants more reads data.
const ROWS: usize = 10_000;
/// Events that are committed at a time.
const COMMIT: usize = 5_000;

/// The places.
#[derive(Default)]
pub(super) struct Outputs {
    pub(super) lines: Vec<DataStream>,
    /// Whether somebody wants a table.
    pub(super) table: bool,
    pub(super) store: Option<Arc<dyn Store>>,
    pub(super) rows: VecDeque<ChangeEvent>,
    /// Rows that the table has no room for.
    pub(super) older: u64,
    pub(super) waiting: Vec<ChangeEvent>,
    /// Events that the state did not know.
    pub(super) stored: u64,
}

impl Outputs {
    /// Whether lines are all that is wanted.
    pub(super) fn only_lines(&self) -> bool {
        !self.table && self.store.is_none()
    }

    /// Takes a line.
    pub(super) fn line(&mut self, line: &[u8]) -> io::Result<()> {
        self.lines.iter_mut().try_for_each(|stream| stream.json_line(line))
    }

    /// Takes an event.
    pub(super) fn event(&mut self, event: ChangeEvent) -> io::Result<()> {
        if !self.lines.is_empty() {
            let mut text = Vec::new();
            line::write(&event, &mut text);
            self.line(&text)?;
        }
        if self.store.is_some() {
            self.waiting.push(event.clone());
            if self.waiting.len() >= COMMIT {
                self.commit()?;
            }
        }
        if self.table {
            if self.rows.len() == ROWS {
                self.rows.pop_front();
                self.older += 1;
            }
            self.rows.push_back(event);
        }
        Ok(())
    }

    /// Commits what waits for it.
    pub(super) fn commit(&mut self) -> io::Result<()> {
        if let Some(store) = &self.store {
            self.stored += store.keep_ingested(&self.waiting, &[]).map_err(io::Error::other)?;
            self.waiting.clear();
        }
        Ok(())
    }
}
