//! The preflight: everything that a scan and enforcement need, looked at without changing anything.
//!
//! What can be tried is tried: every call of a scan is made, and what it saw is judged but not kept. What cannot be
//! tried without effect (the changing calls) IAM is asked about.

mod anchor;
mod check;
mod enforcement;
mod goldens;
mod local;
mod notifications;
mod sight;
mod trail;

pub(in crate::app) use check::{Check, Fault, Health};

use check::{Checks, Topic};

use super::config::Loaded;
use super::context::Context;
use super::error::AppError;
use super::pipeline::Rehearsal;
use super::progress::Progress;
use crate::collect::TrailSource;
use crate::store::{SqliteStore, Store};

/// Looks at everything.
pub(in crate::app) async fn examine(context: &Context<'_>, loaded: &Loaded, progress: &Progress) -> Vec<Check> {
    let mut checks = Checks::default();
    let config = &loaded.config;
    local::configuration(context, loaded, &mut checks);
    let store = local::state(context, config, &mut checks);
    local::policies(context, config, &mut checks);
    notifications::check(context, config, store.as_deref(), &mut checks).await;
    progress.tell("asking AWS who we are");
    local::clock(context, config, &mut checks).await;
    let cloud = match context.backend.connect(config).await {
        Ok(cloud) => cloud,
        Err(error) => {
            refused(Topic::Identity, "", &error, &mut checks);
            return checks.sorted();
        }
    };
    sight::identity(cloud.as_ref(), config, &mut checks).await;
    anchor::check(context, config, store.as_deref(), &mut checks).await;
    // Receiving a message hides it from the scans: a queue is asked how full it is instead.
    let mut settings = config.collect_settings(config.places());
    settings.trail.retain(|source| !matches!(source, TrailSource::Sqs(_)));
    let clock = || context.now();
    let show = |_| progress.tell("making every call of a scan");
    let rehearsal = Rehearsal {
        settings,
        exceptions_last: config.exceptions.max_duration,
        fleets: &config.fleets,
        clock: &clock,
        progress: &show,
    };
    let seen = rehearsal.run(cloud.as_ref(), store.as_deref()).await;
    match &seen {
        Ok(seen) => {
            sight::reading(seen, &mut checks);
            sight::inventory(seen, config, &mut checks);
            trail::check(seen, context.now(), &mut checks);
            if store.is_none() && config.state.path.exists() {
                goldens::not_looked_at(config, &mut checks);
            } else {
                goldens::check(seen, config, &mut checks);
            }
        }
        Err(error) => checks.fail(Topic::State, "", Fault::Unavailable, error.to_string(), ""),
    }
    trail::queues(cloud.as_ref(), config, &mut checks).await;
    progress.tell("asking IAM what enforcement may do");
    enforcement::check(context, config, store.as_deref(), seen.ok().as_ref(), &mut checks).await;
    checks.sorted()
}

/// An error of the application, as an answer.
fn refused(topic: Topic, subject: &str, error: &AppError, checks: &mut Checks) {
    let fault = match error.exit() {
        super::exit::Exit::Permission => Fault::Permission,
        super::exit::Exit::Config => Fault::Config,
        _ => Fault::Unavailable,
    };
    checks.fail(topic, subject, fault, error.message(), error.hint().unwrap_or_default());
}

/// The state for reading, when there is one.
type State = std::sync::Arc<dyn Store>;

/// The version of SQLite in use, e.g. `3.51.3`.
fn sqlite_version() -> &'static str {
    SqliteStore::library_version()
}
