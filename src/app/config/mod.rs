//! Configuration: TOML, environment and flags, typed, with the origin of every key.
//!
//! ```text
//!  file ──parse──▶ tree ◀──overlay── CATTLEGUARD__SECTION__KEY, flags
//!                   │
//!                 reader: typed sections, every fault recorded, unknown keys found
//!                   │
//!          Config + effective settings, or all diagnostics
//! ```
//!
//! A hand-written walk is used in place of serde because serde stops at the first error, and a user who
//! fixes a configuration wants to see all of them in one run.

mod account;
mod alerts;
mod audit;
mod buttons;
mod collect;
mod duration;
mod enforcement;
mod exceptions;
mod filter;
mod fleet;
mod fleet_enforcement;
mod load;
mod log;
mod mail;
mod names;
mod notify;
mod notify_names;
mod overlay;
mod parse;
mod policy;
mod reader;
mod report;
mod route;
mod scan;
mod schedule;
mod secret;
mod section;
mod setting;
mod settings_for;
mod show;
mod silence;
mod source;
mod state;
#[cfg(test)]
mod tests;
mod trail;
mod trail_names;
mod tree;
mod window;

pub use account::AccountConfig;
pub(in crate::app) use account::is_role_name;
pub use alerts::AlertsConfig;
pub use audit::AuditConfig;
pub use buttons::{ButtonsConfig, ButtonsWay};
pub use collect::CollectConfig;
pub use duration::{format_duration, parse_duration};
pub use enforcement::{EnforcementConfig, KillSwitchConfig};
pub use exceptions::ExceptionsConfig;
pub use filter::is_known_code;
pub use fleet_enforcement::FleetEnforcement;
pub use load::{LoadRequest, Loaded, load, parse};
pub use log::{LogConfig, LogFormat, LogLevel};
pub use mail::MailConfig;
pub use notify::{NotifyConfig, Way};
pub use overlay::Override;
pub use policy::PolicyConfig;
pub use report::ReportConfig;
pub use route::RouteConfig;
pub use scan::ScanConfig;
pub use schedule::ScheduleConfig;
pub use secret::SecretRef;
pub use show::{Shown, ShownOrigin, to_json, to_text, toml_literal};
pub use state::StateConfig;

use std::collections::BTreeMap;

use crate::collect::CollectSettings;
use crate::report::Destination;
use crate::types::{Enforcement, Fleet, FleetName, Place, Silence};

/// Where the configuration is looked for when nothing else is said.
pub const DEFAULT_PATH: &str = "/etc/cattleguard/cattleguard.toml";

/// Everything that can be configured, checked, defaults filled in.
#[derive(Clone, Debug)]
pub struct Config {
    /// A ceiling on what may be done in every fleet.
    pub mode: Enforcement,
    /// State.
    pub state: StateConfig,
    /// Accounts.
    pub accounts: Vec<AccountConfig>,
    /// Fleets.
    pub fleets: Vec<Fleet>,
    /// How operations are done in every fleet.
    pub enforcement: EnforcementConfig,
    /// How they are done in each.
    pub fleet_enforcement: BTreeMap<FleetName, FleetEnforcement>,
    /// Collection.
    pub collect: CollectConfig,
    /// Policy.
    pub policy: PolicyConfig,
    /// Exceptions.
    pub exceptions: ExceptionsConfig,
    /// Scans.
    pub scan: ScanConfig,
    /// Destinations of notices.
    pub notify: Vec<NotifyConfig>,
    /// Which notices lead where.
    pub routes: Vec<RouteConfig>,
    /// What is not told.
    pub silences: Vec<Silence>,
    /// Grouping of notices.
    pub alerts: AlertsConfig,
    /// The daemon's schedule.
    pub schedule: ScheduleConfig,
    /// The audit log.
    pub audit: AuditConfig,
    /// Reports for others.
    pub report: ReportConfig,
    /// The log.
    pub log: LogConfig,
    /// Every setting that is not a default, as the audit log keeps it. Secrets are references.
    pub stated: BTreeMap<String, serde_json::Value>,
}

impl Config {
    /// Every account-region.
    pub fn places(&self) -> Vec<Place> {
        self.accounts.iter().flat_map(AccountConfig::places).collect()
    }

    /// The destinations with their secrets and routes. The error says which secret of which is missing.
    ///
    /// # Errors
    /// The first secret that cannot be read.
    pub fn destinations(&self, env: &[(String, String)]) -> Result<Vec<Destination>, String> {
        self.notify.iter().map(|notify| self.destination(notify, env)).collect()
    }

    /// All destinations. One with a secret that cannot be read says so itself: what is for it is kept, and what is found
    /// is still found and told to the others.
    pub fn all_destinations(&self, env: &[(String, String)]) -> Vec<Destination> {
        self.notify.iter().map(|notify| self.routed(notify, notify.with_what_is_readable(env))).collect()
    }

    /// What is wrong with the rights of the files that secrets are kept in: whoever reads them speaks in our name, and
    /// whoever writes them decides where notices go.
    pub fn exposed_secrets(&self) -> Vec<String> {
        let of = |what: String, secret: &SecretRef| secret.exposed().map(|why| format!("{what}: {why}"));
        let notify = self.notify.iter().flat_map(|notify| {
            notify.secrets().into_iter().map(|(key, secret)| (format!("notify `{}`: `{key}`", notify.name), secret))
        });
        let signing = self.report.signing_key.iter().map(|secret| ("`report.signing_key`".to_owned(), secret));
        notify.chain(signing).filter_map(|(what, secret)| of(what, secret)).collect()
    }

    /// The destinations whose secrets can be read here, and why the others cannot be used.
    pub fn readable_destinations(&self, env: &[(String, String)]) -> (Vec<Destination>, Vec<String>) {
        let (mut readable, mut faults) = (Vec::new(), Vec::new());
        for notify in &self.notify {
            match self.destination(notify, env) {
                Ok(destination) => readable.push(destination),
                Err(why) => faults.push(why),
            }
        }
        (readable, faults)
    }

    fn destination(&self, notify: &NotifyConfig, env: &[(String, String)]) -> Result<Destination, String> {
        Ok(self.routed(notify, notify.destination(env)?))
    }

    fn routed(&self, notify: &NotifyConfig, destination: Destination) -> Destination {
        let routes = self.routes.iter().filter(|route| route.to.contains(&notify.name));
        let routes: Vec<_> = routes.map(|route| route.filter.clone()).collect();
        let routes = (!routes.is_empty()).then_some(routes);
        Destination { routes, ..destination }
    }

    /// Settings for a collection of these account-regions.
    pub fn collect_settings(&self, places: Vec<Place>) -> CollectSettings {
        let CollectConfig { trail, inventory_types, lookback, overlap, concurrency, load_balancers } = &self.collect;
        let elsewhere = self.places().into_iter().filter(|place| !places.contains(place)).collect();
        CollectSettings {
            places,
            elsewhere,
            trail: trail.clone(),
            inventory_types: inventory_types.clone(),
            lookback: *lookback,
            overlap: *overlap,
            concurrency: usize::try_from(*concurrency).unwrap_or(1),
            load_balancers: *load_balancers,
        }
    }
}
