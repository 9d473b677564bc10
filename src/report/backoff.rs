//! When a failed delivery is tried again. Pure: the random number is passed in.

use std::time::Duration;

use jiff::Timestamp;

/// Upper bound of the first wait.
pub const BASE: Duration = Duration::from_secs(5);
/// Upper bound of any wait: a receiver that is back after a long outage is noticed within an hour.
pub const CAP: Duration = Duration::from_secs(3600);
/// A row older than this is given up and told elsewhere.
pub const GIVE_UP_AFTER: Duration = Duration::from_secs(24 * 3600);
/// Full jitter may draw nearly nothing; below this a retry only adds to the load that made it fail.
const FLOOR: Duration = Duration::from_secs(1);

/// What to do with a row after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Try again then.
    RetryAt(Timestamp),
    /// A day has passed.
    GiveUp,
}

/// The wait after `attempts` failures (at least 1): a random share, `random` in 0..1, of an exponentially
/// growing bound ("full jitter": <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>).
pub fn wait(attempts: u32, random: f64) -> Duration {
    let factor = 1_u32.checked_shl(attempts.saturating_sub(1).min(31)).unwrap_or(u32::MAX);
    let bound = BASE.saturating_mul(factor).min(CAP);
    bound.mul_f64(random.clamp(0.0, 1.0)).max(FLOOR)
}

/// Decides after a failed attempt. `asked` is what the receiver asked for (`Retry-After`); it is honoured even
/// where it is longer than our own bound, but not beyond the day.
pub fn next(created_at: Timestamp, now: Timestamp, attempts: u32, random: f64, asked: Option<Duration>) -> Next {
    let end = later(created_at, GIVE_UP_AFTER);
    if now >= end {
        return Next::GiveUp;
    }
    let pause = asked.map_or_else(|| wait(attempts, random), |asked| asked.max(FLOOR));
    // The last attempt is made at the very end rather than dropped.
    Next::RetryAt(later(now, pause).min(end))
}

/// A time that much later; stays at the end of time instead of failing.
pub(crate) fn later(time: Timestamp, by: Duration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bounds_double_up_to_the_cap() {
        let full = |attempts| wait(attempts, 1.0).as_secs();
        assert_eq!([full(1), full(2), full(3), full(10), full(11), full(4_000_000_000)], [5, 10, 20, 2560, 3600, 3600]);
        assert_eq!(wait(1, 0.0), Duration::from_secs(1));
    }

    #[test]
    fn gives_up_after_a_day_but_tries_at_its_very_end() {
        let start = Timestamp::UNIX_EPOCH;
        let end = later(start, GIVE_UP_AFTER);
        let almost = Timestamp::from_second(24 * 3600 - 10).unwrap();
        assert_eq!(next(start, almost, 30, 1.0, None), Next::RetryAt(end));
        assert_eq!(next(start, end, 31, 1.0, None), Next::GiveUp);
    }

    #[test]
    fn the_receiver_may_ask_for_more_than_our_cap() {
        let asked = Some(Duration::from_secs(7200));
        let expected = Timestamp::from_second(7200).unwrap();
        assert_eq!(next(Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH, 1, 0.5, asked), Next::RetryAt(expected));
    }

    proptest! {
        #[test]
        fn a_retry_is_always_later(age in 0_i64..86_400, attempts in 0_u32..50, random in 0.0_f64..1.0) {
            let now = Timestamp::from_second(age).unwrap();
            match next(Timestamp::UNIX_EPOCH, now, attempts, random, None) {
                Next::RetryAt(at) => prop_assert!(at > now),
                Next::GiveUp => prop_assert!(false, "younger than a day"),
            }
        }
    }
}
