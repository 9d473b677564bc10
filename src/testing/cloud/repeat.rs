//! The same account in another process: the causes are written to a file and repeated from it.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::FakeCloud;
use crate::testing::diary::{self, Action, Diary};
use crate::testing::error::SimError;

impl FakeCloud {
    /// From now on writes every call of the enforcer, every inventory run, every story and every move of the clock to
    /// the end of this file, before it is answered. What people do outside a story is not written: it belongs before.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn journal_to(&self, path: &Path) -> io::Result<()> {
        self.keep_diary(Some(Arc::new(Diary::append_to(path)?)));
        Ok(())
    }

    /// Lets people do something that is known under a name, and writes the name instead of each thing they do.
    ///
    /// # Errors
    /// What the story answers.
    pub fn tell<T>(&self, story: &str, act: impl FnOnce(&Self) -> Result<T, SimError>) -> Result<T, SimError> {
        let diary = self.lock().diary.clone();
        if let Some(diary) = &diary {
            diary.write(&Action::Told { at: self.clock().now(), story: story.to_owned() });
        }
        self.keep_diary(None);
        let told = act(self);
        self.keep_diary(diary);
        told
    }

    /// Repeats everything in such a file; `teller` tells its stories. The account must be as it was when the file was
    /// begun: the same seed and the same steps. A line that was cut short never was answered, and is left out.
    ///
    /// # Errors
    /// When the file cannot be read or holds something else.
    pub fn replay(&self, path: &Path, teller: &dyn Fn(&Self, &str) -> Result<(), SimError>) -> io::Result<()> {
        // The clock may have been moved on while a call was being made: calls come at their own time, which another
        // task's move that was written before must not put off.
        let mut end = self.clock().now();
        for action in diary::read(path)? {
            match action {
                Action::Passed { at } => end = end.max(at),
                Action::Told { at, story } => {
                    self.clock().advance_to(at);
                    teller(self, &story).map_err(io::Error::other)?;
                }
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
        self.clock().advance_to(end);
        Ok(())
    }

    fn keep_diary(&self, diary: Option<Arc<Diary>>) {
        self.lock().diary.clone_from(&diary);
        self.clock().keep_diary(diary);
    }
}
