//! An old instance that is kept after its replacement: whether it stays for longer, and whether somebody put it into traffic
//! again, although it is isolated and serves nobody.

use jiff::Timestamp;

use super::{Engine, Halt};
use crate::remediate::condition::registered_again;
use crate::remediate::record::{IN_TRAFFIC, KEPT_BEYOND};
use crate::remediate::sequence::HOLD_TAG;
use crate::remediate::{OperationRecord, OperationStatus};

impl Engine<'_> {
    /// Whether the instance stays as it is. `early`: its time is not over. What a person should know is told once, and looked
    /// at again by the next run.
    pub(super) async fn stays(&self, record: &mut OperationRecord, early: bool) -> Result<bool, Halt> {
        let note = match self.in_traffic(record).await {
            Some(reason) => Some(format!("{IN_TRAFFIC}: {reason}")),
            None if early => {
                // What was told is over. Anything else stays as it was written.
                let over = record.kept_for_a_person().is_some();
                record.facts.retain_until.filter(|_| over).map(kept_until)
            }
            None => self.held(record).await,
        };
        let stays = early || note.is_some();
        if note.is_some() && record.note != note {
            self.status(record, OperationStatus::Retaining, note)?;
        }
        Ok(stays)
    }

    /// Where nobody can tell, the step that ends it looks again.
    async fn in_traffic(&self, record: &OperationRecord) -> Option<String> {
        let group = registered_again(self.probe, record).await.ok().flatten()?;
        let old = &record.instance;
        Some(format!(
            "{old} is registered in {group} again, where it serves nobody while it is kept, and it is not ended there: \
             deregister it, or have it back with `operations rollback`"
        ))
    }

    /// Why a server whose time is over is kept: somebody's tag.
    async fn held(&self, record: &OperationRecord) -> Option<String> {
        let old = self.probe.instance(&record.place, &record.instance).await.ok().flatten()?;
        let held = old.instance.tags.contains_key(HOLD_TAG);
        held.then(|| format!("{KEPT_BEYOND}: its tag {HOLD_TAG} holds it"))
    }
}

/// What is said of one that is kept as it should be.
pub(super) fn kept_until(until: Timestamp) -> String {
    format!("kept until {}", until.strftime("%F %TZ"))
}
