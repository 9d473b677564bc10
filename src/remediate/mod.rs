//! Stage 6: Plan -> effects. The only code that changes anything in AWS.
//!
//! An operation is data: it is laid out once, as a list of steps (`sequence`), from what the instance was
//! ([`BeforeImage`]) and how its fleet wants it done ([`Settings`]), and it is carried out by one engine
//! ([`Engine`]) that writes every intent into the journal before the call and asks AWS afterwards what really
//! happened. A process that is killed at any point leaves a record from which the next one goes on or goes back.

mod attest;
mod call;
mod capture;
mod condition;
mod deny;
mod effect;
mod engine;
mod evidence;
mod failpoint;
mod journal;
mod kill_switch;
mod launch;
mod layout;
mod lineage;
mod moving;
pub mod permissions;
mod prepare;
mod probe;
mod record;
mod refuse;
mod resolve;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod samples;
mod sequence;
mod settings;
mod status;
mod step;
mod target;
mod token;

pub use attest::{AttestRequest, Attestation, attest, captures_after};
pub use call::{LaunchRequest, LaunchVolume, Tracking, WriteCall};
pub use capture::{CaptureRequest, capture};
pub use deny::{role_denial, session_denial};
pub use engine::{Attested, Engine, Flow, Halt, Host, Moment};
pub use evidence::{BundleParts, EvidenceError, EvidenceStore};
#[cfg(feature = "testing")]
pub use failpoint::{FailPoint, KillAt};
pub use failpoint::{Hooks, NoHooks};
pub use journal::{Approval, Journal, JournalEntry, OwnCall};
pub use kill_switch::{KillSwitch, Pulled};
pub use launch::{UserDataSources, image_in, launch_request, user_data_for};
pub use layout::{Begin, lay_out, lay_out_release};
pub use lineage::{in_quarantine, led_to, next_generation, quarantined_by};
pub use moving::{Moving, data_volumes, secondary_interfaces};
pub use permissions::{Feature, OPERATION_TAG, PROBE_ACTIONS, PROTECTED_TAG, actions_for};
pub use prepare::{Prepare, prepare};
pub use probe::{
    AclDetail, AclEntry, AddressDetail, CloudProbe, GroupDetail, InstanceDetail, InterfaceDetail, PlacementDetail,
    RoleDetail, RootReplacement, SecurityGroupDetail, SnapshotDetail, StatusChecks, VolumeDetail,
};
pub use record::{BeforeImage, Cut, Facts, OperationRecord, Requested, StepRecord, TargetBefore, kept};
pub use refuse::{Readings, Refusal, refusals, refusals_in_quarantine};
use sequence::take_away_what_outlives;
pub use sequence::{HOLD_TAG, REPLACES_TAG, STATE_TAG};
pub use settings::{CutMode, IdentityCut, Method, Moves, Settings};
pub use status::{OperationStatus, StepState};
pub use step::{
    CURRENT, Condition, Does, Evidence, REPLACEMENT, REPLACEMENT_ADDRESS, REPLACEMENT_PRIMARY, Step, Who, replacement,
};
pub use target::{Answered, CallContext, CloudWrite, Output, SnapshotMade, WriteError, WriteFailure};
pub use token::client_token;
