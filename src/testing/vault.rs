//! Buckets of the simulated account in which objects can be locked.

use async_trait::async_trait;
use jiff::Timestamp;

use super::read::{Scope, Start};
use super::{FakeCloud, api};
use crate::collect::{LogAccess, ObjectName, Page, PageToken, ReadError, ReadFailure};
use crate::report::anchor::{AnchorVault, LockMode, Put, Version};

/// What was put under lock, by its name.
#[derive(Debug, Default)]
pub(super) struct VaultWorld {
    buckets: std::collections::BTreeSet<String>,
    /// Keys that a delete marker hides.
    hidden: std::collections::BTreeSet<ObjectName>,
    locks: std::collections::BTreeMap<ObjectName, (LockMode, Timestamp)>,
}

impl FakeCloud {
    /// Creates a bucket with object lock.
    pub fn create_vault(&self, bucket: &str) {
        self.lock().vault.buckets.insert(bucket.to_owned());
    }

    /// Takes a bucket away with everything in it, as whoever owns the account can.
    pub fn remove_vault(&self, bucket: &str) {
        self.lock().vault.buckets.remove(bucket);
        for name in self.objects(bucket) {
            self.remove_object(&name);
        }
    }

    /// Deletes an object without naming its version: a mark hides it from listings, its versions stay.
    pub fn hide_object(&self, name: &ObjectName) {
        self.lock().vault.hidden.insert(name.clone());
    }

    /// How an object is locked.
    pub fn lock_of(&self, name: &ObjectName) -> Option<(LockMode, Timestamp)> {
        self.lock().vault.locks.get(name).copied()
    }
}

#[async_trait]
impl AnchorVault for FakeCloud {
    async fn put_locked(
        &self,
        at: &LogAccess,
        name: &ObjectName,
        body: Vec<u8>,
        mode: LockMode,
        until: Timestamp,
    ) -> Result<Put, ReadError> {
        self.vault(api::PUT_OBJECT, at, &name.bucket)?;
        if self.lock().vault.locks.contains_key(name) {
            return Ok(Put::There);
        }
        self.put_object(name, body);
        self.lock().vault.locks.insert(name.clone(), (mode, until));
        Ok(Put::New)
    }

    async fn versions(
        &self,
        at: &LogAccess,
        bucket: &str,
        prefix: &str,
        next: Option<PageToken>,
    ) -> Result<Page<Version>, ReadError> {
        let mut state = self.lock();
        let scope = Scope::new(api::LIST_VERSIONS, &at.place).with(format_args!("{bucket} {prefix}"));
        let after = match scope.open(&mut state, next)? {
            Start::Empty(page) => return Ok(page),
            Start::After(cursor) => cursor.unwrap_or_default(),
        };
        let names = state
            .logs
            .names()
            .filter(|name| name.bucket == bucket && name.key.starts_with(prefix) && name.key.as_str() > after.as_str());
        let mut page = scope.page(
            state.settings.pages.objects,
            names,
            |name| name.key.clone(),
            |name| Version { key: name.key.clone(), hides: false },
        );
        let hidden = |version: &Version| {
            let name = ObjectName { bucket: bucket.to_owned(), key: version.key.clone() };
            state.vault.hidden.contains(&name).then(|| Version { hides: true, ..version.clone() })
        };
        let marks: Vec<_> = page.items.iter().filter_map(hidden).collect();
        page.items.extend(marks);
        Ok(page)
    }

    async fn locks(&self, at: &LogAccess, bucket: &str) -> Result<bool, ReadError> {
        let known = self.vault(api::GET_LOCK, at, bucket);
        match known {
            Err(error) if error.failure == ReadFailure::Invalid => Ok(false),
            known => known.map(|()| true),
        }
    }
}

impl FakeCloud {
    /// Counts the call; a bucket that cannot lock says what S3 says.
    fn vault(&self, api: &'static str, at: &LogAccess, bucket: &str) -> Result<(), ReadError> {
        let mut state = self.lock();
        state.count(api, &at.place)?;
        if state.vault.buckets.contains(bucket) {
            return Ok(());
        }
        let detail = "InvalidRequest: Bucket is missing Object Lock Configuration".to_owned();
        Err(ReadError { api, place: at.place.clone(), failure: ReadFailure::Invalid, detail })
    }
}
