//! Eventual consistency: a value whose changes become visible later.

use std::time::Duration;

use jiff::Timestamp;

use super::clock::after;

/// A value with the versions that readers may still see.
#[derive(Clone, Debug)]
pub(super) struct Delayed<T> {
    current: T,
    /// Older versions with the time until which each is shown, oldest first.
    older: Vec<(Timestamp, T)>,
}

impl<T> Delayed<T> {
    /// A value that everybody sees already.
    pub(super) fn settled(value: T) -> Self {
        Self { current: value, older: Vec::new() }
    }

    /// What the service itself knows.
    pub(super) fn current(&self) -> &T {
        &self.current
    }

    /// What a reader sees at this time.
    pub(super) fn visible(&self, now: Timestamp) -> &T {
        self.older.iter().find(|(until, _)| now < *until).map_or(&self.current, |(_, value)| value)
    }

    /// Changes the value; readers go on seeing the old one for `delay`.
    pub(super) fn change(&mut self, now: Timestamp, delay: Duration, value: T) {
        self.older.retain(|(until, _)| now < *until);
        let old = std::mem::replace(&mut self.current, value);
        if !delay.is_zero() {
            self.older.push((after(now, delay), old));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_see_each_version_in_its_time() {
        let start = Timestamp::UNIX_EPOCH;
        let at = |seconds| after(start, Duration::from_secs(seconds));
        let mut value = Delayed::settled("a");
        value.change(at(0), Duration::from_secs(10), "b");
        value.change(at(5), Duration::from_secs(10), "c");
        assert_eq!(value.current(), &"c");
        assert_eq!(value.visible(at(9)), &"a");
        assert_eq!(value.visible(at(10)), &"b");
        assert_eq!(value.visible(at(15)), &"c");
        value.change(at(20), Duration::ZERO, "d");
        assert_eq!(value.visible(at(20)), &"d");
    }
}
