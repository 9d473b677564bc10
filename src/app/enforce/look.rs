//! A scan whose plan may be carried out: under the lease of enforcement, after what a dead process left behind.

use super::Outcomes;
use super::desk::Desk;
use super::session::Session;
use crate::app::error::AppError;
use crate::app::pipeline::{Held, ScanOutcome, Wish};
use crate::app::progress::Progress;
use crate::app::shutdown::Shutdown;
use crate::types::OperationKind;

/// What came of looking.
pub(in crate::app) struct Looked {
    /// How the operations went that were not over.
    pub(in crate::app) recovered: Outcomes,
    /// The scan; `None` when it was cut off by the end of the process.
    pub(in crate::app) scanned: Option<ScanOutcome>,
}

impl Desk<'_> {
    /// Goes on with what is not over, then scans for a plan that may be carried out while the lease is held. Before a
    /// person's containment of a server only with what is about that server.
    ///
    /// # Errors
    /// The state; whatever fails a scan.
    pub(in crate::app) async fn look(
        &self,
        session: &Session<'_>,
        held: &Held<'_>,
        progress: &Progress,
        wish: Option<&Wish>,
        shutdown: &Shutdown,
    ) -> Result<Looked, AppError> {
        let recovered = match wish.filter(|wish| wish.kind == OperationKind::Quarantine) {
            Some(wish) => session.recover_of(&wish.instance).await?,
            None => session.recover().await?,
        };
        let asked = self.asked(wish.map(|wish| wish.kind)).await;
        let scan = held.renewing(self.service.scan_with(self.cloud.as_ref(), progress, &asked, wish));
        let scanned = tokio::select! {
            scanned = scan => Some(scanned??),
            // Nothing was committed: the next scan reads the same window.
            _ = shutdown.wait() => None,
        };
        progress.finish();
        Ok(Looked { recovered, scanned })
    }
}
