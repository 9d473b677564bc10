//! `daemon`: scans on the configured schedule, carries plans out where the mode allows it, and delivers notices, until
//! it is told to stop.

mod round;
mod rounds;

use std::time::Duration;

use crate::app::buttons;
use crate::app::context::Context;
use crate::app::enforce::Desk;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::pipeline::Service;
use crate::app::shutdown::Shutdown;
use crate::app::systemd::notify;
use crate::collect::CloudRead;
use crate::types::Enforcement;

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
    context.runtime()?.block_on(async {
        let shutdown = super::enforce::shutdown()?;
        start(context, service, &shutdown).await
    })
}

/// Opens what the mode needs: where nothing may be enforced, nothing that could is made.
async fn start(context: &Context<'_>, service: Service<'_>, shutdown: &Shutdown) -> Result<Exit, AppError> {
    if service.config.mode == Enforcement::Observe {
        let cloud = context.backend.connect(&service.config).await?;
        let daemon = Daemon { context, service: &service, cloud: cloud.as_ref(), desk: None, shutdown };
        return Ok(daemon.serve().await);
    }
    let desk = Desk::open(context, service, "daemon").await?;
    let cloud = desk.cloud.as_ref();
    let daemon = Daemon { context, service: &desk.service, cloud, desk: Some(&desk), shutdown };
    Ok(daemon.serve().await)
}

/// A running daemon.
#[derive(Clone, Copy)]
struct Daemon<'a> {
    context: &'a Context<'a>,
    service: &'a Service<'a>,
    cloud: &'a dyn CloudRead,
    /// With it, plans are carried out.
    desk: Option<&'a Desk<'a>>,
    shutdown: &'a Shutdown,
}

impl Daemon<'_> {
    /// Works until the end is asked for. A scan that is cut off has committed nothing; the next one reads the same
    /// window again. Scanning, enforcing and delivering go on side by side: none waits for another.
    async fn serve(&self) -> Exit {
        notify(sd_notify::NotifyState::Ready);
        let config = &self.service.config;
        tracing::info!(
            places = self.service.places.len(), fleets = config.fleets.len(), mode = %config.mode, "daemon started"
        );
        // Both end when that is asked for; answers to presses are finished.
        let work = async { tokio::join!(self.rounds(), self.presses()).0 };
        let exit = tokio::select! {
            exit = work => exit,
            () = deliveries(self.context, self.service) => Exit::Bug,
            () = watchdog() => Exit::Bug,
        };
        tracing::info!(exit.code = exit.code(), "daemon stopped; what was not delivered stays in the outbox");
        exit
    }

    /// Listens to Slack where a destination has buttons and wants that.
    async fn presses(&self) {
        if let Some(buttons) = &self.service.buttons {
            buttons::listen(buttons, self.context.backend, self.shutdown).await;
        }
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
        tokio::select! {
            () = context.backend.sleep(until_due(context, service)) => {}
            () = pressed(service) => {}
        }
    }
}

/// Until somebody pressed a button whose news need not wait.
async fn pressed(service: &Service<'_>) {
    match &service.buttons {
        Some(buttons) => buttons.due.notified().await,
        None => std::future::pending().await,
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

#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;
