//! Names of buckets, queues and keys.

use serde_json::Value as Json;
use url::Url;

use super::names::is_account;
use super::reader::Fault;
use super::setting::{Setting, quoted, text_of};
use super::tree::Value;
use crate::types::{AccountId, Region};

/// A bucket, as S3 allows new ones to be named.
pub(super) struct BucketName(pub(super) String);

impl Setting for BucketName {
    const KIND: &'static str = "bucket name";
    const PLURAL: &'static str = "array of bucket names";

    fn read(value: &Value) -> Result<Self, Fault> {
        let text = text_of("a string", value)?;
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-');
        let outer = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let fits = (3..=63).contains(&text.len()) && text.chars().all(inner) && text.starts_with(outer);
        if !fits || !text.ends_with(outer) {
            let help = "3 to 63 lower-case letters, digits, `-` and `.`; the name alone, without s3:// and folders";
            return Err(Fault::bad(format!("{} is not a bucket name", quoted(text))).help(help));
        }
        Ok(Self(text.to_owned()))
    }

    fn json(&self) -> Json {
        Json::from(self.0.as_str())
    }
}

/// What comes before `AWSLogs/`: empty, or ending in `/`.
pub(super) struct Prefix(pub(super) String);

impl Setting for Prefix {
    const KIND: &'static str = "string";

    fn read(value: &Value) -> Result<Self, Fault> {
        let text = text_of("a string", value)?;
        if text.split('/').any(|folder| folder == "AWSLogs") {
            let help = "the prefix is what comes before AWSLogs/; account, region and date are found by themselves";
            return Err(Fault::bad(format!("{} goes too far", quoted(text))).help(help));
        }
        let bare = text.trim_matches('/');
        Ok(Self(if bare.is_empty() { String::new() } else { format!("{bare}/") }))
    }

    fn json(&self) -> Json {
        Json::from(self.0.as_str())
    }
}

/// `o-…`, as the API reference of Organizations has it.
pub(super) struct OrganizationId(pub(super) String);

impl Setting for OrganizationId {
    const KIND: &'static str = "organization id";

    fn read(value: &Value) -> Result<Self, Fault> {
        let text = text_of("a string", value)?;
        let rest = text.strip_prefix("o-").unwrap_or_default();
        let fits =
            (10..=32).contains(&rest.len()) && rest.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        if !fits {
            let help = "organization ids look like o-a1b2c3d4e5";
            return Err(Fault::bad(format!("{} is not an organization id", quoted(text))).help(help));
        }
        Ok(Self(text.to_owned()))
    }

    fn json(&self) -> Json {
        Json::from(self.0.as_str())
    }
}

/// `arn:PARTITION:kms:REGION:ACCOUNT:key/ID`.
pub(super) struct KmsKey(pub(super) String);

impl Setting for KmsKey {
    const KIND: &'static str = "key ARN";
    const PLURAL: &'static str = "array of key ARNs";

    fn read(value: &Value) -> Result<Self, Fault> {
        let text = text_of("a string", value)?;
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let fits = matches!(parts.as_slice(), ["arn", partition, "kms", _, account, key]
            if partition.starts_with("aws") && is_account(account)
                && key.strip_prefix("key/").is_some_and(|id| !id.is_empty() && !id.contains(char::is_whitespace)));
        if !fits {
            let help = "key ARNs look like arn:aws:kms:eu-west-1:111122223333:key/ID; an alias cannot be granted";
            return Err(Fault::bad(format!("{} is not the ARN of a KMS key", quoted(text))).help(help));
        }
        Ok(Self(text.to_owned()))
    }

    fn json(&self) -> Json {
        Json::from(self.0.as_str())
    }
}

/// `https://sqs.REGION.amazonaws.com/ACCOUNT/NAME`.
pub(super) struct QueueUrl {
    pub(super) url: String,
    pub(super) account: AccountId,
    /// Where the host tells it; an endpoint of one's own does not.
    pub(super) region: Option<Region>,
}

impl Setting for QueueUrl {
    const KIND: &'static str = "queue URL";

    fn read(value: &Value) -> Result<Self, Fault> {
        let text = text_of("a string", value)?;
        let refused = || {
            let help = "queue URLs look like https://sqs.eu-west-1.amazonaws.com/111122223333/cattleguard";
            Fault::bad(format!("{} is not the URL of a queue", quoted(text))).help(help)
        };
        let url = Url::parse(text).map_err(|_| refused())?;
        let folders: Vec<&str> = url.path().split('/').filter(|folder| !folder.is_empty()).collect();
        let [account, _name] = folders.as_slice() else { return Err(refused()) };
        if !matches!(url.scheme(), "https" | "http") || !is_account(account) || url.query().is_some() {
            return Err(refused());
        }
        let labels: Vec<&str> = url.host_str().unwrap_or_default().split('.').collect();
        let region = match labels.as_slice() {
            ["sqs", region, "amazonaws", ..] | [_, "sqs", region, "vpce", ..] | [region, "queue", "amazonaws", ..] => {
                Some(Region::new(*region))
            }
            _ => None,
        };
        Ok(Self { url: text.to_owned(), account: AccountId::new(*account), region })
    }

    fn json(&self) -> Json {
        Json::from(self.url.as_str())
    }
}
