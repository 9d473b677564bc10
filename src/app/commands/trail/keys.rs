//! Public keys of digest files: from files, or from CloudTrail where an account is configured.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::runtime::Runtime;

use crate::app::cli::trail::TrailVerifyArgs;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::collect::digest::{PublicKeys, TrailObjects, survey};
use crate::collect::{CloudRead, ReadError};
use crate::types::{AccountId, Place, Region};

/// Keys change about when a digest is written.
const AROUND: SignedDuration = SignedDuration::from_hours(2);

/// The keys that are at hand, and the way to more.
pub(super) struct Keys<'a, 'b> {
    context: &'a Context<'b>,
    known: PublicKeys,
    connection: Option<(Arc<Runtime>, Arc<dyn CloudRead>)>,
    ask: bool,
}

impl<'a, 'b> Keys<'a, 'b> {
    /// Reads the keys that are given.
    pub(super) fn read(context: &'a Context<'b>, args: &TrailVerifyArgs) -> Result<Self, AppError> {
        let mut known = PublicKeys::default();
        for path in &args.public_keys {
            read_file(path, &mut known)?;
        }
        Ok(Self { context, known, connection: None, ask: args.public_keys.is_empty() })
    }

    /// The way to the configured accounts.
    pub(super) fn connect(&mut self) -> Result<(Arc<Runtime>, Arc<dyn CloudRead>), AppError> {
        if let Some(connection) = &self.connection {
            return Ok(connection.clone());
        }
        let config = self.context.load(Vec::new())?.config;
        let runtime = Arc::new(self.context.runtime()?);
        let cloud = runtime.block_on(self.context.backend.connect(&config))?;
        Ok(self.connection.insert((runtime, cloud)).clone())
    }

    /// The keys for these places. Without any, hashes and links can be checked, and nothing can be proven: that is said.
    pub(super) fn of(&mut self, places: &[&dyn TrailObjects]) -> Result<PublicKeys, AppError> {
        if self.ask {
            if self.context.config_path().exists() {
                self.ask(places)?;
            } else {
                self.context.note(
                    "no public keys are at hand and no account is configured: nothing can be proven. Save what \
                     `aws cloudtrail list-public-keys` prints for each region and time, and give it with --public-keys",
                );
            }
        }
        Ok(std::mem::take(&mut self.known))
    }

    fn ask(&mut self, places: &[&dyn TrailObjects]) -> Result<(), AppError> {
        let config = self.context.load(Vec::new())?.config;
        let Some(account) = config.accounts.first().map(|account| account.id.clone()) else { return Ok(()) };
        let mut wanted: BTreeMap<Region, Timestamp> = BTreeMap::new();
        for (region, from) in places.iter().flat_map(|place| survey(*place)) {
            wanted.entry(region).and_modify(|known| *known = from.min(*known)).or_insert(from);
        }
        let (runtime, cloud) = self.connect()?;
        let now = self.context.now();
        for (region, from) in wanted {
            // A trail may record regions that are not configured; its keys are no secret of theirs.
            let asked = of_region(cloud.as_ref(), &account, &region, (from, now), &mut self.known);
            if let Err(error) = runtime.block_on(asked) {
                self.context.note(&format!("no public keys of {region}: {error}"));
            }
        }
        Ok(())
    }
}

fn read_file(path: &Path, keys: &mut PublicKeys) -> Result<(), AppError> {
    let text =
        fs::read(path).map_err(|error| AppError::usage(format!("{} cannot be read: {error}", path.display())))?;
    keys.read(&text).map_err(|error| AppError::usage(format!("{}: {error}", path.display())))
}

async fn of_region(
    cloud: &dyn CloudRead,
    account: &AccountId,
    region: &Region,
    (from, to): (Timestamp, Timestamp),
    keys: &mut PublicKeys,
) -> Result<(), ReadError> {
    let place = Place { account: account.clone(), region: region.clone() };
    let (from, to) = (from.checked_sub(AROUND).unwrap_or(from), to.checked_add(AROUND).unwrap_or(to));
    let mut next = None;
    loop {
        let page = cloud.public_keys(&place, from, to, next).await?;
        page.items.into_iter().for_each(|key| keys.add(key));
        next = page.next;
        if next.is_none() {
            return Ok(());
        }
    }
}
