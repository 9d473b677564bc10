//! Whether notices can arrive: what waits, what was given up.

use super::check::{Checks, Fault, Topic};
use crate::app::buttons::{Examined, examine};
use crate::app::config::Config;
use crate::app::context::Context;
use crate::app::terminal::clean_short;
use crate::report::Destination;
use crate::report::deliver::Client;
use crate::store::{OutboxRow, OutboxState, Store};

/// One answer for each destination. `notify test` sends a message; this does not.
pub(super) async fn check(context: &Context<'_>, config: &Config, store: Option<&dyn Store>, checks: &mut Checks) {
    if config.notify.is_empty() {
        let advice = "add a [[notify]] section, or nobody hears of what is found";
        return checks.warn(Topic::Notifications, "", "no destination is configured", advice);
    }
    let rows = store.map_or_else(|| Ok(Vec::new()), |store| store.rows(None)).unwrap_or_default();
    for notify in &config.notify {
        // What cannot be read is said with the configuration.
        let Ok(destination) = notify.judged(&context.env) else { continue };
        let own = || rows.iter().filter(|row| row.draft.destination == notify.name);
        let dead = own().filter(|row| row.state == OutboxState::Dead).count();
        let failing = own().filter(|row| row.state == OutboxState::Pending && row.attempts > 0);
        let last = failing.max_by_key(|row| row.seq);
        let subject = notify.name.clone();
        if let Some(row) = last {
            let text = format!("deliveries fail: {}", why(row));
            checks.warn(Topic::Notifications, subject, text, "cattleguard notify test; cattleguard notify status");
        } else if dead > 0 {
            let text = format!("{dead} notices were given up");
            checks.warn(Topic::Notifications, subject, text, "cattleguard notify status tells which and why");
        } else {
            let delivered = own().filter(|row| row.state == OutboxState::Delivered).count();
            checks.ok(Topic::Notifications, subject, format!("its secrets can be read; {delivered} notices delivered"));
        }
        buttons(context, &destination, checks).await;
    }
}

/// Whether the buttons of a destination can work.
async fn buttons(context: &Context<'_>, destination: &Destination, checks: &mut Checks) {
    let name = destination.name.as_str();
    let client = match Client::new() {
        Ok(client) => client,
        Err(error) => return checks.fail(Topic::Notifications, name, Fault::Unavailable, error.to_string(), ""),
    };
    match examine(destination, &client, context.now()).await {
        None => {}
        Some(Examined { works: true, text, advice: None }) => checks.ok(Topic::Notifications, name, text),
        Some(Examined { works: true, text, advice: Some(advice) }) => {
            checks.warn(Topic::Notifications, name, text, advice);
        }
        Some(Examined { works: false, text, .. }) => {
            checks.warn(Topic::Notifications, name, text, "docs/OPERATIONS.md says how the Slack app is set up");
        }
    }
}

fn why(row: &OutboxRow) -> String {
    clean_short(row.last_error.as_deref().unwrap_or("no answer"), 200)
}
