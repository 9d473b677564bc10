//! SDK times and text times into [`Timestamp`].

use aws_smithy_types::DateTime;
use jiff::Timestamp;

/// The SDK's time, when it is within what a [`Timestamp`] holds.
pub(super) fn timestamp(time: &DateTime) -> Option<Timestamp> {
    Timestamp::new(time.secs(), i32::try_from(time.subsec_nanos()).ok()?).ok()
}

/// A time for a request.
pub(super) fn date_time(time: Timestamp) -> DateTime {
    DateTime::from_secs_and_nanos(time.as_second(), u32::try_from(time.subsec_nanosecond()).unwrap_or(0))
}

/// An RFC 3339 text, as image dates and inventory capture times come.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_survive_the_round_trip() {
        let time: Timestamp = "2026-11-02T03:04:05.25Z".parse().unwrap();
        assert_eq!(timestamp(&date_time(time)), Some(time));
        assert_eq!(parse("2026-11-02T03:04:05.250Z"), Some(time));
        assert_eq!(parse("Jul 10, 2026, 11:57:45 AM"), None);
    }
}
