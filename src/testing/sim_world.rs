//! The demo's accounts in a folder, so that one process goes on where another ended or died.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::clock::VirtualClock;
use super::cloud::FakeCloud;
use super::error::SimError;
use super::scenario::{self, DemoFacts, Mischief};

/// What was done to the accounts.
const ACCOUNT: &str = "account.ndjson";
/// The name of the bad morning in that file.
const MORNING: &str = "bad-morning";
/// The name of an inventory run of all servers there.
const REPORTS: &str = "inventory-run";
/// How often agents report.
const REPORTED_EVERY: Duration = Duration::from_secs(30 * 60);
/// Inventory and CloudTrail have settled when so much time has passed.
const SETTLED: Duration = Duration::from_secs(15 * 60);

/// The demo's accounts, as they are after everything that their folder tells. One process at a time.
#[derive(Debug)]
pub struct SimWorld {
    /// The accounts.
    pub cloud: FakeCloud,
    /// Their clock.
    pub clock: VirtualClock,
    /// Who plays which part.
    pub facts: DemoFacts,
    /// Locked as long as the world is open; a process that dies lets go of it.
    _account: File,
}

impl SimWorld {
    /// Begins a world in a folder: the clean fleet, before anything happened.
    ///
    /// # Errors
    /// When there is one already, or the folder cannot be written.
    pub fn create(folder: &Path) -> io::Result<()> {
        File::options().write(true).create_new(true).open(file_in(folder)).map(drop)
    }

    /// Opens the world of a folder; from now on what is done to it is kept there.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] when there is none, [`io::ErrorKind::WouldBlock`] when another process has it open;
    /// when its file cannot be read, or holds something else.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let path = file_in(folder);
        let account = File::options().append(true).open(&path)?;
        account.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => io::Error::from(io::ErrorKind::WouldBlock),
            TryLockError::Error(error) => error,
        })?;
        let (cloud, clock, facts) = scenario::demo_scenario().map_err(io::Error::other)?;
        let teller = |cloud: &FakeCloud, story: &str| match story {
            MORNING => morning(cloud, &facts).map(drop),
            REPORTS => cloud.run_inventory_all(),
            other => Err(SimError::missing(other)),
        };
        cloud.replay(&path, &teller)?;
        cloud.journal_to(&path)?;
        Ok(Self { cloud, clock, facts, _account: account })
    }

    /// The demo's accounts in memory alone, after the bad morning.
    ///
    /// # Errors
    /// Never in practice.
    pub fn passing() -> Result<(FakeCloud, VirtualClock), SimError> {
        let (cloud, clock, facts) = scenario::demo_scenario()?;
        morning(&cloud, &facts)?;
        Ok((cloud, clock))
    }

    /// Time passes, and agents report as they do by themselves.
    ///
    /// # Errors
    /// Never in practice.
    pub fn wait(&self, duration: Duration) -> Result<(), SimError> {
        self.clock.advance(duration);
        if duration >= REPORTED_EVERY {
            self.cloud.tell(REPORTS, FakeCloud::run_inventory_all)?;
        }
        Ok(())
    }

    /// The bad morning happens, and everything about it is delivered and reported. Once in a world.
    ///
    /// # Errors
    /// Never in practice, when it has not happened yet.
    pub fn morning(&self) -> Result<Mischief, SimError> {
        self.cloud.tell(MORNING, |cloud| morning(cloud, &self.facts))
    }
}

fn morning(cloud: &FakeCloud, facts: &DemoFacts) -> Result<Mischief, SimError> {
    let mischief = scenario::mischief(cloud, facts)?;
    cloud.clock().advance(SETTLED);
    Ok(mischief)
}

fn file_in(folder: &Path) -> PathBuf {
    folder.join(ACCOUNT)
}
