//! State: small traits, and SQLite behind them.
//!
//! Every consumer sees only the trait it needs. One contract test suite runs against each implementation.

pub mod audit;
#[cfg(test)]
mod contract;
mod ingested;
pub mod moves;
pub mod retention;
pub mod sqlite;
mod supertrait;
pub mod traits;

pub use audit::{AuditBreak, AuditProblem};
pub use ingested::Ingested;
pub use sqlite::SqliteStore;
pub use supertrait::Store;
pub use traits::*;
