//! Stage 6: Plan -> effects. The only code that changes anything in AWS.
//!
//! An operation is data: it is laid out once, as a list of steps ([`sequence`]), from what the instance was
//! ([`BeforeImage`]) and how its fleet wants it done ([`Settings`]), and it is carried out by one engine
//! ([`Engine`]) that writes every intent into the journal before the call and asks AWS afterwards what really
//! happened. A process that is killed at any point leaves a record from which the next one goes on or goes back.

mod call;
mod journal;
pub mod permissions;
mod probe;
mod record;
mod settings;
mod status;
mod step;
mod target;

pub use call::{LaunchRequest, LaunchVolume, Tracking, WriteCall};
pub use journal::{Approval, Journal, JournalEntry, OwnCall};
pub use permissions::{Feature, OPERATION_TAG, PROBE_ACTIONS, PROTECTED_TAG, actions_for};
pub use probe::{
    AclDetail, AclEntry, AddressDetail, CloudProbe, GroupDetail, InstanceDetail, InterfaceDetail, PlacementDetail,
    RoleDetail, RootReplacement, SecurityGroupDetail, SnapshotDetail, StatusChecks, VolumeDetail,
};
pub use record::{BeforeImage, Cut, Facts, OperationRecord, Requested, StepRecord, TargetBefore};
pub use settings::{CutMode, IdentityCut, Method, Moves, Settings};
pub use status::{OperationStatus, StepState};
pub use step::{CURRENT, Condition, Does, Evidence, REPLACEMENT, REPLACEMENT_PRIMARY, Step, Who, replacement};
pub use target::{Answered, CallContext, CloudWrite, Output, SnapshotMade, WriteError, WriteFailure};
