//! A scan of which nothing is kept: what would be seen, for the preflight.

use jiff::Timestamp;

use super::scan::{judged_types, load};
use crate::collect::{self, CloudRead, CollectSettings, Collection, Memory, Progress};
use crate::detect::{DetectInput, Detection, detect};
use crate::store::{Store, StoreError};
use crate::types::{Fleet, Golden, ScanId, Snapshot};

/// What a rehearsal needs beside the cloud and the store.
pub struct Rehearsal<'a> {
    /// What to collect.
    pub settings: CollectSettings,
    /// How long an exception may last.
    pub exceptions_last: std::time::Duration,
    /// Fleets.
    pub fleets: &'a [Fleet],
    /// The clock.
    pub clock: &'a (dyn Fn() -> Timestamp + Sync),
    /// Progress.
    pub progress: &'a (dyn Fn(Progress) + Sync),
}

/// What a scan would have seen.
pub struct Seen {
    /// What was read.
    pub snapshot: Snapshot,
    /// What it means.
    pub detection: Detection,
    /// Recorded goldens.
    pub goldens: Vec<Golden>,
}

impl Rehearsal<'_> {
    /// Collects and detects; the store, if there is one, is only read.
    ///
    /// # Errors
    /// State that cannot be read. Sources that cannot are coverage in the snapshot.
    pub async fn run(&self, cloud: &dyn CloudRead, store: Option<&dyn Store>) -> Result<Seen, StoreError> {
        let now = (self.clock)();
        let known = store.map(|store| load(store, self.exceptions_last, now)).transpose()?.unwrap_or_default();
        let mut memory = Memory::default();
        if let Some(store) = store {
            memory.checkpoints = store.checkpoints()?;
            memory.links = store.links()?;
            memory.objects = store.object_marks()?;
        }
        let inventory_types = judged_types(&self.settings.inventory_types, self.fleets, &known.goldens);
        let settings = CollectSettings { inventory_types, ..self.settings.clone() };
        let collection = Collection {
            cloud,
            settings: &settings,
            memory: &memory,
            known_events: &|_| std::collections::BTreeSet::new(),
            clock: self.clock,
            progress: self.progress,
        };
        let collected = collect::collect(&collection, ScanId::new("rehearsal")).await;
        let detection = detect(&DetectInput {
            snapshot: &collected.snapshot,
            goldens: &known.goldens,
            fleets: self.fleets,
            exceptions: &known.exceptions,
            known: &known.findings,
            remembered: &known.remembered,
            last_clean: &known.last_clean,
            renewed: &known.renewed,
        });
        Ok(Seen { snapshot: collected.snapshot, detection, goldens: known.goldens })
    }
}
