//! When what is done: a round at a time, a scan on every scheduled time.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::Daemon;
use super::round::Went;
use crate::app::exit::Exit;
use crate::app::pipeline::Held;
use crate::app::systemd::notify;

/// After operations came to rest the next look need not wait for the schedule, but for this long after the last.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(60);

/// Operations that are asked to stop do so between two calls. One that takes longer is cut off, as by a crash: the
/// journal has it. systemd waits 90 seconds by default before it kills.
const GRACE: Duration = Duration::from_secs(30);

/// A round that goes on beside the schedule.
type Running<'f> = Option<Pin<Box<dyn Future<Output = Went> + 'f>>>;

impl Daemon<'_> {
    /// Scans and enforces until the end is asked for.
    pub(super) async fn rounds(&self) -> Exit {
        let exit = self.shutdown.wait();
        tokio::pin!(exit);
        let mut running: Running<'_> = None;
        let exit = tokio::select! {
            exit = &mut exit => exit,
            () = self.forever(&mut running) => Exit::Bug,
        };
        notify(sd_notify::NotifyState::Stopping);
        if let Some(running) = running
            && tokio::time::timeout(GRACE, running).await.is_err()
        {
            tracing::warn!("an operation did not stop in time; the next start goes on with it");
        }
        exit
    }

    async fn forever<'f>(&'f self, running: &mut Running<'f>) {
        // What a dead process left behind comes before anything new is looked at. It is a round, too: the end waits for it.
        *running = Some(Box::pin(self.recover()));
        let recovered = alongside(running, std::future::pending::<()>()).await.err();
        if recovered.is_some_and(|went| went.elsewhere) {
            // One that died a moment ago still seems to work, for as long as its lease lasts.
            self.wait_until(self.context.now().checked_add(Held::LASTS).unwrap_or(Timestamp::MAX)).await;
            *running = Some(Box::pin(self.recover()));
            let _ = alongside(running, std::future::pending::<()>()).await;
        }
        if !self.service.config.schedule.on_start {
            self.wait(running, None).await;
        }
        loop {
            let began = self.context.now();
            let went = if self.desk.is_some() && running.is_none() {
                let (looked, seen) = tokio::sync::oneshot::channel();
                *running = Some(Box::pin(self.round(looked)));
                // The schedule goes on as soon as it has looked; until then nothing else is to be done.
                let went = alongside(running, seen).await.err();
                if went.is_some_and(|went| went.elsewhere) {
                    tracing::warn!("another process enforces: this one only looks");
                    self.scan().await;
                }
                went
            } else {
                beside(running, self.scan()).await
            };
            let soon = went.filter(|went| went.ended).and_then(|_| began.checked_add(AGAIN_AFTER).ok());
            self.wait(running, soon).await;
        }
    }

    /// One scan that only looks.
    pub(super) async fn scan(&self) {
        let progress = self.context.progress();
        if let Err(error) = self.service.scan(self.cloud, &progress).await {
            tracing::error!(error = %error.message(), "scan failed; the next one is on schedule");
        }
        progress.finish();
    }

    /// Waits for the next scheduled time, or for `soon` when that comes first, or until shortly after a running round
    /// has ended with something done.
    async fn wait(&self, running: &mut Running<'_>, soon: Option<Timestamp>) {
        let Some(scheduled) = self.service.config.schedule.next_after(self.context.now()) else {
            tracing::error!("the schedule names no further time; nothing is scanned any more");
            return std::future::pending().await;
        };
        let mut next = soon.map_or(scheduled, |soon| soon.min(scheduled));
        loop {
            tracing::info!(next = %next, "waiting for the next scan");
            match alongside(running, self.wait_until(next)).await {
                Ok(()) => return,
                Err(Went { ended: true, .. }) => {
                    let soon = self.context.now().checked_add(AGAIN_AFTER).unwrap_or(Timestamp::MAX);
                    next = next.min(soon);
                }
                Err(_) => {}
            }
        }
    }

    /// Waits in steps: a suspended or corrected clock is noticed within a minute.
    async fn wait_until(&self, next: Timestamp) {
        loop {
            let left = next.duration_since(self.context.now());
            let Ok(left) = Duration::try_from(left) else { return };
            if left.is_zero() {
                return;
            }
            self.context.backend.sleep(left.min(Duration::from_secs(60))).await;
        }
    }
}

/// Waits while a round goes on. `Err` when the round ended first: what was waited for is dropped.
async fn alongside<T>(running: &mut Running<'_>, waiting: impl Future<Output = T>) -> Result<T, Went> {
    let Some(round) = running else { return Ok(waiting.await) };
    let went = tokio::select! {
        // Both may be ready: what was looked at comes before what came of it.
        biased;
        done = waiting => return Ok(done),
        went = round => went,
    };
    *running = None;
    Err(went)
}

/// Does some work to its end while a round goes on, and says how the round went if it ended meanwhile.
async fn beside(running: &mut Running<'_>, work: impl Future<Output = ()>) -> Option<Went> {
    tokio::pin!(work);
    let went = alongside(running, &mut work).await.err()?;
    work.await;
    Some(went)
}
