//! Maintenance windows in their own time zones.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::types::plan::{END_OF_DAY, Window};

/// How far ahead the next opening is looked for: a window opens at least once a week.
const DAYS_AHEAD: i64 = 9;

/// Why a window cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WindowProblem {
    /// Not an IANA zone, or the system has no time zone data.
    #[error("the time zone `{0}` is not known here")]
    Zone(String),
    /// Not `HH:MM`.
    #[error("`{0}` is not a time as HH:MM")]
    Time(String),
    /// Not `mon` to `sun`.
    #[error("`{0}` is not a day; days are mon, tue, wed, thu, fri, sat, sun")]
    Day(String),
}

/// Checks one window, so that a configuration can refuse it with its place.
///
/// # Errors
/// What is wrong with it.
pub fn check_window(window: &Window) -> Result<(), WindowProblem> {
    Parsed::read(window).map(|_| ())
}

/// How a time stands to some windows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// One is open until then.
    Open(Timestamp),
    /// All are shut; the next opens then, when one does.
    Shut(Option<Timestamp>),
}

/// Whether one of the windows is open at a time.
pub(super) fn standing(windows: &[Window], now: Timestamp) -> Result<Standing, WindowProblem> {
    let mut open_until: Option<Timestamp> = None;
    let mut next: Option<Timestamp> = None;
    for window in windows {
        for (start, end) in Parsed::read(window)?.around(now) {
            if start <= now && now < end {
                open_until = Some(open_until.map_or(end, |other| other.max(end)));
            } else if now < start {
                next = Some(next.map_or(start, |other| other.min(start)));
            }
        }
    }
    Ok(open_until.map_or(Standing::Shut(next), Standing::Open))
}

/// Until when one of the windows is open, if one is.
///
/// # Errors
/// What is wrong with a window.
pub fn open_until(windows: &[Window], now: Timestamp) -> Result<Option<Timestamp>, WindowProblem> {
    Ok(match standing(windows, now)? {
        Standing::Open(until) => Some(until),
        Standing::Shut(_) => None,
    })
}

struct Parsed {
    days: Vec<Weekday>,
    from: Time,
    to: Time,
    zone: TimeZone,
}

impl Parsed {
    fn read(window: &Window) -> Result<Self, WindowProblem> {
        let days = window.days.iter().map(|text| day(text)).collect::<Result<Vec<_>, _>>()?;
        let zone = TimeZone::get(&window.zone).map_err(|_| WindowProblem::Zone(window.zone.clone()))?;
        Ok(Self { days, from: time(&window.from)?, to: time(&window.to)?, zone })
    }

    /// Openings that begin from yesterday on. A wall-clock time that a clock change skips or repeats is
    /// read as the zone's rules say (the later of a gap, the first of a fold).
    fn around(&self, now: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        let today = self.zone.to_datetime(now).date();
        (-1..=DAYS_AHEAD)
            .filter_map(|offset| today.checked_add(offset.days()).ok())
            .filter(|date| self.days.is_empty() || self.days.contains(&date.weekday()))
            .filter_map(|date| {
                let last = if self.to <= self.from { date.tomorrow().ok()? } else { date };
                Some((self.at(date, self.from)?, self.at(last, self.to)?))
            })
            .collect()
    }

    fn at(&self, date: Date, time: Time) -> Option<Timestamp> {
        self.zone.to_timestamp(date.to_datetime(time)).ok()
    }
}

fn day(text: &str) -> Result<Weekday, WindowProblem> {
    Ok(match text.to_ascii_lowercase().as_str() {
        "mon" => Weekday::Monday,
        "tue" => Weekday::Tuesday,
        "wed" => Weekday::Wednesday,
        "thu" => Weekday::Thursday,
        "fri" => Weekday::Friday,
        "sat" => Weekday::Saturday,
        "sun" => Weekday::Sunday,
        _ => return Err(WindowProblem::Day(text.to_owned())),
    })
}

fn time(text: &str) -> Result<Time, WindowProblem> {
    // Midnight is not after any beginning, so it is the next one.
    if text == END_OF_DAY {
        return Ok(Time::midnight());
    }
    let problem = || WindowProblem::Time(text.to_owned());
    let (hour, minute) = text.split_once(':').ok_or_else(problem)?;
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hour) || !digits(minute) {
        return Err(problem());
    }
    let (hour, minute) = (hour.parse().map_err(|_| problem())?, minute.parse().map_err(|_| problem())?);
    Time::new(hour, minute, 0, 0).map_err(|_| problem())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(days: &[&str], from: &str, to: &str, zone: &str) -> Window {
        Window {
            days: days.iter().map(|&day| day.to_owned()).collect(),
            from: from.to_owned(),
            to: to.to_owned(),
            zone: zone.to_owned(),
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_window_is_open_from_its_start_to_before_its_end() {
        let night = [window(&["tue"], "01:00", "05:00", "UTC")];
        // 2026-11-24 is a Tuesday.
        assert_eq!(standing(&night, at("2026-11-24T01:00:00Z")), Ok(Standing::Open(at("2026-11-24T05:00:00Z"))));
        assert_eq!(standing(&night, at("2026-11-24T05:00:00Z")), Ok(Standing::Shut(Some(at("2026-12-01T01:00:00Z")))));
        assert_eq!(standing(&night, at("2026-11-23T23:00:00Z")), Ok(Standing::Shut(Some(at("2026-11-24T01:00:00Z")))));
    }

    #[test]
    fn a_window_over_midnight_belongs_to_the_day_it_starts_on() {
        let late = [window(&["mon"], "22:00", "02:00", "UTC")];
        assert_eq!(standing(&late, at("2026-11-24T01:59:00Z")), Ok(Standing::Open(at("2026-11-24T02:00:00Z"))));
        assert!(
            matches!(standing(&late, at("2026-11-23T01:00:00Z")), Ok(Standing::Shut(_))),
            "that was Sunday's night"
        );
    }

    #[test]
    fn a_whole_day_ends_where_the_next_begins() {
        let saturday = [window(&["sat"], "00:00", END_OF_DAY, "UTC")];
        assert_eq!(standing(&saturday, at("2026-11-28T00:00:00Z")), Ok(Standing::Open(at("2026-11-29T00:00:00Z"))));
        assert_eq!(
            standing(&saturday, at("2026-11-29T00:00:00Z")),
            Ok(Standing::Shut(Some(at("2026-12-05T00:00:00Z"))))
        );
    }

    #[test]
    fn the_zone_decides_and_follows_summer_time() {
        let berlin = [window(&[], "02:30", "04:00", "Europe/Berlin")];
        assert!(matches!(standing(&berlin, at("2026-07-01T00:45:00Z")), Ok(Standing::Open(_))));
        assert!(matches!(standing(&berlin, at("2026-12-01T00:45:00Z")), Ok(Standing::Shut(_))));
        assert!(matches!(standing(&berlin, at("2026-12-01T01:45:00Z")), Ok(Standing::Open(_))));
        // 02:30 does not exist on 2026-03-29: the window opens an hour of wall clock later and still shuts at 04:00.
        assert_eq!(standing(&berlin, at("2026-03-29T01:45:00Z")), Ok(Standing::Open(at("2026-03-29T02:00:00Z"))));
    }

    #[test]
    fn several_windows_open_together_and_none_is_never_open() {
        let both = [window(&[], "01:00", "03:00", "UTC"), window(&[], "02:00", "06:00", "UTC")];
        assert_eq!(standing(&both, at("2026-11-24T02:30:00Z")), Ok(Standing::Open(at("2026-11-24T06:00:00Z"))));
        assert_eq!(standing(&[], at("2026-11-24T02:30:00Z")), Ok(Standing::Shut(None)));
    }

    #[test]
    fn nonsense_is_named() {
        assert_eq!(check_window(&window(&[], "1:00", "02:00", "UTC")), Err(WindowProblem::Time("1:00".to_owned())));
        assert_eq!(check_window(&window(&[], "01:00", "24:01", "UTC")), Err(WindowProblem::Time("24:01".to_owned())));
        assert_eq!(check_window(&window(&["day"], "01:00", "02:00", "UTC")), Err(WindowProblem::Day("day".to_owned())));
        assert_eq!(
            check_window(&window(&[], "01:00", "02:00", "Mars/Olympus")),
            Err(WindowProblem::Zone("Mars/Olympus".to_owned()))
        );
    }
}
