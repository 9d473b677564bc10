//! A simulated AWS account, for tests, benchmarks and `cattleguard-sim`.
//!
//! [`FakeCloud`] keeps the state of several account-regions, answers as the real services do (pages, opaque
//! tokens, eventual consistency, late CloudTrail events) and records a CloudTrail event for whatever is done to
//! it. [`FailingCloud`] makes any [`CloudRead`](crate::collect::CloudRead) fail in a chosen way.
//! [`FleetBuilder`] fills a cloud with servers that equal their golden; [`scenario`] tells the demo's story.
//! Time is a [`VirtualClock`] and all ids are derived from a seed, so a run can be repeated exactly. Simulated
//! accounts are `00000000000x`, never a real one.

mod account_log;
mod actor;
mod api;
mod attributes;
mod clock;
mod cloud;
mod content;
mod delayed;
mod diary;
pub mod digests;
mod error;
mod failing;
mod failing_logs;
mod failing_read;
mod faulty;
mod fleet;
mod fleet_build;
mod ground;
mod groups;
mod heal;
pub mod histories;
mod ids;
mod later;
mod launch;
mod logs;
mod mutate;
mod packages;
mod power;
mod probe;
mod publish;
mod random;
mod read;
mod redact;
mod rewire;
pub mod scenario;
mod server;
mod settings;
mod sim_world;
mod state;
mod trail;
mod vault;
mod write;

pub use account_log::{AccountEntry, By, Change, Scene, SeenOperation, ServerScene};
pub use actor::SimActor;
pub use clock::VirtualClock;
pub use cloud::{AccountForm, FakeCloud, GroupForm, GroupSpec, ServerForm};
pub use error::SimError;
pub use failing::{FailRule, FailingCloud, Fault, When};
pub use faulty::{FaultRates, Faults, FaultyCloud, KILLED, Killed, ReadFault, WriteFault};
pub use fleet::{FleetBuilder, SimFleet, SimGroup};
pub use ground::RootFailure;
pub use launch::{LaunchSpec, LaunchVolume};
pub use mutate::{CommandTarget, TRAIL_KEY};
pub use publish::Published;
pub use random::Dice;
pub use redact::{Redactor, redact};
pub use settings::{PageSizes, SimSettings};
pub use sim_world::SimWorld;

#[cfg(test)]
mod tests;
