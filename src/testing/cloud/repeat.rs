//! The same account in another process: the causes are written to a file and repeated from it.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::FakeCloud;
use crate::testing::diary::{self, Action, Diary};

impl FakeCloud {
    /// From now on writes every call of the enforcer, every inventory run and every move of the clock to the end of
    /// this file, before it is answered. What people do is not written: it belongs before.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn journal_to(&self, path: &Path) -> io::Result<()> {
        let diary = Arc::new(Diary::append_to(path)?);
        self.lock().diary = Some(diary.clone());
        self.clock().keep_diary(Some(diary));
        Ok(())
    }

    /// Repeats everything in such a file. The account must be as it was when the file was begun: the same seed and
    /// the same steps. A line that was cut short never was answered, and is left out.
    ///
    /// # Errors
    /// When the file cannot be read or holds something else.
    pub fn replay(&self, path: &Path) -> io::Result<()> {
        for action in diary::read(path)? {
            match action {
                Action::Passed { at } => self.clock().advance_to(at),
                Action::Reported { at, instance } => {
                    self.clock().advance_to(at);
                    self.run_inventory(&instance).map_err(io::Error::other)?;
                }
                Action::Called(called) => {
                    self.clock().advance_to(called.at);
                    // A call that was refused is refused again, and leaves the same record again.
                    drop(self.lock().write(&called.context(), &called.call));
                }
            }
        }
        Ok(())
    }
}
