//! A simulated fleet with its golden, configuration and state, scanned through the pipeline of `cattleguard scan`.

use std::path::Path;
use std::time::Duration;

use cattleguard::app::config::{self, Config};
use cattleguard::app::pipeline::{ScanInputs, ScanOutcome, run_scan, shipped_policies};
use cattleguard::app::policies::Policies;
use cattleguard::collect::read_reference;
use cattleguard::detect::registry::{RecordRequest, Reference, promote, record};
use cattleguard::plan::Permissions;
use cattleguard::report::{Destination, DestinationKind, Filter, NotifySettings, Quiet};
use cattleguard::store::{Goldens as _, SqliteStore};
use cattleguard::testing::{FleetBuilder, SimFleet};
use cattleguard::types::{Golden, GoldenRef, GoldenStatus, Severity};

use crate::usage::Outcome;

/// Simulated account-regions, an equal share of the fleet in each.
const PLACES: [(&str, &str); 8] = [
    ("000000000000", "eu-central-1"),
    ("000000000000", "eu-west-1"),
    ("000000000001", "eu-central-1"),
    ("000000000001", "eu-west-1"),
    ("000000000002", "eu-central-1"),
    ("000000000002", "eu-west-1"),
    ("000000000003", "eu-central-1"),
    ("000000000003", "eu-west-1"),
];

/// Auto Scaling groups of each place; they hold four fifths of its servers.
const GROUPS: usize = 10;

/// Rows of the package list.
const PACKAGES: usize = 420;

/// Everything one scan needs.
pub(crate) struct World {
    pub(crate) fleet: SimFleet,
    pub(crate) config: Config,
    pub(crate) policies: Policies,
    store: SqliteStore,
    destinations: Vec<Destination>,
}

impl World {
    /// Builds at least this many servers and records their golden from a reference server of each place. The state is
    /// put into the folder.
    pub(crate) async fn build(servers: usize, folder: &Path) -> Outcome<Self> {
        let share = servers.div_ceil(PLACES.len());
        let members = share * 4 / 5 / GROUPS;
        let mut builder = FleetBuilder::new("web").packages(PACKAGES).standalone(share - members * GROUPS);
        for (account, region) in PLACES {
            builder = builder.place(account, region);
        }
        for _ in 0..GROUPS {
            builder = builder.group(members);
        }
        let fleet = builder.build()?;
        let world = Self {
            config: configuration(folder)?,
            policies: shipped_policies(None).map_err(|problems| format!("{problems:?}"))?,
            store: SqliteStore::open(&folder.join("state.db"))?,
            destinations: vec![destination()],
            fleet,
        };
        world.record_golden().await?;
        Ok(world)
    }

    /// Scans and commits once, a quarter of an hour after the last time.
    pub(crate) async fn scan(&self) -> Outcome<ScanOutcome> {
        self.fleet.clock.advance(Duration::from_secs(15 * 60));
        self.fleet.cloud.reset_calls();
        let clock = || self.fleet.clock.now();
        let inputs = ScanInputs {
            wish: None,
            collect: self.config.collect_settings(self.config.places()),
            fleets: &self.config.fleets,
            mode: self.config.mode,
            fail_on: Severity::Medium,
            policies: &self.policies,
            destinations: &self.destinations,
            notify: NotifySettings::default(),
            exceptions_last: self.config.exceptions.max_duration,
            exceptions_warn: self.config.exceptions.warn_before,
            own_principals: Vec::new(),
            stopped: None,
            alarms: Vec::new(),
            permissions: Permissions::Unknown,
            approvals_needed: 1,
            holder: "bench".to_owned(),
            clock: &clock,
            progress: &|_| {},
        };
        Ok(run_scan(&self.fleet.cloud, &self.store, &inputs).await?)
    }

    /// The golden.
    pub(crate) fn golden(&self) -> Outcome<Golden> {
        Ok(self.store.goldens()?.pop().ok_or("no golden")?)
    }

    async fn record_golden(&self) -> Outcome<()> {
        let now = self.fleet.clock.now();
        let mut golden: Option<Golden> = None;
        for (place, server) in &self.fleet.references {
            let types = &self.config.collect.inventory_types;
            let instance = read_reference(&self.fleet.cloud, place, server, types, now).await?;
            let request = RecordRequest {
                reference: GoldenRef::new("web", "1"),
                image: instance.image.clone(),
                place: place.clone(),
                from: Some(Reference { instance: &instance, suspicions: Vec::new() }),
                manifest_root: None,
                without: Default::default(),
                instance_types: Default::default(),
                tags: Default::default(),
                recorded_by: "bench".to_owned(),
                now,
            };
            golden = Some(record(golden.as_ref(), &request)?);
        }
        let golden = golden.ok_or("no places")?;
        self.store.add_golden(&golden)?;
        promote(&golden, now)?;
        self.store.set_golden_status(&golden.reference(), GoldenStatus::Promoted, None, "bench", now)?;
        Ok(())
    }
}

/// Defaults, but allowed to plan replacements: then every gate is asked.
fn configuration(folder: &Path) -> Outcome<Config> {
    let mut text = String::from(
        "mode = \"replace\"\n\
         [[fleet]]\nname = \"web\"\nselect = { tags = { app = \"web\" } }\ngolden = \"web\"\nenforcement = \"replace\"\n",
    );
    for pair in PLACES.chunks(2) {
        let regions: Vec<_> = pair.iter().map(|(_, region)| format!("\"{region}\"")).collect();
        let account = pair.first().map_or("", |(account, _)| account);
        text.push_str(&format!("[[account]]\nid = \"{account}\"\nregions = [{}]\n", regions.join(", ")));
    }
    let (config, _) = config::parse("bench.toml", folder, &text, &[], &[]).map_err(|diags| format!("{diags:?}"))?;
    Ok(config)
}

/// Nothing is sent: notices are drafted and stay in the outbox.
fn destination() -> Destination {
    Destination {
        name: "chat".to_owned(),
        kind: DestinationKind::Slack { url: "https://hooks.slack.com/services/T000/B000/bench".to_owned().into() },
        filter: Filter { min_severity: Severity::Low, ..Filter::default() },
        routes: None,
        quiet: Quiet::default(),
        allow_private: false,
        broken: None,
    }
}
