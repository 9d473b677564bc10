//! How values become columns and back.

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::fault::Db;
use crate::types::Verdict;

/// Nanoseconds since 1970, clamped to 1677 … 2262: event times come from outside and may say anything.
pub(super) fn nanos(time: Timestamp) -> i64 {
    let clamped = if time < Timestamp::UNIX_EPOCH { i64::MIN } else { i64::MAX };
    i64::try_from(time.as_nanosecond()).unwrap_or(clamped)
}

/// The reverse. Every 64-bit number of nanoseconds is a valid time, so the default is never used.
pub(super) fn time(nanos: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(nanos)).unwrap_or_default()
}

/// Serialises a body.
pub(super) fn json(value: &impl Serialize) -> Db<String> {
    Ok(serde_json::to_string(value)?)
}

/// Reads a body.
pub(super) fn parse<T: DeserializeOwned>(text: &str) -> Db<T> {
    Ok(serde_json::from_str(text)?)
}

/// Reads every body of a list.
pub(super) fn parse_all<T: DeserializeOwned>(texts: Vec<String>) -> Db<Vec<T>> {
    texts.iter().map(|text| parse(text)).collect()
}

/// The number that stands for a verdict in the `verdict` table.
pub(super) fn verdict_code(verdict: Verdict) -> i64 {
    match verdict {
        Verdict::Clean => 0,
        Verdict::Drifted => 1,
        Verdict::Unjudged => 2,
    }
}

/// The reverse; the table admits 0, 1 and 2 only, and what is not known is not judged.
pub(super) fn verdict(code: i64) -> Verdict {
    match code {
        0 => Verdict::Clean,
        1 => Verdict::Drifted,
        _ => Verdict::Unjudged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_round_trip_and_extremes_keep_their_side() {
        let exact = Timestamp::from_nanosecond(1_790_000_000_123_456_789).expect("in range");
        assert_eq!(time(nanos(exact)), exact);
        assert_eq!(nanos(Timestamp::MAX), i64::MAX);
        assert_eq!(nanos(Timestamp::MIN), i64::MIN);
    }

    #[test]
    fn verdicts_round_trip() {
        for one in [Verdict::Clean, Verdict::Drifted, Verdict::Unjudged] {
            assert_eq!(verdict(verdict_code(one)), one);
        }
    }
}
