//! Plain values that the stages exchange. No I/O, no async, no clock.
//!
//! A stage imports this module and nothing from a later stage, so everything that crosses a stage
//! boundary is here: what was seen ([`Snapshot`]), what should be ([`Golden`]), what differs
//! ([`Finding`]), what policy says ([`Decision`]) and what would be done ([`Plan`]).

/// Target of the spans that traces are made of; the log leaves spans out.
pub const TRACE: &str = "cattleguard::trace";

pub mod api_use;
pub mod architecture;
pub mod change;
pub mod code;
pub mod decision;
pub mod decision_record;
pub mod exception;
pub mod finding;
pub mod fleet;
pub mod golden;
pub mod ids;
pub mod instance;
pub mod inventory;
pub mod plan;
#[cfg(test)]
pub(crate) mod sample;
pub mod severity;
pub mod silence;
pub mod snapshot;
pub mod trail;

pub use api_use::{ApiOutcome, ApiUse};
pub use architecture::{architecture_of, boots_on};
pub use change::{Actor, ActorKind, Aspect, CallOutcome, Category, ChangeEvent, Directness};
pub use code::Code;
pub use decision::{Action, Decision, DecisionStatus, PolicyOutcome, PolicyResult, RuleHit, Track};
pub use decision_record::{Circumstances, DecisionRecord};
pub use exception::{Exception, TooWide};
pub use finding::{Attribution, BECAUSE_DIRECT, Caller, Finding, FindingStatus, Verdict, VerdictReason};
pub use fleet::{Enforcement, Fleet, MassDrift, Selector};
pub use golden::{Baseline, BaselineItem, Golden, GoldenImage, GoldenStatus, LaunchContract, VolumeContract};
pub use ids::*;
pub use instance::{
    AsgMembership, Instance, ManagedNode, MetadataOptions, NetworkInterface, Observed, TargetMembership, Volume,
};
pub use inventory::{InventoryContent, InventoryEntry, InventoryItem};
pub use plan::{Gate, GateAnswer, GateReport, Held, Operation, OperationKind, Plan};
pub use severity::Severity;
pub use silence::{Silence, Silenced};
pub use snapshot::{Coverage, CoverageStatus, Image, ScanMode, SetAside, Snapshot, Source, TRAIL_GAP, TrailProgress};
pub use trail::{BreakKind, Trail, TrailBreak, TrailState, TrailStatus};
