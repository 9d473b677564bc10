//! Names of objects in a trail's bucket ("CloudTrail log file name format" and "Digest file location", user guide).

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::types::{AccountId, Region};

/// The folder that every path of CloudTrail goes through.
pub(super) const ROOT: &str = "AWSLogs";
/// The folder of digest files below an account.
pub(super) const DIGESTS: &str = "CloudTrail-Digest";
/// The folder of log files below an account.
pub(super) const LOGS: &str = "CloudTrail";
const SUFFIX: &str = ".json.gz";
const BACKFILL: &str = "_backfill";

/// The log files of one account and region in one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Site {
    /// The key up to and with the account, e.g. `prefix/AWSLogs/111122223333`.
    pub base: String,
    /// Account.
    pub account: AccountId,
    /// Region.
    pub region: Region,
}

impl Site {
    /// Reads the folder of its log files, `…/AWSLogs/[ORG/]ACCOUNT/CloudTrail/REGION`.
    pub fn of_logs(folder: &str) -> Option<Self> {
        let (base, region) = folder.split_once(&format!("/{LOGS}/"))?;
        from_root(base)?;
        let account = base.rsplit('/').next().filter(|account| is_account(account))?;
        let site = || Self { base: base.to_owned(), account: AccountId::new(account), region: Region::new(region) };
        is_name(region).then(site)
    }

    /// The key here of an object that CloudTrail put at `key`: the same from `AWSLogs` on. `None` for a key that
    /// would lead out of it.
    pub(super) fn locate(&self, key: &str) -> Option<String> {
        let safe = key.split('/').all(|part| !part.is_empty() && part != "." && part != "..") && !key.contains('\0');
        let prefix = self.base.strip_suffix(from_root(&self.base)?)?;
        safe.then(|| from_root(key).map(|rest| format!("{prefix}{rest}"))).flatten()
    }
}

/// What the name of a digest file says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DigestKey {
    /// Where its log files are.
    pub site: Site,
    /// Name of the trail.
    pub trail: String,
    /// Home region of the trail.
    pub home: Region,
    /// One of those that list log files which were late; they are a chain of their own.
    pub backfill: bool,
    /// End of its hour.
    pub end: Timestamp,
    /// The key itself.
    pub key: String,
}

impl DigestKey {
    /// Reads `…/AWSLogs/[ORG/]ACCOUNT/CloudTrail-Digest/REGION/Y/M/D/ACCOUNT_CloudTrail-Digest_REGION_TRAIL_HOME_TIME.json.gz`.
    pub fn parse(key: &str) -> Option<Self> {
        let (base, rest) = key.split_once(&format!("/{DIGESTS}/"))?;
        from_root(base)?;
        let account = base.rsplit('/').next().filter(|account| is_account(account))?;
        let (region, path) = rest.split_once('/')?;
        let name = path.rsplit('/').next()?.strip_suffix(SUFFIX)?;
        let name = name.strip_prefix(account)?.strip_prefix('_')?.strip_prefix(DIGESTS)?.strip_prefix('_')?;
        let name = name.strip_prefix(region)?.strip_prefix('_')?;
        let (name, backfill) = name.strip_suffix(BACKFILL).map_or((name, false), |name| (name, true));
        let (name, time) = name.rsplit_once('_')?;
        let (trail, home) = name.rsplit_once('_')?;
        if ![region, trail, home].into_iter().all(is_name) {
            return None;
        }
        Some(Self {
            site: Site { base: base.to_owned(), account: AccountId::new(account), region: Region::new(region) },
            trail: trail.to_owned(),
            home: Region::new(home),
            backfill,
            end: time_of("%Y%m%dT%H%M%SZ", time)?,
            key: key.to_owned(),
        })
    }

    /// Whether both belong to one chain.
    pub(super) fn same_chain(&self, other: &Self) -> bool {
        let Self { site, trail, home, backfill, end: _, key: _ } = self;
        *site == other.site && *trail == other.trail && *home == other.home && *backfill == other.backfill
    }
}

/// When CloudTrail delivered a log file, by its name: `ACCOUNT_CloudTrail_REGION_TIME_UNIQUE.json.gz`. `None` when it
/// is not named like one.
pub(super) fn delivered(key: &str) -> Option<Timestamp> {
    let name = key.rsplit('/').next()?.strip_suffix(SUFFIX)?;
    let (account, name) = name.split_once('_')?;
    let name = name.strip_prefix(LOGS)?.strip_prefix('_').filter(|_| is_account(account))?;
    time_of("%Y%m%dT%H%MZ", name.split('_').nth(1)?)
}

/// The key from `AWSLogs` on.
pub(super) fn from_root(key: &str) -> Option<&str> {
    if key == ROOT || key.starts_with(&format!("{ROOT}/")) {
        return Some(key);
    }
    let at = key.find(&format!("/{ROOT}/"))?;
    key.get(at + 1..)
}

pub(super) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether it can name a trail ("Naming requirements for CloudTrail resources", user guide: 3 to 128 of these
/// characters) or a region.
fn is_name(text: &str) -> bool {
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (3..=128).contains(&text.len()) && text.bytes().all(is_known)
}

fn time_of(format: &str, text: &str) -> Option<Timestamp> {
    TimeZone::UTC.to_timestamp(DateTime::strptime(format, text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "copy/AWSLogs/o-abc/111122223333/CloudTrail-Digest/us-east-2/2015/08/17/\
                          111122223333_CloudTrail-Digest_us-east-2_a_trail.of-mine_eu-west-1_20150817T150131Z.json.gz";

    #[test]
    fn the_parts_of_a_digests_name() {
        let key = DigestKey::parse(DIGEST).expect("a digest");
        assert_eq!((key.trail.as_str(), key.home.as_str()), ("a_trail.of-mine", "eu-west-1"));
        assert_eq!(key.site.base, "copy/AWSLogs/o-abc/111122223333");
        assert_eq!((key.site.region.as_str(), key.backfill), ("us-east-2", false));
        assert_eq!(key.end.to_string(), "2015-08-17T15:01:31Z");
        let late = DigestKey::parse(&DIGEST.replace("31Z.json", "31Z_backfill.json")).expect("a digest");
        assert!(late.backfill && !late.same_chain(&key));
        for other in [
            "x.json.gz",
            &DIGEST.replace("AWSLogs", "logs"),
            &DIGEST.replace("T150131Z", "T990131Z"),
            &DIGEST.replace("us-east-2", "\u{1b}[31m"),
            &DIGEST.replace("a_trail", "a\u{202e}trail"),
            &DIGEST.replace("eu-west-1", "eu west"),
        ] {
            assert_eq!(DigestKey::parse(other), None, "{other}");
        }
    }

    #[test]
    fn the_folder_of_log_files_names_account_and_region() {
        let site =
            Site::of_logs("copy/AWSLogs/o-abc/111122223333/CloudTrail/us-east-2").expect("a folder of log files");
        assert_eq!(site, DigestKey::parse(DIGEST).expect("a digest").site);
        for other in [
            "AWSLogs/1/CloudTrail/us-east-2",
            "111122223333/CloudTrail/us-east-2",
            "AWSLogs/111122223333/CloudTrail",
            "AWSLogs/111122223333/CloudTrail/us-east-2/2026",
            "AWSLogs/111122223333/CloudTrail-Digest/us-east-2",
        ] {
            assert_eq!(Site::of_logs(other), None, "{other}");
        }
    }

    #[test]
    fn the_time_in_a_log_files_name() {
        let at =
            delivered("AWSLogs/1/CloudTrail/x/111122223333_CloudTrail_us-east-2_20150817T1435Z_1nkIvEVkLz.json.gz");
        assert_eq!(at.map(|at| at.to_string()).as_deref(), Some("2015-08-17T14:35:00Z"));
        assert_eq!(delivered("111122223333_CloudTrail-Insight_us-east-2_20150817T1435Z_1nkIvEVkLz.json.gz"), None);
    }

    #[test]
    fn what_a_digest_names_stays_below_the_folder() {
        let site = DigestKey::parse(DIGEST).expect("a digest").site;
        assert_eq!(site.locate("prefix/AWSLogs/o-abc/1/x.gz").as_deref(), Some("copy/AWSLogs/o-abc/1/x.gz"));
        for hostile in ["AWSLogs/../../etc/passwd", "/etc/passwd", "AWSLogs//x", "x.gz", "AWSLogs/./x", "AWSLogs/a\0b"]
        {
            assert_eq!(site.locate(hostile), None, "{hostile}");
        }
    }
}
