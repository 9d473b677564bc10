//! State: small traits, and SQLite behind them.
//!
//! Every consumer sees only the trait it needs. One contract test suite runs against each implementation.

pub mod traits;

pub use traits::*;
