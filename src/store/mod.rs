//! State: small traits, and SQLite behind them.
//!
//! Every consumer sees only the trait it needs. One contract test suite runs against each implementation.

pub mod audit;
#[cfg(test)]
mod contract;
pub mod retention;
pub mod sqlite;
pub mod traits;

pub use audit::{AuditBreak, AuditProblem};
pub use sqlite::SqliteStore;
pub use traits::*;
