//! The program itself, on trees that each test builds.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers outside test functions fail a test as test functions do"
)]

mod bad_input;
mod bake;
mod changes;
mod cli;
mod documents;
mod host;
mod quick;
mod state;
