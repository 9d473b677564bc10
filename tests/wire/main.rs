//! Wire tests: the real SDK adapters over HTTP against an emulator.
//!
//! The emulator is moto with an extension (`emulator/`). Each test starts its own on a free port of
//! loopback, builds a scene with SDK clients and steering calls, and reads it back through
//! [`AwsCloud`](cattleguard::aws::AwsCloud). Python 3 is needed; the first run makes the environment.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a scene that cannot be built fails the test, which is what these say"
)]

mod accounts;
mod anchors;
mod binary;
mod desk;
mod enforce;
mod failures;
mod grounds;
mod inventory;
mod logs;
mod meters;
mod operate;
mod paging;
mod placement;
mod publish;
mod reading;
mod scan;
mod scene;
mod server;
mod trail;
mod trails;
