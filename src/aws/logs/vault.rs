//! Buckets with object lock.

use async_trait::async_trait;
use aws_sdk_s3::types::{ObjectLockEnabled, ObjectLockMode};
use aws_smithy_types::DateTime;
use aws_smithy_types::error::metadata::ProvideErrorMetadata as _;
use jiff::Timestamp;

use crate::aws::AwsCloud;
use crate::aws::throttle::Family;
use crate::collect::{LogAccess, ObjectName, Page, PageToken, ReadError};
use crate::report::anchor::{AnchorVault, LockMode, Put, Version};

const PUT_OBJECT: &str = "s3:PutObject";
/// The action of `ListObjectVersions`.
const LIST_VERSIONS: &str = "s3:ListBucketVersions";
/// The action of `GetObjectLockConfiguration`.
const GET_LOCK: &str = "s3:GetBucketObjectLockConfiguration";

/// Between the two markers of a page; no key and no version id has it.
const SEPARATOR: char = '\n';

#[async_trait]
impl AnchorVault for AwsCloud {
    async fn put_locked(
        &self,
        at: &LogAccess,
        name: &ObjectName,
        body: Vec<u8>,
        mode: LockMode,
        until: Timestamp,
    ) -> Result<Put, ReadError> {
        let clients = self.logs.at(at);
        let mode = match mode {
            LockMode::Governance => ObjectLockMode::Governance,
            LockMode::Compliance => ObjectLockMode::Compliance,
        };
        let request = clients
            .s3
            .put_object()
            .bucket(&name.bucket)
            .key(&name.key)
            .content_type("application/json")
            .object_lock_mode(mode)
            .object_lock_retain_until_date(DateTime::from_secs(until.as_second()))
            // Nothing that is there is ever replaced, not even by the same.
            .if_none_match("*")
            .body(body.into());
        match clients.attempt(Family::S3, request.send()).await {
            Ok(_) => Ok(Put::New),
            Err(error) if error.code() == Some("PreconditionFailed") => Ok(Put::There),
            Err(error) => Err(clients.failed(PUT_OBJECT, &error)),
        }
    }

    async fn versions(
        &self,
        at: &LogAccess,
        bucket: &str,
        prefix: &str,
        next: Option<PageToken>,
    ) -> Result<Page<Version>, ReadError> {
        let clients = self.logs.at(at);
        let markers = next.as_ref().and_then(|token| token.0.split_once(SEPARATOR));
        let request = clients
            .s3
            .list_object_versions()
            .bucket(bucket)
            .prefix(prefix)
            .set_key_marker(markers.map(|(key, _)| key.to_owned()))
            .set_version_id_marker(markers.map(|(_, id)| id.to_owned()).filter(|id| !id.is_empty()));
        let answer = clients.call(Family::S3, LIST_VERSIONS, request.send()).await?;
        let kept = answer.versions.unwrap_or_default().into_iter().filter_map(|version| version.key);
        let marks = answer.delete_markers.unwrap_or_default().into_iter().filter_map(|mark| mark.key);
        let version = |hides| move |key| Version { key, hides };
        let items = kept.map(version(false)).chain(marks.map(version(true))).collect();
        let id = answer.next_version_id_marker.unwrap_or_default();
        let next = answer.next_key_marker.filter(|_| answer.is_truncated.unwrap_or(false));
        Ok(Page { items, next: next.map(|key| PageToken(format!("{key}{SEPARATOR}{id}"))) })
    }

    async fn locks(&self, at: &LogAccess, bucket: &str) -> Result<bool, ReadError> {
        let clients = self.logs.at(at);
        let request = clients.s3.get_object_lock_configuration().bucket(bucket);
        match clients.attempt(Family::S3, request.send()).await {
            Ok(answer) => {
                let lock = answer.object_lock_configuration.and_then(|lock| lock.object_lock_enabled);
                Ok(lock == Some(ObjectLockEnabled::Enabled))
            }
            Err(error) if error.code() == Some("ObjectLockConfigurationNotFoundError") => Ok(false),
            Err(error) => Err(clients.failed(GET_LOCK, &error)),
        }
    }
}
