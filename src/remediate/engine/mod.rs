//! The engine: carries operations out, step by step, forward or back, and never further than the journal knows.
//!
//! Each step: look whether it is done (after a crash), ask the kill switch, write the intent with the full call,
//! call, write the answer, and look until AWS shows the effect. A process that dies between any two of these leaves a
//! record with which the next one goes on.

mod acl;
mod backward;
mod capacity;
mod drive;
mod forward;
mod gone;
mod guard;
mod host;
mod kept;
mod mutate;
mod needed;
mod order;
mod wait;
mod write;

pub use host::{Attested, Flow, Halt, Host, Moment};

use super::{CloudProbe, CloudWrite, Journal};
use crate::collect::CloudRead;
use crate::store::Lease;

/// Carries operations out.
#[derive(Clone, Copy)]
pub struct Engine<'a> {
    /// What a scan reads.
    pub read: &'a dyn CloudRead,
    /// What steps look at.
    pub probe: &'a dyn CloudProbe,
    /// What changes things.
    pub write: &'a dyn CloudWrite,
    /// The journal.
    pub journal: &'a (dyn Journal + Sync),
    /// The lease under which the journal is written.
    pub lease: &'a Lease,
    /// Everything else of the outside world.
    pub host: &'a dyn Host,
}
