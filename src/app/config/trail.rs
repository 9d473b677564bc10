//! `collect.trail`: where change events come from, and as whom they are read.

use std::path::PathBuf;

use serde_json::{Map, Value as Json, json};

use super::account::{AccountConfig, ExternalId, RoleArn};
use super::reader::{Fault, nearest};
use super::section::{Mixed, Section};
use super::setting::{Setting, quoted};
use super::trail_names::{BucketName, KmsKey, OrganizationId, Prefix, QueueUrl};
use crate::collect::{BucketSource, LogAccess, QueueSource, TrailSource};
use crate::types::{AccountId, Place, Region};

const SHAPE: &str =
    "write \"lookup\", { dir = \"/path\" }, { s3 = \"BUCKET\" } or { sqs = \"URL\", buckets = [\"BUCKET\"] }";
const KINDS: [&str; 3] = ["dir", "s3", "sqs"];
/// Some minutes of reading: then a scan has a result, and the next one goes on.
const DEFAULT_LIMIT: u32 = 10_000;

pub(super) fn read(section: &mut Section<'_, '_>, accounts: &[AccountConfig]) -> Vec<TrailSource> {
    let mixed = Mixed {
        kind: "a trail source",
        plural: "array of trail sources",
        default: vec![TrailSource::Lookup],
        json: shown,
        word,
    };
    let sources = section.mixed("trail", mixed, |section| table(section, accounts));
    let names: Vec<String> = sources.iter().map(TrailSource::name).collect();
    for (index, name) in names.iter().enumerate() {
        if names.iter().take(index).any(|before| before == name) {
            section
                .fault("trail", Fault::new("duplicate", format!("`collect.trail`: {} is listed twice", quoted(name))));
        }
    }
    sources
}

fn word(text: &str) -> Result<TrailSource, Fault> {
    if text == "lookup" {
        return Ok(TrailSource::Lookup);
    }
    let fault = Fault::bad(format!("{} is not a trail source", quoted(text))).help(SHAPE);
    Err(match nearest(text, ["lookup"]) {
        Some(near) => fault.label(format!("did you mean `{near}`?")),
        None => fault,
    })
}

fn table(section: &mut Section<'_, '_>, accounts: &[AccountConfig]) -> Option<TrailSource> {
    let given: Vec<&str> = KINDS.into_iter().filter(|kind| section.has(kind)).collect();
    match given.as_slice() {
        &["dir"] => section.required::<Folder>("dir").map(|folder| TrailSource::Dir(section.resolve(&folder.0))),
        &["s3"] => bucket(section, accounts).map(TrailSource::S3),
        &[_] => queue(section, accounts).map(TrailSource::Sqs),
        [] if section.is_empty() => {
            section.fault("", Fault::bad("an empty table is not a trail source").help(SHAPE));
            None
        }
        [] => {
            // Asked for, so that what is there is compared with these.
            let _ = KINDS.map(|kind| section.optional::<String>(kind));
            None
        }
        [first, second, ..] => {
            let message = format!("a trail source is either `{first}` or `{second}`");
            section.fault(second, Fault::bad(message).help("write each as a source of its own"));
            section.forget_unknown();
            None
        }
    }
}

fn bucket(section: &mut Section<'_, '_>, accounts: &[AccountConfig]) -> Option<BucketSource> {
    let bucket = section.required::<BucketName>("s3");
    let prefix = section.or("prefix", Prefix(String::new()));
    let organization = section.optional::<OrganizationId>("organization");
    let access = access(section, accounts, None);
    let kms_keys = section.list::<KmsKey>("kms_keys", Some(Vec::new()));
    let objects = limit(section, "objects");
    Some(BucketSource {
        access,
        bucket: bucket?.0,
        prefix: prefix.0,
        organization: organization.map(|id| id.0),
        objects,
        kms_keys: kms_keys.into_iter().map(|key| key.0).collect(),
    })
}

fn queue(section: &mut Section<'_, '_>, accounts: &[AccountConfig]) -> Option<QueueSource> {
    let url = section.required::<QueueUrl>("sqs");
    // Without a list, whoever may send to the queue could have events read from a bucket of their own.
    let buckets = section.list::<BucketName>("buckets", None);
    let access = access(section, accounts, url.as_ref());
    let kms_keys = section.list::<KmsKey>("kms_keys", Some(Vec::new()));
    let messages = limit(section, "messages");
    Some(QueueSource {
        access,
        url: url?.url,
        buckets: buckets.into_iter().map(|bucket| bucket.0).collect(),
        messages,
        kms_keys: kms_keys.into_iter().map(|key| key.0).collect(),
    })
}

/// The account is named, or is that of the role or of the queue, or else the first; the role is named, or is the one
/// that reads the account.
pub(super) fn access(section: &mut Section<'_, '_>, accounts: &[AccountConfig], queue: Option<&QueueUrl>) -> LogAccess {
    let account = section.optional::<AccountId>("account");
    let region = section.optional::<Region>("region");
    let role = section.optional::<RoleArn>("role").map(|role| role.0);
    let external_id = section.optional::<ExternalId>("external_id").map(|id| id.0);
    let role_account = role.as_ref().and_then(|arn| arn.split(':').nth(4)).map(AccountId::new);
    if external_id.is_some() && role.is_none() {
        section.fault("external_id", Fault::bad("`external_id` has no effect without `role`"));
    }
    let first = accounts.first();
    let account = account
        .or_else(|| queue.map(|queue| queue.account.clone()))
        .or(role_account)
        .or_else(|| first.map(|account| account.id.clone()))
        .unwrap_or_else(|| AccountId::new(""));
    let region = region
        .or_else(|| queue.and_then(|queue| queue.region.clone()))
        .or_else(|| first.and_then(|account| account.regions.first().cloned()))
        .unwrap_or_else(|| Region::new(""));
    let configured = accounts.iter().find(|known| known.id == account);
    let reading = configured.filter(|known| role.is_none() || known.role == role);
    LogAccess {
        place: Place { account, region },
        external_id: external_id.or_else(|| reading.and_then(|known| known.external_id.clone())),
        source_identity: reading.and_then(|known| known.source_identity.clone()),
        role: role.or_else(|| reading.and_then(|known| known.role.clone())),
    }
}

fn limit(section: &mut Section<'_, '_>, key: &'static str) -> usize {
    let limit = section.or(key, DEFAULT_LIMIT);
    if limit == 0 {
        section.fault(key, Fault::bad(format!("`{key}`: with 0 nothing would ever be read")));
    }
    usize::try_from(limit).unwrap_or(usize::MAX)
}

fn shown(source: &TrailSource) -> Json {
    let mut table = Map::new();
    let mut put = |key: &str, value: Json| table.insert(key.to_owned(), value);
    let access = match source {
        TrailSource::Lookup => return json!("lookup"),
        TrailSource::Dir(path) => return json!({ "dir": path.display().to_string() }),
        TrailSource::S3(BucketSource { access, bucket, prefix, organization, objects, kms_keys }) => {
            put("s3", json!(bucket));
            put("prefix", json!(prefix));
            organization.as_ref().map(|id| put("organization", json!(id)));
            put("objects", json!(objects));
            put("kms_keys", json!(kms_keys));
            access
        }
        TrailSource::Sqs(QueueSource { access, url, buckets, messages, kms_keys }) => {
            put("sqs", json!(url));
            put("buckets", json!(buckets));
            put("messages", json!(messages));
            put("kms_keys", json!(kms_keys));
            access
        }
    };
    put("account", json!(access.place.account));
    put("region", json!(access.place.region));
    access.role.as_ref().map(|role| put("role", json!(role)));
    access.external_id.as_ref().map(|id| put("external_id", json!(id)));
    Json::Object(table)
}

/// A path.
struct Folder(PathBuf);

impl Setting for Folder {
    const KIND: &'static str = "path";

    fn read(value: &super::tree::Value) -> Result<Self, Fault> {
        String::read(value).map(|text| Self(PathBuf::from(text)))
    }

    fn json(&self) -> Json {
        Json::from(self.0.display().to_string())
    }
}
