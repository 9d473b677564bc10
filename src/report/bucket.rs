//! A token bucket with the time passed in.

use jiff::Timestamp;

use super::destination::Pace;

/// Tokens that refill with time. `None` limits nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    rate: Option<f64>,
    burst: f64,
    tokens: f64,
    seen: Option<Timestamp>,
}

impl Bucket {
    /// A full one.
    pub(super) fn of(pace: Pace) -> Self {
        Self { rate: pace.per_second, burst: pace.burst, tokens: pace.burst, seen: None }
    }

    /// Takes a token if there is one. A clock that goes back refills nothing.
    pub(super) fn take(&mut self, now: Timestamp) -> bool {
        let Some(rate) = self.rate else { return true };
        if let Some(seen) = self.seen {
            let passed = now.duration_since(seen).as_secs_f64().max(0.0);
            self.tokens = (self.tokens + passed * rate).min(self.burst);
        }
        self.seen = Some(self.seen.map_or(now, |seen| seen.max(now)));
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::at;

    #[test]
    fn a_burst_then_one_a_second() {
        let mut bucket = Bucket::of(Pace { per_second: Some(1.0), burst: 3.0 });
        let taken = |bucket: &mut Bucket, second, times| (0..times).filter(|_| bucket.take(at(second))).count();
        assert_eq!(taken(&mut bucket, 0, 10), 3);
        assert_eq!(taken(&mut bucket, 1, 10), 1);
        assert_eq!(taken(&mut bucket, 0, 10), 0, "the clock went back");
        assert_eq!(taken(&mut bucket, 100, 10), 3);
        assert_eq!(taken(&mut Bucket::of(Pace { per_second: None, burst: 0.0 }), 0, 10), 10);
    }
}
