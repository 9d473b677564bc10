//! Buckets as readers see them.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;

use super::Stored;
use crate::collect::{Listing, LogAccess, LogObject, LogStore, ObjectName, Page, PageToken, ReadError, ReadFailure};
use crate::testing::read::{Scope, Start};
use crate::testing::state::State;
use crate::testing::{FakeCloud, api};

#[async_trait]
impl LogStore for FakeCloud {
    async fn list_objects(
        &self,
        at: &LogAccess,
        listing: &Listing,
        next: Option<PageToken>,
    ) -> Result<Page<LogObject>, ReadError> {
        let mut state = self.lock();
        let Listing { bucket, prefix, after } = listing;
        let parameters = format!("{bucket} {prefix} {}", after.as_deref().unwrap_or_default());
        let scope = Scope::new(api::LIST_BUCKET, &at.place).with(parameters);
        let after = match scope.open(&mut state, next)? {
            Start::Empty(page) => return Ok(page),
            Start::After(cursor) => cursor.or_else(|| after.clone()).unwrap_or_default(),
        };
        let objects = state.logs.objects.iter().filter(|(name, _)| {
            name.bucket == *bucket && name.key.starts_with(prefix.as_str()) && name.key.as_str() > after.as_str()
        });
        Ok(scope.page(
            state.settings.pages.objects,
            objects,
            |(name, _)| name.key.clone(),
            |(name, stored)| LogObject {
                key: name.key.clone(),
                etag: stored.etag.clone(),
                size: stored.bytes.len() as u64,
                modified: Some(stored.modified),
            },
        ))
    }

    async fn object(&self, at: &LogAccess, name: &ObjectName, limit: u64) -> Result<Option<Vec<u8>>, ReadError> {
        let latency = self.lock().logs.latency;
        self.clock().advance(latency);
        let mut state = self.lock();
        let stored = stored(&mut state, at, name)?;
        Ok(Some(stored.bytes.clone()).filter(|bytes| bytes.len() as u64 <= limit))
    }

    async fn folders(
        &self,
        at: &LogAccess,
        bucket: &str,
        prefix: &str,
        next: Option<PageToken>,
    ) -> Result<Page<String>, ReadError> {
        let mut state = self.lock();
        let scope = Scope::new(api::LIST_BUCKET, &at.place).with(format_args!("{bucket} {prefix} /"));
        let after = match scope.open(&mut state, next)? {
            Start::Empty(page) => return Ok(page),
            Start::After(cursor) => cursor.unwrap_or_default(),
        };
        let names = state.logs.objects.keys().filter(|name| name.bucket == bucket);
        let folder = |name: &ObjectName| {
            let (folder, _) = name.key.strip_prefix(prefix)?.split_once('/')?;
            Some(format!("{prefix}{folder}/")).filter(|folder| *folder > after)
        };
        let folders: BTreeSet<String> = names.filter_map(folder).collect();
        Ok(scope.page(
            state.settings.pages.objects,
            folders.iter(),
            |folder| folder.to_string(),
            |folder| folder.to_string(),
        ))
    }

    async fn metadata(&self, at: &LogAccess, name: &ObjectName) -> Result<BTreeMap<String, String>, ReadError> {
        let mut state = self.lock();
        Ok(stored(&mut state, at, name)?.metadata.clone())
    }
}

fn stored<'s>(state: &'s mut State, at: &LogAccess, name: &ObjectName) -> Result<&'s Stored, ReadError> {
    state.count(api::GET_OBJECT, &at.place)?;
    let error = |failure, detail: &str| ReadError {
        api: api::GET_OBJECT,
        place: at.place.clone(),
        failure,
        detail: detail.to_owned(),
    };
    let stored = state.logs.objects.get(name).ok_or_else(|| error(ReadFailure::NotFound, "NoSuchKey"))?;
    match &stored.refused {
        Some((failure, detail)) => Err(error(*failure, detail)),
        None => Ok(stored),
    }
}
