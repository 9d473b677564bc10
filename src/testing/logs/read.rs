//! Buckets as readers see them.

use async_trait::async_trait;

use crate::collect::{Listing, LogAccess, LogObject, LogStore, ObjectName, Page, PageToken, ReadError, ReadFailure};
use crate::testing::read::{Scope, Start};
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
        state.count(api::GET_OBJECT, &at.place)?;
        let error = |failure, detail: &str| ReadError {
            api: api::GET_OBJECT,
            place: at.place.clone(),
            failure,
            detail: detail.to_owned(),
        };
        let stored = state.logs.objects.get(name).ok_or_else(|| error(ReadFailure::NotFound, "NoSuchKey"))?;
        if let Some((failure, detail)) = &stored.refused {
            return Err(error(*failure, detail));
        }
        Ok(Some(stored.bytes.clone()).filter(|bytes| bytes.len() as u64 <= limit))
    }
}
