//! Buttons in Slack threads: from what Slack tells of a press to what is done, and back to whoever pressed.
//!
//! ```text
//!  serve: POST /slack/actions ──┐
//!                               ├─▶ press ▶ judge ▶ act (the commands' own functions, audit log) ▶ answer, edit
//!  daemon: Socket Mode ─────────┘
//! ```

mod act;
mod examine;
#[cfg(test)]
#[cfg(feature = "testing")]
pub(in crate::app) mod fake;
mod socket;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Notify;

pub(in crate::app) use examine::{Examined, examine};
pub(in crate::app) use socket::listen;

use super::backend::Clock;
use super::config::Config;
use crate::report::Destination;
use crate::report::deliver::slack_desk::{Desk, Seen};
use crate::report::deliver::{Client, Standing, show_approvals, show_pressed};
use crate::report::press::{Act, Button, Press, PressWay, Request, Unreadable, judge, press, verify};
use crate::store::{Store, StoreError};
use crate::types::{FindingStatus, FleetName};

/// Everything that a press needs.
pub(in crate::app) struct Buttons {
    store: Arc<dyn Store>,
    config: Config,
    destinations: Vec<Destination>,
    client: Client,
    clock: Clock,
    read_only: bool,
    /// The workspace of each destination's bot, once Slack has told it.
    teams: tokio::sync::Mutex<BTreeMap<String, String>>,
    /// Presses are worked off one by one: the same one told of twice at once is done once.
    acting: Mutex<()>,
    /// Something is in the outbox that need not wait.
    pub(in crate::app) due: Notify,
}

/// How a press came in, which is all that proves where it is from.
pub(in crate::app) struct Origin<'a> {
    /// Destinations whose secret it came under.
    destinations: Vec<&'a Destination>,
    /// The app that the connection belongs to.
    app: Option<String>,
}

/// A press that was worked off; what is left is to tell of it.
pub(in crate::app) struct Done<'a> {
    desk: Desk<'a>,
    press: Press,
    text: String,
    /// What was done, if anything was.
    did: Option<Act>,
    /// What the message shows at once.
    state: Option<String>,
}

impl Buttons {
    /// What presses need; `None` where no destination has buttons.
    pub(in crate::app) fn new(
        store: Arc<dyn Store>,
        config: &Config,
        destinations: &[Destination],
        client: Client,
        clock: Clock,
        read_only: bool,
    ) -> Option<Self> {
        destinations.iter().find_map(Desk::of)?;
        Some(Self {
            store,
            config: config.clone(),
            destinations: destinations.to_vec(),
            client,
            clock,
            read_only,
            teams: tokio::sync::Mutex::default(),
            acting: Mutex::default(),
            due: Notify::new(),
        })
    }

    pub(in crate::app) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    fn desks(&self) -> impl Iterator<Item = Desk<'_>> {
        self.destinations.iter().filter_map(Desk::of)
    }

    /// Whether presses may be posted to this host.
    pub(in crate::app) fn has_endpoint(&self) -> bool {
        self.desks().any(|desk| matches!(desk.interactive.way, PressWay::Endpoint { .. }))
    }

    /// Whether presses may come over a connection to Slack.
    pub(in crate::app) fn has_socket(&self) -> bool {
        self.desks().any(|desk| matches!(desk.interactive.way, PressWay::Socket { .. }))
    }

    /// The app tokens to connect with, each with the destinations that share it.
    fn sockets(&self) -> Vec<(&SecretString, Vec<Desk<'_>>)> {
        let mut sockets: Vec<(&SecretString, Vec<Desk<'_>>)> = Vec::new();
        for desk in self.desks() {
            let PressWay::Socket { app_token } = &desk.interactive.way else { continue };
            match sockets.iter_mut().find(|(token, _)| token.expose_secret() == app_token.expose_secret()) {
                Some((_, desks)) => desks.push(desk),
                None => sockets.push((app_token, vec![desk])),
            }
        }
        sockets
    }

    /// Which destinations a posted body may be for: those whose signing secret it is signed with.
    ///
    /// # Errors
    /// Why nothing believes it.
    pub(in crate::app) fn posted(
        &self,
        timestamp: Option<&str>,
        signature: Option<&str>,
        body: &[u8],
    ) -> Result<Origin<'_>, crate::report::press::Forged> {
        let mut forged = crate::report::press::Forged::Signature;
        let mut destinations = Vec::new();
        for desk in self.desks() {
            let PressWay::Endpoint { signing_secret } = &desk.interactive.way else { continue };
            match verify(signing_secret, timestamp, signature, body, self.now()) {
                Ok(()) => destinations.push(desk.destination),
                Err(why) => forged = why,
            }
        }
        if destinations.is_empty() { Err(forged) } else { Ok(Origin { destinations, app: None }) }
    }

    /// Works a press off. `None` for what is no press of ours, or of nobody whom we could answer.
    ///
    /// # Errors
    /// Not what Slack sends.
    pub(in crate::app) async fn work<'a>(
        &'a self,
        payload: &[u8],
        origin: &Origin<'a>,
    ) -> Result<Option<Done<'a>>, Unreadable> {
        let press = match press(payload) {
            Ok(press) => press,
            Err(Unreadable::Other) => return Ok(None),
            Err(garbage) => return Err(garbage),
        };
        let mut desks = origin.destinations.iter().filter_map(|destination| Desk::of(destination));
        let first = desks.next();
        let own = first.into_iter().chain(desks).find(|desk| desk.channel == press.channel);
        let refused = |desk, text: String| Some(Done { desk, press: press.clone(), text, did: None, state: None });
        let Some(desk) = own else {
            let text = "No destination of this cattleguard is in this channel; nothing was done.";
            return Ok(first.and_then(|desk| refused(desk, text.to_owned())));
        };
        let team = match self.team(&desk).await {
            Ok(team) => team,
            Err(why) => {
                tracing::warn!(destination = desk.destination.name, error = %why, "a press could not be checked");
                return Ok(refused(desk, format!("Nothing was done, as the workspace could not be checked: {why}")));
            }
        };
        match judge(&press, desk.interactive, Some(&team), origin.app.as_deref()) {
            Ok(request) => Ok(Some(self.done(desk, press, &request))),
            Err(refusal) => {
                tracing::warn!(
                    destination = desk.destination.name,
                    slack.user = press.user,
                    "a press was refused: {refusal}"
                );
                Ok(refused(desk, refusal.to_string()))
            }
        }
    }

    fn done<'a>(&'a self, desk: Desk<'a>, press: Press, request: &Request) -> Done<'a> {
        let outcome = self.act(&desk, &press, request);
        Done { desk, press, text: outcome.text, did: outcome.did, state: outcome.state }
    }

    /// The workspace of a destination's bot; asked once.
    async fn team(&self, desk: &Desk<'_>) -> Result<String, String> {
        let mut teams = self.teams.lock().await;
        if let Some(team) = teams.get(&desk.destination.name) {
            return Ok(team.clone());
        }
        let identity = desk.identity(&self.client, self.now()).await?;
        teams.insert(desk.destination.name.clone(), identity.team.clone());
        Ok(identity.team)
    }

    /// Answers whoever pressed, and brings the message to what was done.
    pub(in crate::app) async fn follow(&self, done: Done<'_>) {
        let Done { desk, press, text, did, state } = done;
        let (store, destination, now) = (self.store.as_ref(), desk.destination, self.now());
        let edited = match did {
            Some(Act::Approve) => self.show_approvals().await,
            Some(_) => {
                let state = state.as_deref().unwrap_or("Acknowledged");
                let keep = |button: &Button| self.is_left(button);
                show_pressed(store, destination, &self.client, &press.message, (keep, state), now).await
            }
            None => Ok(()),
        };
        if let Err(error) = edited {
            tracing::warn!(error = %error, "a message with buttons could not be looked up");
        }
        if did.is_some() {
            self.due.notify_one();
        }
        let seen = if did == Some(Act::Pause) { Seen::ByAll } else { Seen::Alone };
        if let Err(why) = desk.answer(&self.client, &press, seen, &text, now).await {
            tracing::warn!(destination = destination.name, error = %why, "who pressed could not be answered");
        }
    }

    /// Whether there is anything left for a button to do.
    fn is_left(&self, button: &Button) -> Result<bool, StoreError> {
        match button {
            Button::Acknowledge(ids) => {
                for id in ids {
                    if self.store.finding(id)?.is_some_and(|finding| finding.status == FindingStatus::Open) {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Button::Approve(_) => Ok(true),
            Button::Pause(fleet) => Ok(self.paused(fleet)?.is_none()),
        }
    }

    /// What a fleet is paused by: its own pause or that of everything, with the reason.
    fn paused(&self, fleet: &FleetName) -> Result<Option<(Option<FleetName>, String)>, StoreError> {
        let mut pauses = self.store.pauses()?.into_iter();
        Ok(pauses.find(|(paused, _)| paused.as_ref().is_none_or(|paused| paused == fleet)))
    }

    /// Brings messages that ask for approvals to how plans stand.
    pub(in crate::app) async fn show_approvals(&self) -> Result<(), StoreError> {
        let (store, now) = (self.store.as_ref(), self.now());
        let stand = || {
            let plan = store.last_plan()?.map(|plan| plan.to_approve().clone());
            Ok(Standing { plan, approvals: store.approvals(now)?, needed: self.config.approvals_needed() })
        };
        for refused in show_approvals(store, &self.destinations, &self.client, stand, now).await? {
            tracing::debug!("a message that asks for an approval could not be edited: {refused}");
        }
        Ok(())
    }
}
