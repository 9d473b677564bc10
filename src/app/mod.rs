//! app.
#![expect(missing_docs, reason = "wip")]
pub mod config;
pub mod diag;
pub mod error;
pub mod exit;
pub mod terminal;
