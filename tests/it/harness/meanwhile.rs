//! The simulated account in which somebody else does something while the program waits.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use cattleguard::app::config::Config;
use cattleguard::app::{AppError, Backend, Enforcing, SimBackend};
use cattleguard::collect::{ApiMeter, CloudRead};
use cattleguard::report::CloudPublish;
use cattleguard::report::anchor::AnchorVault;
use cattleguard::testing::FakeCloud;
use jiff::Timestamp;

/// What somebody does; `true` when it is done.
pub(crate) type Act = Arc<Mutex<Option<Box<dyn FnMut(&FakeCloud) -> bool + Send>>>>;

pub(super) struct Meanwhile {
    sim: SimBackend,
    cloud: FakeCloud,
    act: Act,
}

impl Meanwhile {
    pub(super) fn new(sim: SimBackend, cloud: FakeCloud, act: Act) -> Self {
        Self { sim, cloud, act }
    }
}

#[async_trait]
impl Backend for Meanwhile {
    fn name(&self) -> &'static str {
        self.sim.name()
    }

    fn now(&self) -> Timestamp {
        self.sim.now()
    }

    fn clock(&self) -> Arc<dyn Fn() -> Timestamp + Send + Sync> {
        self.sim.clock()
    }

    fn meter(&self) -> ApiMeter {
        self.sim.meter()
    }

    async fn sleep(&self, duration: Duration) {
        {
            let mut act = self.act.lock().expect("a lock");
            if act.as_mut().is_some_and(|act| act(&self.cloud)) {
                *act = None;
            }
        }
        self.sim.sleep(duration).await;
    }

    async fn connect(&self, config: &Config) -> Result<Arc<dyn CloudRead>, AppError> {
        self.sim.connect(config).await
    }

    async fn connect_enforcing(&self, config: &Config) -> Result<Enforcing, AppError> {
        self.sim.connect_enforcing(config).await
    }

    async fn connect_publishing(&self, config: &Config) -> Result<Arc<dyn CloudPublish>, AppError> {
        self.sim.connect_publishing(config).await
    }

    async fn connect_anchoring(&self, config: &Config) -> Result<Arc<dyn AnchorVault>, AppError> {
        self.sim.connect_anchoring(config).await
    }
}
