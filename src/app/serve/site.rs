//! What every request shares: state, configuration, sessions, and the page as it was made last.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use axum::body::Bytes;
use jiff::Timestamp;

use super::session::{Sessions, Users};
use crate::app::backend::Clock;
use crate::app::buttons::Buttons;
use crate::app::commands::gather;
use crate::app::config::Config;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::metrics::{DAYS, of_scan};
use crate::report::Destination;
use crate::report::page::{self, Place};
use crate::store::Store;

/// A page shows how long ago things were: it is made anew after this long, even when nothing happened.
const STALE_S: i64 = 60;

/// The site.
pub(in crate::app) struct Site {
    pub(super) store: Arc<dyn Store>,
    pub(super) config: Config,
    pub(super) clock: Clock,
    pub(super) read_only: bool,
    pub(super) users: Users,
    pub(super) sessions: Sessions,
    /// Who is told of what people do here.
    pub(super) destinations: Vec<Destination>,
    /// Buttons that are pressed in Slack.
    pub(super) buttons: Option<Arc<Buttons>>,
    hosts: Vec<String>,
    address: OnceLock<SocketAddr>,
    made: Mutex<Option<Made>>,
}

/// What was made of one state. The audit log's last entry names the state: whatever changes one writes an entry.
struct Made {
    head: Option<(i64, String)>,
    at: Timestamp,
    page: Bytes,
    counts: Arc<String>,
}

/// Who may come, who is told, and who presses buttons.
pub(in crate::app) struct People {
    /// Who may log in.
    pub(in crate::app) users: Users,
    /// Names that a proxy in front may send.
    pub(in crate::app) hosts: Vec<String>,
    /// Who is told of what people do here.
    pub(in crate::app) destinations: Vec<Destination>,
    /// Buttons that are pressed in Slack.
    pub(in crate::app) buttons: Option<Arc<Buttons>>,
}

impl Site {
    /// A site over a store.
    pub(in crate::app) fn new(
        store: Arc<dyn Store>,
        config: Config,
        clock: Clock,
        people: People,
        read_only: bool,
    ) -> Self {
        let People { users, hosts, destinations, buttons } = people;
        Self {
            store,
            config,
            clock,
            read_only,
            users,
            sessions: Sessions::default(),
            destinations,
            buttons,
            hosts,
            address: OnceLock::new(),
            made: Mutex::new(None),
        }
    }

    /// Names the address, once it is known.
    pub(in crate::app) fn listens_on(&self, address: SocketAddr) {
        // It listens once.
        let _ = self.address.set(address);
    }

    /// Whether a `Host` header means this site.
    pub(super) fn is_host(&self, host: &str) -> bool {
        let ours = self.address.get().is_some_and(|address| {
            let port = address.port();
            host == address.to_string() || host == format!("localhost:{port}")
        });
        ours || self.hosts.iter().any(|one| one.eq_ignore_ascii_case(host))
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// The whole page, and the numbers of the last scan for `/metrics`. Blocks: for a thread that may.
    pub(super) fn made(&self) -> Result<(Bytes, Arc<String>), AppError> {
        let (head, now) = (self.store.head()?, self.now());
        // Held while it is made: ten browsers at once wait for one page and do not make ten.
        let mut made = self.lock();
        if let Some(made) =
            made.as_ref().filter(|made| made.head == head && now.duration_since(made.at).as_secs() < STALE_S)
        {
            return Ok((made.page.clone(), made.counts.clone()));
        }
        let known = gather(self.store.as_ref(), &self.config, now, DAYS)?;
        let text = page::html(&known, Place::Live { read_only: self.read_only })
            .map_err(|error| AppError::new(Exit::Bug, format!("the page cannot be made: {error}")))?;
        let fresh = Made { head, at: now, page: Bytes::from(text), counts: Arc::new(of_scan(&known)) };
        let answer = (fresh.page.clone(), fresh.counts.clone());
        *made = Some(fresh);
        Ok(answer)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Made>> {
        // Only whole values are put in.
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
