//! The on-host fingerprinter: proves that a server is still its golden image, down to one changed byte.
//!
//! ```text
//! settings ─▶ walk ─▶ entries ─▶ fingerprint ─▶ root digest
//!                        │
//!                        ├─▶ manifest (bake)      golden.cgm
//!                        └─▶ compare  (check)  ◀─ golden.cgm
//!                               │
//!                               ├─▶ text or JSON
//!                               └─▶ inventory ─▶ deliver   SSM custom inventory
//! ```
//!
//! Everything is synchronous, opens no socket and needs no credentials. Entries flow through in one order
//! (see [`path::compare`]), so neither side of a comparison is ever held as a whole. What could not be read
//! is data: it makes a result `partial`, never `identical`.
//!
//! The scanner imports [`inventory`] to read the reports this crate writes.

pub mod cli;
pub mod codec;
pub mod compare;
pub mod config;
pub mod deliver;
pub mod digest;
pub mod entry;
pub mod escape;
pub mod fingerprint;
pub mod first_boot;
pub mod inventory;
pub mod manifest;
pub mod packages;
pub mod path;
pub mod pattern;
pub mod quick;
pub mod sandbox;
pub mod settings;
pub mod sign;
pub mod state;
pub mod units;
pub mod volatile;
pub mod walk;

/// The version that reports and manifests carry.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
