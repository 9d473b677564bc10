//! How CloudTrail names its log files in a bucket:
//! `[prefix/]AWSLogs/[o-id/]ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/ACCOUNT_CloudTrail_REGION_YYYYMMDDTHHMMZ_ID.json.gz`
//! ("Finding your CloudTrail log files", user guide).

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::collect::settings::BucketSource;
use crate::collect::trail::is_log_name;
use crate::types::Place;

/// The folder of management events; digests and insights have others.
const FOLDER: &str = "CloudTrail";

/// What the keys of an account-region begin with.
pub(super) fn prefix(source: &BucketSource, place: &Place) -> String {
    let organization = source.organization.as_ref().map(|id| format!("{id}/")).unwrap_or_default();
    let Place { account, region } = place;
    format!("{}AWSLogs/{organization}{account}/{FOLDER}/{region}/", source.prefix)
}

/// A key that sorts before every file delivered in the minute of this time or later, and after all others. Years,
/// months and days sort as they follow each other, so one listing goes through all days.
pub(super) fn before(source: &BucketSource, place: &Place, from: Timestamp) -> String {
    let (day, minute) = (from.strftime("%Y/%m/%d"), from.strftime("%Y%m%dT%H%M"));
    let Place { account, region } = place;
    format!("{}{day}/{account}_{FOLDER}_{region}_{minute}", prefix(source, place))
}

/// When a file was delivered, by its name.
pub(super) fn delivered_at(key: &str) -> Option<Timestamp> {
    let name = key.rsplit('/').next()?;
    let stamp = |part: &str| DateTime::strptime("%Y%m%dT%H%MZ", part).ok();
    let time = name.split('_').rev().find_map(stamp)?;
    TimeZone::UTC.to_timestamp(time).ok()
}

/// Whether a key is that of a log file of management events: not of a digest, an insight, or another service.
pub(super) fn is_log(key: &str) -> bool {
    let mut folders = key.split('/');
    let name = folders.next_back().unwrap_or_default();
    is_log_name(name) && folders.any(|folder| folder == FOLDER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::LogAccess;

    fn source(prefix: &str, organization: Option<&str>) -> BucketSource {
        let place = Place::new("111122223333", "eu-west-1");
        BucketSource {
            access: LogAccess { place, role: None, external_id: None, source_identity: None },
            bucket: "trail".to_owned(),
            prefix: prefix.to_owned(),
            organization: organization.map(str::to_owned),
            objects: 10,
            kms_keys: Vec::new(),
        }
    }

    #[test]
    fn a_listing_starts_at_the_minute_and_goes_on_through_the_days() {
        let place = Place::new("444455556666", "eu-west-2");
        let from = "2026-11-30T23:59:30Z".parse().unwrap();
        let start = before(&source("audit/", Some("o-abc")), &place, from);
        let folder = "audit/AWSLogs/o-abc/444455556666/CloudTrail/eu-west-2/";
        assert_eq!(start, format!("{folder}2026/11/30/444455556666_CloudTrail_eu-west-2_20261130T2359"));
        let key = |day: &str, stamp: &str| format!("{folder}{day}/444455556666_CloudTrail_eu-west-2_{stamp}_x.json.gz");
        assert!(key("2026/11/30", "20261130T2355Z") < start);
        assert!(key("2026/11/30", "20261130T2359Z") > start);
        assert!(key("2026/12/01", "20261201T0000Z") > key("2026/11/30", "20261130T2359Z"));
    }

    #[test]
    fn the_name_tells_the_delivery_time_and_the_kind() {
        let key = "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/11/24/\
                   111122223333_CloudTrail_eu-west-1_20261124T0205Z_aB3d_5.json.gz";
        assert_eq!(delivered_at(key), Some("2026-11-24T02:05:00Z".parse().unwrap()));
        assert_eq!(delivered_at("AWSLogs/x.json"), None);
        assert!(is_log(key));
        for other in [
            "AWSLogs/1/CloudTrail-Digest/eu-west-1/2026/11/24/1_CloudTrail-Digest_eu-west-1_t_20261124T0205Z.json.gz",
            "AWSLogs/1/CloudTrail-Insight/eu-west-1/2026/11/24/1_CloudTrail-Insight_x.json.gz",
            "AWSLogs/1/Config/eu-west-1/2026/11/24/ConfigHistory/x.json.gz",
            "AWSLogs/1/CloudTrail/",
            "AWSLogs/1/CloudTrail",
        ] {
            assert!(!is_log(other), "{other}");
        }
    }
}
