//! What people ask for by hand: release, rollback, resume.

use super::past;
use super::process::Process;
use super::world::Request;
use crate::remediate::{CloudWrite, OperationStatus, Requested, in_quarantine, lay_out_release};
use crate::store::{Lease, StoreError};

const BY: &str = "ops@example.com";

impl Process {
    pub(super) async fn serve_people(&self, lease: &Lease) -> Result<(), StoreError> {
        loop {
            let Some(request) = self.world.truth().requests.pop() else { return Ok(()) };
            self.serve(lease, &request).await?;
        }
    }

    async fn serve(&self, lease: &Lease, request: &Request) -> Result<(), StoreError> {
        let past = past::operations(&self.world)?;
        match request {
            Request::Release(instance) => {
                let open = past.iter().any(|record| record.instance == *instance && !record.status.is_over());
                let Some(quarantine) = in_quarantine(&past, instance).filter(|_| !open) else { return Ok(()) };
                let requested = Requested {
                    by: BY.to_owned(),
                    reasons: Vec::new(),
                    plan: None,
                    operation: None,
                    findings: Vec::new(),
                    fingerprints: Vec::new(),
                    overridden: None,
                };
                let now = self.world.now();
                let mut record = lay_out_release(self.world.new_operation(), quarantine, requested, now);
                record.facts.principal = self.cloud.principal(&self.world.place).await.ok();
                self.world.count("event", "release asked for");
                let begun = self.engine(lease).begin(record).await;
                self.told(begun)?;
            }
            Request::Rollback(id) => {
                let Some(record) = self.world.store.operation(id)? else { return Ok(()) };
                if !record.status.is_over() {
                    self.world.count("event", "rollback asked for");
                    let ended = self.engine(lease).undo_all(record, BY).await;
                    self.told(ended)?;
                }
            }
            Request::Resume(id) => {
                let Some(record) = self.world.store.operation(id)? else { return Ok(()) };
                if record.status == OperationStatus::NeedsHuman {
                    self.world.count("event", "resume asked for");
                    let ended = self.engine(lease).resume(record, BY).await;
                    self.told(ended)?;
                }
            }
        }
        Ok(())
    }
}
