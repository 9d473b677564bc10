//! `daemon`: scans on the configured schedule and delivers notices until it is told to stop.

use std::time::Duration;

use jiff::Timestamp;

use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::pipeline::Service;
use crate::app::shutdown::Shutdown;
use crate::collect::CloudRead;

/// Deliveries are looked at this often, unless a row is due sooner.
const DELIVER_EVERY: Duration = Duration::from_secs(15);

/// However much is due, receivers and the state get this much rest.
const DELIVER_AT_MOST_EVERY: Duration = Duration::from_secs(1);

/// Runs until SIGTERM or SIGINT.
///
/// # Errors
/// What keeps it from starting. A scan that fails later is logged, and the next one is tried on schedule.
pub(super) fn run(context: &Context<'_>) -> Result<Exit, AppError> {
    let loaded = context.load(Vec::new())?;
    let service = Service::prepare(context, loaded.config, "daemon")?;
    let runtime = context.runtime()?;
    runtime.block_on(async {
        let shutdown = Shutdown::install()
            .map_err(|error| AppError::failed(format!("signal handlers cannot be installed: {error}")))?;
        let cloud = context.backend.connect(&service.config).await?;
        Ok(serve(context, &service, cloud.as_ref(), &shutdown).await)
    })
}

/// Works until the end is asked for. A scan that is cut off has committed nothing; the next one reads the same
/// window again.
async fn serve(context: &Context<'_>, service: &Service<'_>, cloud: &dyn CloudRead, shutdown: &Shutdown) -> Exit {
    notify(sd_notify::NotifyState::Ready);
    tracing::info!(places = service.places.len(), fleets = service.config.fleets.len(), "daemon started");
    let exit = tokio::select! {
        exit = shutdown.wait() => exit,
        () = work(context, service, cloud) => Exit::Bug,
    };
    notify(sd_notify::NotifyState::Stopping);
    tracing::info!(exit.code = exit.code(), "daemon stopped; what was not delivered stays in the outbox");
    exit
}

/// Scanning and delivering go on side by side: a slow receiver never delays a scan.
async fn work(context: &Context<'_>, service: &Service<'_>, cloud: &dyn CloudRead) {
    tokio::join!(scans(context, service, cloud), deliveries(context, service), watchdog());
}

async fn scans(context: &Context<'_>, service: &Service<'_>, cloud: &dyn CloudRead) {
    if !service.config.schedule.on_start {
        wait_for_next(context, service).await;
    }
    loop {
        let progress = context.progress();
        match service.scan(cloud, &progress).await {
            Ok(outcome) => {
                let totals = outcome.report.totals;
                tracing::info!(
                    scan.id = %outcome.report.scan_id, clean = totals.clean, drifted = totals.drifted,
                    unjudged = totals.unjudged, notices = outcome.notices, "scan committed"
                );
            }
            Err(error) => tracing::error!(error = %error.message(), "scan failed; the next one is on schedule"),
        }
        progress.finish();
        wait_for_next(context, service).await;
    }
}

async fn wait_for_next(context: &Context<'_>, service: &Service<'_>) {
    let Some(next) = service.config.schedule.next_after(context.now()) else {
        tracing::error!("the schedule names no further time; nothing is scanned any more");
        return std::future::pending().await;
    };
    tracing::info!(next = %next, "waiting for the next scan");
    wait_until(context, next).await;
}

/// Waits in steps: a suspended or corrected clock is noticed within a minute.
async fn wait_until(context: &Context<'_>, next: Timestamp) {
    loop {
        let left = next.duration_since(context.now());
        let Ok(left) = Duration::try_from(left) else { return };
        if left.is_zero() {
            return;
        }
        context.backend.sleep(left.min(Duration::from_secs(60))).await;
    }
}

async fn deliveries(context: &Context<'_>, service: &Service<'_>) {
    loop {
        let summary = service.deliver().await;
        if summary.delivered + summary.retried + summary.dead > 0 {
            tracing::info!(
                delivered = summary.delivered,
                retried = summary.retried,
                dead = summary.dead,
                "notices worked off"
            );
        }
        context.backend.sleep(until_due(context, service)).await;
    }
}

/// Until the next row is due, within bounds: a row that was just tried must not make this spin.
fn until_due(context: &Context<'_>, service: &Service<'_>) -> Duration {
    let due = service.store.next_due().ok().flatten().map(|due| due.duration_since(context.now()));
    let left = due.map_or(DELIVER_EVERY, |left| Duration::try_from(left).unwrap_or_default());
    left.clamp(DELIVER_AT_MOST_EVERY, DELIVER_EVERY)
}

/// Tells systemd that the loop lives, at half the interval that the unit asks for. That is real time, whatever the
/// backend's clock says.
async fn watchdog() {
    let Some(interval) = sd_notify::watchdog_enabled() else { return std::future::pending().await };
    loop {
        notify(sd_notify::NotifyState::Watchdog);
        tokio::time::sleep(interval / 2).await;
    }
}

/// Without systemd there is nobody to tell; that is no error.
fn notify(state: sd_notify::NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::debug!(error = %error, "systemd could not be told");
    }
}

#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;
