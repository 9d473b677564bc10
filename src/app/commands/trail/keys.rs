//! Public keys of digest files: from files, or from CloudTrail where an account is configured.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use crate::app::cli::trail::TrailVerifyArgs;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::collect::digest::{Folder, PublicKeys, survey};
use crate::collect::{CloudRead, ReadError};
use crate::types::{AccountId, Place, Region};

/// Keys change about when a digest is written.
const AROUND: SignedDuration = SignedDuration::from_hours(2);

/// The keys that are at hand. Without any, hashes and links can be checked, and nothing can be proven: that is said.
pub(super) fn read(context: &Context<'_>, args: &TrailVerifyArgs, folders: &[Folder]) -> Result<PublicKeys, AppError> {
    let mut keys = PublicKeys::default();
    for path in &args.public_keys {
        read_file(path, &mut keys)?;
    }
    if args.public_keys.is_empty() {
        if context.config_path().exists() {
            ask(context, folders, &mut keys)?;
        } else {
            context.note(
                "no public keys are at hand and no account is configured: nothing can be proven. Save what \
                 `aws cloudtrail list-public-keys` prints for each region and time, and give it with --public-keys",
            );
        }
    }
    Ok(keys)
}

fn read_file(path: &Path, keys: &mut PublicKeys) -> Result<(), AppError> {
    let text =
        fs::read(path).map_err(|error| AppError::usage(format!("{} cannot be read: {error}", path.display())))?;
    keys.read(&text).map_err(|error| AppError::usage(format!("{}: {error}", path.display())))
}

fn ask(context: &Context<'_>, folders: &[Folder], keys: &mut PublicKeys) -> Result<(), AppError> {
    let config = context.load(Vec::new())?.config;
    let Some(account) = config.accounts.first().map(|account| account.id.clone()) else { return Ok(()) };
    let mut wanted: BTreeMap<Region, Timestamp> = BTreeMap::new();
    for (region, from) in folders.iter().flat_map(survey) {
        wanted.entry(region).and_modify(|known| *known = from.min(*known)).or_insert(from);
    }
    let now = context.now();
    context.runtime()?.block_on(async {
        let cloud = context.backend.connect(&config).await?;
        for (region, from) in wanted {
            // A trail may record regions that are not configured; its keys are no secret of theirs.
            if let Err(error) = of_region(cloud.as_ref(), &account, &region, (from, now), keys).await {
                context.note(&format!("no public keys of {region}: {error}"));
            }
        }
        Ok(())
    })
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
