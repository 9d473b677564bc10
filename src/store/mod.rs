//! State: small traits, and SQLite behind them.
//!
//! Every consumer sees only the trait it needs. One contract test suite runs against each implementation.

pub mod audit;
pub mod contents;
#[cfg(test)]
mod contract;
pub mod decisions;
mod ingested;
pub mod moves;
pub mod retention;
pub mod sqlite;
mod supertrait;
pub mod trail;
pub mod traits;

pub use audit::{AuditBreak, AuditProblem};
pub use contents::{CleanContent, ContentMarks, ContentMemory, ContentReport};
pub use decisions::Decisions;
pub use ingested::Ingested;
pub use sqlite::SqliteStore;
pub use supertrait::Store;
pub use trail::{DeadLetter, LetterNames, ObjectMark, TrailMarks, TrailMemory};
pub use traits::*;
