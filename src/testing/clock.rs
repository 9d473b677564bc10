//! The simulated account's time. It stands still until somebody advances it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::diary::{Action, Diary};

/// 2026-11-02T09:00:00Z: a Monday morning, so that weekday windows behave the same in every run.
const DEFAULT_START: Timestamp = Timestamp::constant(1_793_610_000, 0);

/// A clock shared by everything that takes part in one simulation. Clones show the same time.
#[derive(Clone, Debug)]
pub struct VirtualClock(Arc<Mutex<Face>>);

#[derive(Debug)]
struct Face {
    shown: Timestamp,
    /// Where every move is written down, so that another process can repeat it.
    diary: Option<Arc<Diary>>,
}

impl VirtualClock {
    /// A clock that shows this time.
    pub fn starting_at(start: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(Face { shown: start, diary: None })))
    }

    /// The time it shows.
    pub fn now(&self) -> Timestamp {
        self.face().shown
    }

    /// Moves time forward and returns the new time. Saturates at the greatest representable time.
    pub fn advance(&self, by: Duration) -> Timestamp {
        let mut face = self.face();
        face.shown = after(face.shown, by);
        if let Some(diary) = &face.diary {
            diary.write(&Action::Passed { at: face.shown });
        }
        face.shown
    }

    /// Moves time forward to this time, never back.
    pub fn advance_to(&self, time: Timestamp) {
        let ahead = Duration::try_from(time.duration_since(self.now())).unwrap_or_default();
        if !ahead.is_zero() {
            self.advance(ahead);
        }
    }

    pub(super) fn keep_diary(&self, diary: Option<Arc<Diary>>) {
        self.face().diary = diary;
    }

    fn face(&self) -> MutexGuard<'_, Face> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for VirtualClock {
    fn default() -> Self {
        Self::starting_at(DEFAULT_START)
    }
}

/// `time + by`, saturating.
pub(super) fn after(time: Timestamp, by: Duration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// `time - by`, saturating.
pub(super) fn before(time: Timestamp, by: Duration) -> Timestamp {
    time.checked_sub(by).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_the_time() {
        let clock = VirtualClock::default();
        let other = clock.clone();
        assert_eq!(clock.now().to_string(), "2026-11-02T09:00:00Z");
        clock.advance(Duration::from_secs(90));
        assert_eq!(other.now().to_string(), "2026-11-02T09:01:30Z");
        clock.advance_to("2026-11-02T09:01:00Z".parse().unwrap());
        assert_eq!(other.now().to_string(), "2026-11-02T09:01:30Z", "never back");
        assert_eq!(other.advance(Duration::MAX), Timestamp::MAX);
    }
}
