//! What must be seen before the next step. A condition is asked again and again until it holds, can no longer hold,
//! or its time is over.

mod servers;
mod serving;
mod traffic;
pub(super) use traffic::registered_again;

use jiff::Timestamp;

use super::engine::Host;
use super::{CloudProbe, Condition, Cut, OperationRecord, Who};
use crate::collect::{CloudRead, ReadError};
use crate::types::{Digest, InstanceId};

/// What a look showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// It holds; with what became known.
    Yes(Learned),
    /// Not yet, because of this.
    NotYet(String),
    /// It cannot hold any more.
    Never(String),
}

impl Seen {
    fn when(done: bool, otherwise: impl FnOnce() -> String) -> Self {
        if done { Self::Yes(Learned::default()) } else { Self::NotYet(otherwise()) }
    }
}

/// What became known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Learned {
    pub(super) cut: Option<Cut>,
    /// The replacement serves.
    pub(super) serving: bool,
    /// The evidence bundle that could not be kept before.
    pub(super) evidence: Option<(String, Digest)>,
    /// How the replacement differs from its golden.
    pub(super) differences: Vec<String>,
}

/// Everything a condition may look at.
#[derive(Clone, Copy)]
pub(super) struct Looking<'a> {
    pub(super) read: &'a dyn CloudRead,
    pub(super) probe: &'a dyn CloudProbe,
    pub(super) host: &'a dyn Host,
    pub(super) record: &'a OperationRecord,
    pub(super) now: Timestamp,
    /// When the step that waits was begun.
    pub(super) begun: Timestamp,
}

impl Looking<'_> {
    fn id(&self, who: Who) -> Option<&InstanceId> {
        match who {
            Who::Old => Some(&self.record.instance),
            Who::New => self.record.facts.replacement.as_ref(),
        }
    }

    /// When what must be observed began: the launch of a replacement, the replacement of a root volume.
    fn since(&self) -> Timestamp {
        self.record.created_at
    }
}

/// Whether one look is not enough, because what follows takes something away and reads may be stale.
pub(super) fn needs_agreement(condition: &Condition) -> bool {
    matches!(condition, Condition::Serving | Condition::Healthy { .. } | Condition::Baked | Condition::MayTerminate)
}

/// Looks once.
pub(super) async fn look(looking: &Looking<'_>, condition: &Condition) -> Result<Seen, ReadError> {
    match condition {
        Condition::StatusOk { .. }
        | Condition::Stopped { .. }
        | Condition::Terminated { .. }
        | Condition::Online { .. }
        | Condition::Attested { .. }
        | Condition::VolumeFree { .. }
        | Condition::RootReplaced => servers::look(looking, condition).await,
        Condition::Healthy { .. }
        | Condition::Drained { .. }
        | Condition::InGroup { .. }
        | Condition::ScaledIn { .. } => traffic::look(looking, condition).await,
        Condition::Serving | Condition::Baked | Condition::MayTerminate | Condition::CutVerified => {
            serving::look(looking, condition).await
        }
        Condition::Settled { seconds } => {
            let passed = looking.now.duration_since(looking.begun).as_secs();
            let wanted = i64::try_from(*seconds).unwrap_or(i64::MAX);
            Ok(Seen::when(passed >= wanted, || format!("{} s of {wanted} s have passed", passed.max(0))))
        }
    }
}
