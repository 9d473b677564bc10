//! What the two programs differ in: AWS and the real clock, or a simulated account and a virtual clock.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use super::config::{Config, DEFAULT_PATH};
use super::enforcing::Enforcing;
use super::error::AppError;
use super::policy_worker::Launch;
use crate::collect::{ApiMeter, CloudRead};
use crate::report::CloudPublish;
use crate::report::anchor::AnchorVault;
use crate::store::{SqliteStore, Store};

/// Tells the time from any thread.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The outside world of the application. There is no default: a program names its backend.
#[async_trait]
pub trait Backend: Send + Sync {
    /// Name of the program, as in its help.
    fn name(&self) -> &'static str;

    /// The configuration file when none is named.
    fn default_config(&self) -> PathBuf {
        PathBuf::from(DEFAULT_PATH)
    }

    /// How to start this program again to evaluate policies. `None`: it cannot be, as a test that runs the application
    /// inside itself; then policies are evaluated in this process.
    fn policy_worker(&self) -> Option<Launch> {
        None
    }

    /// The time.
    fn now(&self) -> Timestamp;

    /// The same for tasks that live longer than a borrow.
    fn clock(&self) -> Clock {
        Arc::new(Timestamp::now)
    }

    /// Lets time pass.
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    /// How far this clock is ahead of the cloud's, to the second; negative when it is behind. A cloud in this process
    /// has the same.
    async fn clock_skew(&self, _config: &Config) -> Result<SignedDuration, String> {
        Ok(SignedDuration::ZERO)
    }

    /// Read access to the configured accounts. Fails when there are no credentials at all; a role that
    /// cannot be assumed in one account is data of the collection, not an error here.
    async fn connect(&self, config: &Config) -> Result<Arc<dyn CloudRead>, AppError>;

    /// Access that can change the configured accounts. Only commands that enforce ask for it.
    async fn connect_enforcing(&self, config: &Config) -> Result<Enforcing, AppError>;

    /// Access that delivers alerts to AWS. Only asked for where a destination is there.
    async fn connect_publishing(&self, _: &Config) -> Result<Arc<dyn CloudPublish>, AppError> {
        Err(AppError::failed("this program delivers nothing to AWS"))
    }

    /// Access to a bucket with object lock. Only asked for where the audit log is anchored.
    async fn connect_anchoring(&self, _: &Config) -> Result<Arc<dyn AnchorVault>, AppError> {
        Err(AppError::failed("this program anchors nothing"))
    }

    /// Where requests to AWS are counted. A program that makes none has a new one each time.
    fn meter(&self) -> ApiMeter {
        ApiMeter::default()
    }

    /// Opens the state.
    fn open_store(&self, config: &Config) -> Result<Arc<dyn Store>, AppError> {
        open_sqlite(config)
    }

    /// Opens the state for reading only.
    fn open_store_read_only(&self, config: &Config) -> Result<Arc<dyn Store>, AppError> {
        let store = SqliteStore::open_read_only(&config.state.path)?;
        Ok(Arc::new(store))
    }
}

fn open_sqlite(config: &Config) -> Result<Arc<dyn Store>, AppError> {
    let store = SqliteStore::open(&config.state.path)?;
    Ok(Arc::new(store))
}
