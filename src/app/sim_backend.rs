//! A simulated account and its virtual clock.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::backend::{Backend, Clock};
use super::config::{Config, DEFAULT_PATH};
use super::enforcing::Enforcing;
use super::error::AppError;
use super::exit::Exit;
use super::policy_worker::Launch;
use crate::collect::{ApiMeter, CloudRead};
use crate::report::CloudPublish;
use crate::report::anchor::AnchorVault;
use crate::testing::{FakeCloud, SimWorld, VirtualClock};

/// Real time that any wait takes.
const PACE: Duration = Duration::from_millis(1);

/// The configuration in the folder of a world.
pub(super) const CONFIG: &str = "cattleguard.toml";

/// The backend of `cattleguard-sim`. It is chosen by running that program, never by a missing setting.
#[derive(Clone)]
pub struct SimBackend {
    cloud: FakeCloud,
    clock: VirtualClock,
    config: Option<PathBuf>,
    worker: Option<Launch>,
}

impl SimBackend {
    /// Over this cloud.
    pub fn new(cloud: FakeCloud, clock: VirtualClock) -> Self {
        Self { cloud, clock, config: None, worker: None }
    }

    /// Over the accounts of a folder, whose configuration is the default there.
    pub fn of_world(world: &SimWorld, folder: &Path) -> Self {
        let config = Some(folder.join(CONFIG));
        Self { cloud: world.cloud.clone(), clock: world.clock.clone(), config, worker: None }
    }

    /// Evaluates policies in a process that is started like this.
    #[must_use]
    pub fn with_worker(self, worker: Option<Launch>) -> Self {
        Self { worker, ..self }
    }
}

#[async_trait]
impl Backend for SimBackend {
    fn name(&self) -> &'static str {
        "cattleguard-sim"
    }

    fn default_config(&self) -> PathBuf {
        self.config.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_PATH))
    }

    fn policy_worker(&self) -> Option<Launch> {
        self.worker.clone()
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn clock(&self) -> Clock {
        let clock = self.clock.clone();
        Arc::new(move || clock.now())
    }

    async fn sleep(&self, duration: Duration) {
        self.clock.advance(duration);
        // Whoever else waits gets its turn, and a waiting daemon leaves the processor alone.
        tokio::time::sleep(PACE).await;
    }

    fn meter(&self) -> ApiMeter {
        self.cloud.meter()
    }

    async fn connect(&self, config: &Config) -> Result<Arc<dyn CloudRead>, AppError> {
        self.check_places(config)?;
        Ok(Arc::new(self.cloud.clone()))
    }

    async fn connect_enforcing(&self, config: &Config) -> Result<Enforcing, AppError> {
        self.check_places(config)?;
        Ok(Enforcing { probe: Arc::new(self.cloud.clone()), write: Arc::new(self.cloud.clone()) })
    }

    async fn connect_publishing(&self, config: &Config) -> Result<Arc<dyn CloudPublish>, AppError> {
        self.check_places(config)?;
        Ok(Arc::new(self.cloud.clone()))
    }

    async fn connect_anchoring(&self, config: &Config) -> Result<Arc<dyn AnchorVault>, AppError> {
        self.check_places(config)?;
        Ok(Arc::new(self.cloud.clone()))
    }
}

impl SimBackend {
    fn check_places(&self, config: &Config) -> Result<(), AppError> {
        let known = self.cloud.places();
        for place in config.places() {
            if !known.contains(&place) {
                let names: Vec<String> = known.iter().map(ToString::to_string).collect();
                return Err(AppError::new(Exit::Config, format!("{place} is not simulated"))
                    .with_hint(format!("simulated: {}", names.join(", "))));
            }
        }
        Ok(())
    }
}
