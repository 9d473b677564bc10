//! A trail's bucket itself: log files, digest files, and their signatures in the metadata of the objects.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::key::{DIGESTS, LOGS, ROOT, Site, is_account};
use super::objects::{ObjectSignature, TrailObjects};
use super::remote::{AT_ONCE, BucketReader, Remote, remote};
use crate::collect::logs::{Listing, LogAccess};
use crate::types::{AccountId, Region};

/// User metadata of a digest file ("Custom implementations of CloudTrail log file integrity validation", user guide).
const SIGNATURE: &str = "signature";
const ALGORITHM: &str = "signature-algorithm";

/// Keys sort by day. The digest before the first one that is asked for is looked for in the days before: it says what
/// that one must follow.
const BEFORE: SignedDuration = SignedDuration::from_hours(24);

/// Which part of a bucket is verified: all accounts and regions below a prefix, or some.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BucketScope {
    /// Bucket.
    pub bucket: String,
    /// What comes before `AWSLogs/`: empty, or ending in `/`.
    pub prefix: String,
    /// Only the trail of this organisation.
    pub organization: Option<String>,
    /// Only this account.
    pub account: Option<AccountId>,
    /// Only this region.
    pub region: Option<Region>,
}

impl BucketScope {
    /// Reads `s3://BUCKET[/PREFIX][/AWSLogs[/ORGANISATION][/ACCOUNT[/CloudTrail|/CloudTrail-Digest[/REGION]]]]`.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub fn parse(url: &str) -> Result<Self, String> {
        let rest = url.strip_prefix("s3://").ok_or("a bucket is written as s3://BUCKET/PREFIX")?;
        let mut parts = rest.split('/').filter(|part| !part.is_empty());
        let bucket = parts.next().filter(|_| !rest.starts_with('/')).ok_or("there is no bucket in it")?.to_owned();
        let before: Vec<&str> = parts.by_ref().take_while(|part| *part != ROOT).collect();
        let prefix = before.iter().map(|part| format!("{part}/")).collect();
        let mut scope = Self { bucket, prefix, ..Self::default() };
        let mut below = parts.peekable();
        scope.organization = below.next_if(|part| is_organization(part)).map(str::to_owned);
        scope.account = below.next_if(|part| is_account(part)).map(AccountId::new);
        if scope.account.is_some() && below.next_if(|part| [LOGS, DIGESTS].contains(part)).is_some() {
            scope.region = below.next().map(Region::new);
        }
        match below.next() {
            None => Ok(scope),
            Some(_) => Err("give it at most as far as the region; --since limits the time".to_owned()),
        }
    }
}

/// A trail's bucket. What it needs is asked of a [`BucketReader`].
#[derive(Debug)]
pub struct Bucket {
    remote: Remote,
    scope: BucketScope,
    since: Option<Timestamp>,
    /// The digest files, once they were listed.
    listed: Mutex<Option<Vec<String>>>,
}

impl Bucket {
    /// Part of a bucket, and what answers for it: [`BucketReader::serve`] has to run while the bucket is used, and
    /// ends when it is dropped. With `since`, what is a day older is not listed.
    pub fn open(access: &LogAccess, scope: BucketScope, since: Option<Timestamp>) -> (Self, BucketReader) {
        let (remote, reader) = remote(access, &scope.bucket);
        (Self { remote, scope, since, listed: Mutex::new(None) }, reader)
    }

    /// The keys up to and with each account.
    fn bases(&self) -> io::Result<Vec<String>> {
        let BucketScope { prefix, organization, account, .. } = &self.scope;
        let root = format!("{prefix}{ROOT}/");
        let inside = |root: &str, name: &str| format!("{root}{name}/");
        let roots: Vec<String> = match (organization, account) {
            (Some(id), _) => vec![inside(&root, id)],
            (None, Some(_)) => vec![root],
            (None, None) => {
                let names = self.remote.folders(&root)?;
                let organizations = names.iter().filter(|name| is_organization(name)).map(|id| inside(&root, id));
                organizations.chain([root.clone()]).collect()
            }
        };
        let mut bases = Vec::new();
        for root in roots {
            let names = match account {
                Some(account) => vec![account.to_string()],
                None => self.remote.folders(&root)?,
            };
            bases.extend(names.iter().filter(|name| is_account(name)).map(|account| format!("{root}{account}")));
        }
        Ok(bases)
    }

    fn list_digests(&self, sink: &mut dyn FnMut(&str)) -> io::Result<()> {
        for base in self.bases()? {
            let folder = format!("{base}/{DIGESTS}/");
            let regions = match &self.scope.region {
                Some(region) => vec![region.to_string()],
                None => self.remote.folders(&folder)?,
            };
            for region in regions {
                self.list(format!("{folder}{region}/"), sink)?;
            }
        }
        Ok(())
    }

    /// The keys of a folder that has one of each year, month and day in it.
    fn list(&self, prefix: String, sink: &mut dyn FnMut(&str)) -> io::Result<()> {
        let from = self.since.map(|since| since.checked_sub(BEFORE).unwrap_or(since));
        let after = from.map(|from| format!("{prefix}{}", from.strftime("%Y/%m/%d")));
        self.remote.list(&Listing { bucket: self.scope.bucket.clone(), prefix, after }, sink)
    }
}

impl TrailObjects for Bucket {
    fn digests(&self, sink: &mut dyn FnMut(&str)) -> io::Result<()> {
        let mut listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keys) = listed.as_ref() {
            keys.iter().for_each(|key| sink(key));
            return Ok(());
        }
        let mut keys = Vec::new();
        self.list_digests(&mut |key| {
            sink(key);
            keys.push(key.to_owned());
        })?;
        *listed = Some(keys);
        Ok(())
    }

    fn sites(&self, sink: &mut dyn FnMut(Site)) -> io::Result<()> {
        for base in self.bases()? {
            let folder = format!("{base}/{LOGS}/");
            let regions = match &self.scope.region {
                Some(region) => vec![region.to_string()],
                None => self.remote.folders(&folder)?,
            };
            regions.iter().filter_map(|region| Site::of_logs(&format!("{folder}{region}"))).for_each(&mut *sink);
        }
        Ok(())
    }

    fn logs(&self, site: &Site, sink: &mut dyn FnMut(&str)) -> io::Result<()> {
        self.list(format!("{}/{LOGS}/{}/", site.base, site.region), sink)
    }

    fn open(&self, key: &str) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(Cursor::new(self.remote.object(key)?)))
    }

    fn signature(&self, key: &str) -> io::Result<Option<ObjectSignature>> {
        let mut metadata: BTreeMap<String, String> = self.remote.metadata(key)?;
        let algorithm = metadata.remove(ALGORITHM);
        Ok(metadata.remove(SIGNATURE).map(|hex| ObjectSignature { hex, algorithm }))
    }

    fn at_once(&self) -> usize {
        AT_ONCE
    }
}

fn is_organization(name: &str) -> bool {
    name.starts_with("o-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_as_much_as_is_wanted() {
        let parse = |url: &str| {
            BucketScope::parse(url).map(|scope| {
                let BucketScope { bucket, prefix, organization, account, region } = scope;
                [
                    bucket,
                    prefix,
                    organization.unwrap_or_default(),
                    account.map_or(String::new(), |id| id.to_string()),
                    region.map_or(String::new(), |region| region.to_string()),
                ]
            })
        };
        let is = |parts: [&str; 5]| Ok(parts.map(str::to_owned));
        assert_eq!(parse("s3://trail"), is(["trail", "", "", "", ""]));
        assert_eq!(parse("s3://trail/a/b/"), is(["trail", "a/b/", "", "", ""]));
        let account = "s3://trail/AWSLogs/o-abc/111122223333";
        assert_eq!(parse(account), is(["trail", "", "o-abc", "111122223333", ""]));
        let region = is(["trail", "", "o-abc", "111122223333", "eu-west-1"]);
        assert_eq!(parse(&format!("{account}/CloudTrail-Digest/eu-west-1/")), region);
        assert_eq!(parse(&format!("{account}/CloudTrail/eu-west-1")), region);
        for wrong in ["trail", "s3://", "s3:///x", &format!("{account}/CloudTrail/eu-west-1/2026"), "s3://b/AWSLogs/x"]
        {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
