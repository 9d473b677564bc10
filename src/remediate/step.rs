//! One step of an operation, as data: what it does, how to undo it, and what must be seen before the next one.
//!
//! A step makes at most one call, so that a crash is always between two calls. Whether a call's effect is in place
//! is asked of AWS (the done-probe belongs to the call, see `effect`), never concluded from the journal.

use serde::{Deserialize, Serialize};

use super::WriteCall;
use crate::types::{InstanceId, VolumeId};

/// Stands for the replacement's id where it is not known yet.
pub const REPLACEMENT: &str = "replacement";
/// Stands for an interface of the replacement by device index 0.
pub const REPLACEMENT_PRIMARY: &str = "replacement-primary";
/// Stands for the primary private address of the replacement.
pub const REPLACEMENT_ADDRESS: &str = "replacement-address";
/// Stands for an association or attachment id that must be looked up when the call is made.
pub const CURRENT: &str = "current";

/// Which of the two instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Who {
    /// The one the operation is about.
    Old,
    /// Its replacement.
    New,
}

/// What must be seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "condition", rename_all = "kebab-case")]
pub enum Condition {
    /// It runs and every status check passed.
    StatusOk {
        /// Which.
        who: Who,
    },
    /// It is stopped.
    Stopped {
        /// Which.
        who: Who,
    },
    /// It is terminated or unknown to EC2.
    Terminated {
        /// Which.
        who: Who,
    },
    /// SSM reports it online, with a heartbeat after its launch.
    Online {
        /// Which.
        who: Who,
    },
    /// Fresh observation of it equals the golden: no difference, no gap. A difference fails the operation.
    Attested {
        /// Which.
        who: Who,
    },
    /// A target is healthy, twice in a row.
    Healthy {
        /// ARN of the target group.
        group: String,
        /// Target, [`REPLACEMENT`] included.
        target: String,
        /// Port.
        port: Option<i32>,
    },
    /// A target is gone from its group, or unused.
    Drained {
        /// ARN of the target group.
        group: String,
        /// Target.
        target: String,
        /// Port.
        port: Option<i32>,
    },
    /// A member of a group is in this lifecycle state; `None`: it is no member any more.
    InGroup {
        /// Group.
        group: String,
        /// Which.
        who: Who,
        /// `InService`, `Standby`, …
        state: Option<String>,
    },
    /// The replacement serves: running, checks passed, healthy wherever the old one was registered. Seen twice, at
    /// least three seconds apart. Guards every step that takes something away from the old instance.
    Serving,
    /// The replacement has been serving for the bake time with every alarm quiet.
    Baked,
    /// A volume is attached to nothing.
    VolumeFree {
        /// Volume.
        volume: VolumeId,
    },
    /// The last root volume replacement succeeded.
    RootReplaced,
    /// Every interface is isolated, those attached meanwhile included; says whether the cut is proven.
    CutVerified,
    /// Nothing forbids ending the old instance: no hold tag, its snapshots are complete, the replacement serves.
    MayTerminate,
    /// A group has had the time to end what it has too many, where this operation lowered its desired capacity; at once
    /// where it did not.
    ScaledIn {
        /// Group.
        group: String,
    },
    /// A time has passed since the step began, in seconds: AWS shows no sign of when it takes effect.
    Settled {
        /// How long.
        seconds: u64,
    },
}

/// What is gathered without changing anything in AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// Console output.
    Console,
    /// The bundle: instance, findings, events, snapshots, console output, operation; with a digest each.
    Bundle,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Does {
    /// Makes a call.
    Call(WriteCall),
    /// Waits until something is seen.
    Wait(Condition),
    /// Gathers evidence.
    Collect(Evidence),
    /// Nothing: it only stands where its undoing has to come in the order of undoing.
    Nothing,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Kebab-case name, e.g. `isolate-interface`; what fail points and journals name.
    pub name: String,
    /// What it is about: an interface, a target group; empty when the instance is.
    pub subject: String,
    /// What it does.
    pub does: Does,
    /// The calls that undo it, in order; none: nothing to undo, or it stays as evidence.
    pub undo: Vec<WriteCall>,
    /// What must be seen after undoing it, before the next step is undone.
    pub undo_wait: Option<Condition>,
    /// Part of a containment: an operation that fails later leaves it in place, only a person undoes it.
    pub contains: bool,
    /// Longest time from intent to effect, in seconds.
    pub timeout_s: u64,
    /// A failure of it is noted and does not stop the operation.
    pub optional: bool,
    /// Begins the part that waits until the retention is over.
    pub after_retention: bool,
}

impl Step {
    /// A step that makes a call.
    pub fn call(name: &str, subject: impl Into<String>, call: WriteCall) -> Self {
        Self::new(name, subject, Does::Call(call))
    }

    /// A step that waits.
    pub fn wait(name: &str, subject: impl Into<String>, condition: Condition, timeout_s: u64) -> Self {
        Self { timeout_s, ..Self::new(name, subject, Does::Wait(condition)) }
    }

    /// A step that gathers evidence.
    pub fn collect(name: &str, evidence: Evidence) -> Self {
        Self { optional: true, ..Self::new(name, "", Does::Collect(evidence)) }
    }

    /// A step that does nothing going forward.
    pub fn nothing(name: &str, subject: impl Into<String>) -> Self {
        Self::new(name, subject, Does::Nothing)
    }

    fn new(name: &str, subject: impl Into<String>, does: Does) -> Self {
        Self {
            name: name.to_owned(),
            subject: subject.into(),
            does,
            undo: Vec::new(),
            undo_wait: None,
            contains: false,
            timeout_s: 300,
            optional: false,
            after_retention: false,
        }
    }

    /// With a call that undoes it, after those given before.
    #[must_use]
    pub fn undone_by(mut self, call: WriteCall) -> Self {
        self.undo.push(call);
        self
    }

    /// Left in place when the operation fails later.
    #[must_use]
    pub fn containing(mut self) -> Self {
        self.contains = true;
        self
    }

    /// With what must be seen after undoing it.
    #[must_use]
    pub fn then_seen(mut self, condition: Condition) -> Self {
        self.undo_wait = Some(condition);
        self
    }

    /// With another time limit.
    #[must_use]
    pub fn within(mut self, seconds: u64) -> Self {
        self.timeout_s = seconds;
        self
    }

    /// A failure is noted only.
    #[must_use]
    pub fn if_possible(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Done when the retention is over.
    #[must_use]
    pub fn after_retention(mut self) -> Self {
        self.after_retention = true;
        self
    }
}

/// The stand-in for the replacement.
pub fn replacement() -> InstanceId {
    InstanceId::new(REPLACEMENT)
}
