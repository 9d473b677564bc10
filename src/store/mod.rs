//! State: small traits, and SQLite behind them.
//!
//! Every consumer sees only the trait it needs. One contract test suite runs against each implementation.

pub mod alerts;
pub mod anchors;
pub mod audit;
mod audit_log;
mod bundles;
pub mod contents;
#[cfg(test)]
mod contract;
pub mod counters;
pub mod decisions;
pub mod history;
mod ingested;
pub mod moves;
mod ownership;
mod presses;
pub mod retention;
pub mod sqlite;
mod supertrait;
pub mod trail;
pub mod traits;
pub mod upkeep;

pub use alerts::{Silences, Thread, Threads};
pub use anchors::{Anchored, Anchors};
pub use audit::{AuditBreak, AuditProblem};
pub use audit_log::AuditLog;
pub use bundles::{PolicyBundles, TakenBundle};
pub use contents::{CleanContent, ContentMarks, ContentMemory, ContentReport};
pub use counters::{Counter, Counters};
pub use decisions::Decisions;
pub use history::{History, Lived, OutboxCount, ScanPoint};
pub use ingested::Ingested;
pub use ownership::leave_to_the_folders_owner;
pub use presses::{Pressed, Presses};
pub use sqlite::SqliteStore;
pub use supertrait::Store;
pub use trail::{DeadLetter, LetterNames, ObjectMark, TrailMarks, TrailMemory};
pub use traits::*;
pub use upkeep::{Pruned, StateStats, TableStats, Upkeep};
