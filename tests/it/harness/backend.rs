//! The simulated account behind reads that can fail.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cattleguard::app::config::Config;
use cattleguard::app::{AppError, Backend, Enforcing, SimBackend};
use cattleguard::collect::CloudRead;
use cattleguard::testing::{FailingCloud, FakeCloud};
use jiff::Timestamp;

pub(super) struct FailingBackend {
    sim: SimBackend,
    faults: Arc<FailingCloud<FakeCloud>>,
}

impl FailingBackend {
    pub(super) fn new(sim: SimBackend, faults: Arc<FailingCloud<FakeCloud>>) -> Self {
        Self { sim, faults }
    }
}

#[async_trait]
impl Backend for FailingBackend {
    fn name(&self) -> &'static str {
        self.sim.name()
    }

    fn now(&self) -> Timestamp {
        self.sim.now()
    }

    async fn sleep(&self, duration: Duration) {
        self.sim.sleep(duration).await;
    }

    async fn connect(&self, config: &Config) -> Result<Arc<dyn CloudRead>, AppError> {
        self.sim.connect(config).await?;
        Ok(self.faults.clone())
    }

    async fn connect_enforcing(&self, config: &Config) -> Result<Enforcing, AppError> {
        self.sim.connect_enforcing(config).await
    }
}
