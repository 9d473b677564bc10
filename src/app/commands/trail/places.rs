//! What is to be verified: folders and buckets, given or configured.

use std::path::Path;

use crate::app::cli::trail::LogPlace;
use crate::app::config::Config;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::collect::digest::{BucketScope, Folder};
use crate::collect::{BucketSource, LogAccess, TrailSource};
use crate::types::Place;

/// Folders and buckets.
#[derive(Debug, Default)]
pub(super) struct Places {
    pub(super) folders: Vec<Folder>,
    pub(super) buckets: Vec<(LogAccess, BucketScope)>,
}

impl Places {
    /// Adds a folder, but for what another one holds already.
    fn add(&mut self, folder: Folder) {
        if !self.folders.iter().any(|known| known.holds(&folder)) {
            self.folders.retain(|known| !folder.holds(known));
            self.folders.push(folder);
        }
    }
}

/// What is given, or else all configured folders and buckets.
///
/// # Errors
/// A folder cannot be read, nothing is given or configured, or nobody says as whom a bucket is read.
pub(super) fn find(context: &Context<'_>, given: &[LogPlace]) -> Result<Places, AppError> {
    let mut places = Places::default();
    if given.is_empty() {
        configured(&context.load(Vec::new())?.config, &mut places)?;
    }
    for place in given {
        match place {
            LogPlace::Folder(path) => places.add(open(path)?),
            LogPlace::Bucket(scope) => {
                let config = context.load(Vec::new())?.config;
                places.buckets.push((access(&config, &scope.bucket), scope.clone()));
            }
        }
    }
    Ok(places)
}

fn open(path: &Path) -> Result<Folder, AppError> {
    Folder::open(path).map_err(|error| AppError::failed(format!("{} cannot be read: {error}", path.display())))
}

fn configured(config: &Config, places: &mut Places) -> Result<(), AppError> {
    for source in &config.collect.trail {
        match source {
            TrailSource::Dir(path) => places.add(open(path)?),
            TrailSource::S3(BucketSource { access, bucket, prefix, organization, .. }) => {
                let (bucket, prefix, organization) = (bucket.clone(), prefix.clone(), organization.clone());
                let scope = BucketScope { bucket, prefix, organization, ..BucketScope::default() };
                places.buckets.push((access.clone(), scope));
            }
            TrailSource::Lookup | TrailSource::Sqs(_) => {}
        }
    }
    if places.folders.is_empty() && places.buckets.is_empty() {
        let hint = "the event history has no digest files: give the trail's bucket as s3://BUCKET/PREFIX, or the \
                    folder of a copy";
        return Err(AppError::usage("no folder or bucket of log files is given or configured").with_hint(hint));
    }
    Ok(())
}

/// As the source that reads the bucket, or else as the first account.
fn access(config: &Config, bucket: &str) -> LogAccess {
    let reads = |source: &&TrailSource| match source {
        TrailSource::S3(source) => source.bucket == bucket,
        TrailSource::Sqs(source) => source.buckets.iter().any(|named| named == bucket),
        TrailSource::Lookup | TrailSource::Dir(_) => false,
    };
    if let Some(access) = config.collect.trail.iter().find(reads).and_then(TrailSource::access) {
        return access.clone();
    }
    let first = config.accounts.first();
    LogAccess {
        place: first.and_then(|account| account.places().next()).unwrap_or_else(|| Place::new("", "")),
        role: first.and_then(|account| account.role.clone()),
        external_id: first.and_then(|account| account.external_id.clone()),
        source_identity: first.and_then(|account| account.source_identity.clone()),
    }
}
