//! Whether the quick way through a log and the plain one agree: for tests and for fuzzing.

use std::collections::BTreeMap;

use super::classify::{Classified, IgnoredReason};
use super::dir::DirStats;
use super::log::{LogReader, Sink, plain};
use super::own::ClassifyContext;

/// What a reading came to, to be compared.
#[derive(Clone, Debug, Default, PartialEq)]
struct Seen {
    found: Vec<Classified>,
    ignored: BTreeMap<IgnoredReason, u64>,
    stats: DirStats,
    /// How it was before what is on trial.
    before: Option<Box<Self>>,
}

impl Sink for Seen {
    fn found(&mut self, classified: Classified) {
        self.found.push(classified);
    }

    fn ignored(&mut self, reason: IgnoredReason, count: u64) {
        *self.ignored.entry(reason).or_default() += count;
    }

    fn on_trial(&mut self) {
        self.before = Some(Box::new(self.clone()));
    }

    fn decide(&mut self, stays: bool) {
        if let Some(before) = self.before.take().filter(|_| !stays) {
            *self = *before;
        }
    }
}

/// Reads a log, given as it is stored, in both ways. They have to come to the same; where something is broken, at
/// least up to there: the inside of a record that is passed over is not checked, so a mistake in it may go unnoticed.
///
/// # Errors
/// Both readings, when they differ.
pub fn agree(stored: &[u8]) -> Result<(), String> {
    let context = ClassifyContext::default();
    let (mut slow, mut quick) = (Seen::default(), Seen::default());
    slow.stats = plain(stored, "log", &context, &mut slow);
    quick.stats = LogReader::default().bytes(stored, "log", &context, &mut quick);
    let broken = slow.found.iter().position(|found| matches!(found, Classified::SetAside(_)));
    let is_equal = match broken {
        None => quick == slow,
        Some(first) => quick.found.starts_with(slow.found.get(..first).unwrap_or_default()),
    };
    if is_equal { Ok(()) } else { Err(format!("plainly {slow:#?}\nquickly {quick:#?}")) }
}
