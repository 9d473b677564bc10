//! Every example in the documents is executed: what a reader copies must work.
//!
//! A fenced block is of a kind ([`kinds`]) or the test fails. Shell blocks run in a real shell in which `cattleguard` is
//! the built program over simulated accounts; programs that no test can have are stubs that are named with the reason
//! ([`stubs`]). Configurations are loaded, unit files verified by systemd, printed output compared with what is printed.
//! `agent/tests/it/documents.rs` runs the agent's commands, `src/app/commands/tests/guide.rs` the policy guide.

mod blocks;
mod configurations;
mod inline;
mod kinds;
mod names;
mod printed;
mod programs;
mod scenes;
mod shell;
mod stubs;
mod units;
mod world;
