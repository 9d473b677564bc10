//! `[schedule]`: when the daemon scans.

use std::cmp::Ordering;

use croner::errors::CronError;
use croner::{CivilDate, CivilDateTime, CivilTime, Cron, CronDateTime, Resolution, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, ZonedDateTime};
use serde_json::Value as Json;

use super::reader::Fault;
use super::section::Section;
use super::setting::{Setting, quoted, text_of};
use super::tree::Value;
use super::window::Zone;

/// The daemon's schedule.
#[derive(Clone, Debug)]
pub struct ScheduleConfig {
    /// Cron pattern: minute, hour, day of month, month, day of week; an optional field of seconds in front.
    pub cron: String,
    /// IANA time zone that the pattern is read in.
    pub zone: String,
    /// Whether the daemon scans once when it starts.
    pub on_start: bool,
}

const DEFAULT_CRON: &str = "*/15 * * * *";

impl ScheduleConfig {
    /// The first scheduled time after `now`; `None` when the pattern never matches again.
    pub fn next_after(&self, now: Timestamp) -> Option<Timestamp> {
        let cron: Cron = self.cron.parse().ok()?;
        let zone = TimeZone::get(&self.zone).ok()?;
        let next = cron.find_next_occurrence(&At(now.to_zoned_datetime(zone)), false).ok()?;
        Some(next.0.timestamp())
    }
}

pub(super) fn read(section: &mut Section<'_, '_>) -> ScheduleConfig {
    let cron = section.or("cron", Pattern(DEFAULT_CRON.to_owned())).0;
    let zone = section.or("zone", Zone("UTC".to_owned())).0;
    let on_start = section.or("on_start", true);
    ScheduleConfig { cron, zone, on_start }
}

struct Pattern(String);

impl Setting for Pattern {
    const KIND: &'static str = "cron pattern";

    fn read(value: &Value) -> Result<Self, Fault> {
        let text = text_of("a cron pattern in quotes", value)?;
        match text.parse::<Cron>() {
            Ok(_) => Ok(Self(text.to_owned())),
            Err(error) => {
                let message = format!("{} is not a cron pattern: {error}", quoted(text));
                let help = "minute, hour, day of month, month, day of week, e.g. \"*/15 * * * *\"";
                Err(Fault::new("bad-cron", crate::app::terminal::clean_short(&message, 240)).help(help))
            }
        }
    }

    fn json(&self) -> Json {
        Json::from(self.0.as_str())
    }
}

/// A zoned time as croner wants to see it.
#[derive(Clone)]
struct At(ZonedDateTime);

impl CronDateTime for At {
    fn to_civil(&self) -> CivilDateTime {
        let time = self.0.datetime();
        let part = |value: i8| u32::try_from(value).unwrap_or_default();
        CivilDateTime::new(
            CivilDate::from_parts_unchecked(i32::from(time.year()), part(time.month()), part(time.day())),
            CivilTime::from_parts_unchecked(part(time.hour()), part(time.minute()), part(time.second())),
        )
    }

    fn civil_weekday(&self) -> Weekday {
        Weekday::from_days_from_sunday(u32::try_from(self.0.weekday().to_sunday_zero_offset()).unwrap_or_default())
    }

    fn resolve_civil(&self, civil: CivilDateTime) -> Result<Resolution<Self>, CronError> {
        let part = |value: u32| i8::try_from(value).map_err(|_| CronError::InvalidDate);
        let year = i16::try_from(civil.year()).map_err(|_| CronError::InvalidDate)?;
        let local = jiff::civil::DateTime::new(
            year,
            part(civil.month())?,
            part(civil.day())?,
            part(civil.hour())?,
            part(civil.minute())?,
            part(civil.second())?,
            0,
        )
        .map_err(|_| CronError::InvalidDate)?;
        let ambiguous = self.0.time_zone().to_ambiguous_zoned_datetime(local);
        let invalid = |_: jiff::Error| CronError::InvalidTime;
        Ok(match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { .. } => Resolution::Single(Self(ambiguous.unambiguous().map_err(invalid)?)),
            AmbiguousOffset::Fold { .. } => Resolution::Ambiguous(
                Self(ambiguous.clone().earlier().map_err(invalid)?),
                Self(ambiguous.later().map_err(invalid)?),
            ),
            AmbiguousOffset::Gap { .. } => Resolution::Gap,
        })
    }

    fn checked_add_seconds(&self, seconds: i64) -> Option<Self> {
        self.0.checked_add(SignedDuration::from_secs(seconds)).ok().map(Self)
    }

    fn cmp_instant(&self, other: &Self) -> Ordering {
        self.0.timestamp().cmp(&other.0.timestamp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(cron: &str, zone: &str, now: &str) -> Option<String> {
        let schedule = ScheduleConfig { cron: cron.to_owned(), zone: zone.to_owned(), on_start: true };
        schedule.next_after(now.parse().expect("a timestamp")).map(|time| time.to_string())
    }

    #[test]
    fn the_next_time_is_strictly_later() {
        let next = next("*/15 * * * *", "UTC", "2026-11-23T10:15:00Z");
        assert_eq!(next.as_deref(), Some("2026-11-23T10:30:00Z"));
    }

    #[test]
    fn the_pattern_is_read_in_its_zone() {
        let winter = next("0 6 * * *", "Europe/Berlin", "2026-01-10T12:00:00Z");
        assert_eq!(winter.as_deref(), Some("2026-01-11T05:00:00Z"));
        let summer = next("0 6 * * *", "Europe/Berlin", "2026-07-10T12:00:00Z");
        assert_eq!(summer.as_deref(), Some("2026-07-11T04:00:00Z"));
    }

    #[test]
    fn a_time_that_the_clock_skips_still_runs_that_day() {
        // On 29 March 2026 Berlin goes from 02:00 to 03:00.
        let next = next("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z").expect("a time");
        assert!(next.starts_with("2026-03-29T01:"), "{next}");
    }

    #[test]
    fn a_day_that_never_comes_has_no_next_time() {
        assert_eq!(next("0 0 30 2 *", "UTC", "2026-01-01T00:00:00Z"), None);
    }
}
