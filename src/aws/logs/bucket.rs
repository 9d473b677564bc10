//! Buckets.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::clients::LogClients;
use crate::aws::AwsCloud;
use crate::aws::ec2::token;
use crate::aws::throttle::Family;
use crate::aws::time::timestamp;
use crate::collect::{Listing, LogAccess, LogObject, LogStore, ObjectName, Page, PageToken, ReadError, ReadFailure};

/// The action of `ListObjectsV2`.
pub(in crate::aws) const LIST_BUCKET: &str = "s3:ListBucket";
pub(in crate::aws) const GET_OBJECT: &str = "s3:GetObject";

#[async_trait]
impl LogStore for AwsCloud {
    async fn list_objects(
        &self,
        at: &LogAccess,
        listing: &Listing,
        next: Option<PageToken>,
    ) -> Result<Page<LogObject>, ReadError> {
        let clients = self.logs.at(at);
        let Listing { bucket, prefix, after } = listing;
        let request = clients
            .s3
            .list_objects_v2()
            .bucket(bucket)
            .prefix(prefix)
            .set_start_after(after.clone())
            .set_continuation_token(next.map(|token| token.0));
        let answer = clients.call(Family::S3, LIST_BUCKET, request.send()).await?;
        let objects = answer.contents.unwrap_or_default().into_iter().filter_map(|object| {
            Some(LogObject {
                key: object.key?,
                etag: object.e_tag.unwrap_or_default().trim_matches('"').to_owned(),
                size: object.size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
                modified: object.last_modified.as_ref().and_then(timestamp),
            })
        });
        let more = answer.is_truncated.unwrap_or(false);
        Ok(Page { items: objects.collect(), next: token(answer.next_continuation_token.filter(|_| more)) })
    }

    async fn object(&self, at: &LogAccess, name: &ObjectName, limit: u64) -> Result<Option<Vec<u8>>, ReadError> {
        let clients = self.logs.at(at);
        // The SDK's own limit ends with the first byte.
        match tokio::time::timeout(clients.time, fetch(&clients, name, limit)).await {
            Ok(done) => done,
            Err(_) => Err(clients.error(GET_OBJECT, ReadFailure::Timeout, "its bytes came too slowly")),
        }
    }

    async fn folders(
        &self,
        at: &LogAccess,
        bucket: &str,
        prefix: &str,
        next: Option<PageToken>,
    ) -> Result<Page<String>, ReadError> {
        let clients = self.logs.at(at);
        let request = clients
            .s3
            .list_objects_v2()
            .bucket(bucket)
            .prefix(prefix)
            .delimiter("/")
            .set_continuation_token(next.map(|token| token.0));
        let answer = clients.call(Family::S3, LIST_BUCKET, request.send()).await?;
        let folders = answer.common_prefixes.unwrap_or_default().into_iter().filter_map(|folder| folder.prefix);
        let more = answer.is_truncated.unwrap_or(false);
        Ok(Page { items: folders.collect(), next: token(answer.next_continuation_token.filter(|_| more)) })
    }

    async fn metadata(&self, at: &LogAccess, name: &ObjectName) -> Result<BTreeMap<String, String>, ReadError> {
        let clients = self.logs.at(at);
        let request = clients.s3.head_object().bucket(&name.bucket).key(&name.key);
        let answer = clients.call(Family::S3, GET_OBJECT, request.send()).await?;
        Ok(answer.metadata.unwrap_or_default().into_iter().collect())
    }
}

async fn fetch(clients: &LogClients, name: &ObjectName, limit: u64) -> Result<Option<Vec<u8>>, ReadError> {
    let request = clients.s3.get_object().bucket(&name.bucket).key(&name.key);
    let answer = clients.call(Family::S3, GET_OBJECT, request.send()).await?;
    let said = answer.content_length.and_then(|length| u64::try_from(length).ok());
    if said.is_some_and(|length| length > limit) {
        return Ok(None);
    }
    let mut body = answer.body;
    let mut bytes = Vec::with_capacity(said.and_then(|length| usize::try_from(length).ok()).unwrap_or_default());
    let broken = |error: &dyn std::fmt::Display| {
        clients.error(GET_OBJECT, ReadFailure::Timeout, format!("the connection broke: {error}"))
    };
    while let Some(part) = body.try_next().await.map_err(|error| broken(&error))? {
        bytes.extend_from_slice(&part);
        if bytes.len() as u64 > limit {
            return Ok(None);
        }
    }
    if said.is_some_and(|length| length != bytes.len() as u64) {
        return Err(broken(&"it ended early"));
    }
    Ok(Some(bytes))
}
