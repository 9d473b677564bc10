//! Buckets and queues of [`FailingCloud`]: ask the rules, then the wrapped source.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;

use super::api;
use super::failing::FailingCloud;
use crate::collect::{
    CloudRead, Listing, LogAccess, LogObject, LogQueue, LogStore, ObjectName, Page, PageToken, QueueDepth,
    QueueMessage, ReadError, ReadFailure, TrailLogs,
};

impl<C: CloudRead> FailingCloud<C> {
    fn inner_logs(&self, api: &'static str, at: &LogAccess) -> Result<&dyn TrailLogs, ReadError> {
        self.inner.logs().ok_or_else(|| ReadError {
            api,
            place: at.place.clone(),
            failure: ReadFailure::Invalid,
            detail: "the wrapped source has no logs".to_owned(),
        })
    }
}

#[async_trait]
impl<C: CloudRead> LogStore for FailingCloud<C> {
    async fn list_objects(
        &self,
        at: &LogAccess,
        listing: &Listing,
        next: Option<PageToken>,
    ) -> Result<Page<LogObject>, ReadError> {
        let limit = self.gate(api::LIST_BUCKET, &at.place, &listing.prefix, next.is_none())?;
        Ok(limit.page(self.inner_logs(api::LIST_BUCKET, at)?.list_objects(at, listing, next).await?))
    }

    async fn object(&self, at: &LogAccess, name: &ObjectName, limit: u64) -> Result<Option<Vec<u8>>, ReadError> {
        self.gate(api::GET_OBJECT, &at.place, &name.key, true)?;
        self.inner_logs(api::GET_OBJECT, at)?.object(at, name, limit).await
    }

    async fn folders(
        &self,
        at: &LogAccess,
        bucket: &str,
        prefix: &str,
        next: Option<PageToken>,
    ) -> Result<Page<String>, ReadError> {
        let limit = self.gate(api::LIST_BUCKET, &at.place, prefix, next.is_none())?;
        Ok(limit.page(self.inner_logs(api::LIST_BUCKET, at)?.folders(at, bucket, prefix, next).await?))
    }

    async fn metadata(&self, at: &LogAccess, name: &ObjectName) -> Result<BTreeMap<String, String>, ReadError> {
        self.gate(api::GET_OBJECT, &at.place, &name.key, true)?;
        self.inner_logs(api::GET_OBJECT, at)?.metadata(at, name).await
    }
}

#[async_trait]
impl<C: CloudRead> LogQueue for FailingCloud<C> {
    async fn receive(
        &self,
        at: &LogAccess,
        queue: &str,
        wait: Duration,
        visibility: Duration,
    ) -> Result<Vec<QueueMessage>, ReadError> {
        self.gate(api::RECEIVE, &at.place, queue, true)?;
        self.inner_logs(api::RECEIVE, at)?.receive(at, queue, wait, visibility).await
    }

    async fn extend(
        &self,
        at: &LogAccess,
        queue: &str,
        handles: &[String],
        visibility: Duration,
    ) -> Result<(), ReadError> {
        self.gate(api::EXTEND, &at.place, queue, true)?;
        self.inner_logs(api::EXTEND, at)?.extend(at, queue, handles, visibility).await
    }

    async fn delete(&self, at: &LogAccess, queue: &str, handles: &[String]) -> Result<(), ReadError> {
        self.gate(api::DELETE, &at.place, queue, true)?;
        self.inner_logs(api::DELETE, at)?.delete(at, queue, handles).await
    }

    async fn depth(&self, at: &LogAccess, queue: &str) -> Result<QueueDepth, ReadError> {
        self.gate(api::DEPTH, &at.place, queue, true)?;
        self.inner_logs(api::DEPTH, at)?.depth(at, queue).await
    }
}
