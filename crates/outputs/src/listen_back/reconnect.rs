//! When a stream that listeners do not hear is connected anew: never more often than every half a minute, and twice as
//! seldom each time that it has not helped, so that a relay which never hands the stream on costs the others little.

use std::time::{Duration, Instant};

/// The first wait, and the longest.
const FIRST: Duration = Duration::from_secs(30);
const LONGEST: Duration = Duration::from_secs(30 * 60);

/// Counts attempts.
#[derive(Debug, Default)]
pub(super) struct Reconnect {
    last: Option<Instant>,
    attempts: u32,
}

impl Reconnect {
    /// Listeners hear what is sent: the next outage is a new one.
    pub(super) fn heard(&mut self) {
        self.attempts = 0;
    }

    /// Whether it is time, now that they do not. Counts as an attempt when it is.
    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        let wait = FIRST
            .saturating_mul(1 << self.attempts.saturating_sub(1).min(10))
            .min(LONGEST);
        if self.last.is_some_and(|last| now.saturating_duration_since(last) < wait) {
            return false;
        }
        self.last = Some(now);
        self.attempts = self.attempts.saturating_add(1);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_connected_anew_at_once_then_ever_more_seldom_and_never_twice_in_half_a_minute() {
        let (mut reconnect, begin) = (Reconnect::default(), Instant::now());
        let mut attempts = |seconds: std::ops::Range<u64>| -> Vec<u64> {
            seconds
                .filter(|second| reconnect.is_due(begin + Duration::from_secs(*second)))
                .collect()
        };
        assert_eq!(attempts(0..700), [0, 30, 90, 210, 450]);
        let far = attempts(700..40_000);
        assert!(far.windows(2).all(|pair| pair[1] - pair[0] <= 1800), "{far:?}");
        reconnect.heard();
        assert!(!reconnect.is_due(begin + Duration::from_secs(far[far.len() - 1] + 20)));
        assert!(reconnect.is_due(begin + Duration::from_secs(40_000)));
    }
}
