//! How long to wait before tuning in again: 1 s, twice as long each time up to 6 s, after some five minutes 30 s, for ever.
//! Each a little different, so that a hundred desks do not knock at the same moment. As a stream to a server does it.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
/// At most, in the first minutes.
const SHORT: Duration = Duration::from_secs(6);
/// So many attempts are made until the waits are long.
const HOPEFUL: u32 = 50;
/// And where there is little hope.
const LONGEST: Duration = Duration::from_secs(30);
/// What was heard for longer than this begins with the first wait again.
const LASTING: Duration = Duration::from_secs(10);
/// The part of a wait that is left to chance.
const JITTER: f64 = 0.25;

/// Counts attempts that did not lead to a lasting connection.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// How long to wait after one more failure: a quarter less to nothing less than the full time.
    pub(super) fn wait(&mut self) -> Duration {
        let full = if self.failures < HOPEFUL {
            FIRST.saturating_mul(1 << self.failures.min(5)).min(SHORT)
        } else {
            LONGEST
        };
        self.failures = self.failures.saturating_add(1);
        let chance = RandomState::new().hash_one(self.failures) as f64 / u64::MAX as f64;
        full.mul_f64(1.0 - JITTER * chance)
    }

    /// The wait where there is little hope.
    pub(super) fn long_wait(&mut self) -> Duration {
        self.failures = self.failures.saturating_add(1);
        LONGEST
    }

    /// What has broken off was heard for so long; `None`: it never was. What it took to find it does not count.
    pub(super) fn broken_off(&mut self, heard: Option<Duration>) {
        if heard.is_some_and(|heard| heard > LASTING) {
            self.failures = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_6_s_and_after_some_minutes_to_half_a_minute_and_no_further() {
        let mut backoff = Backoff::default();
        let hopeful = [1.0, 2.0, 4.0].into_iter().chain(std::iter::repeat(6.0)).take(50);
        for full in hopeful.chain(std::iter::repeat_n(30.0, 20)) {
            let wait = backoff.wait().as_secs_f64();
            assert!((0.75 * full..=full).contains(&wait), "{wait} of {full}");
        }
        for short in [None, Some(Duration::from_secs(9))] {
            backoff.broken_off(short);
            assert!(backoff.wait() > SHORT);
        }
        backoff.broken_off(Some(Duration::from_secs(11)));
        assert!(backoff.wait() <= FIRST);
    }
}
