//! Whether a client is still there: it is asked every 30 s and has 10 s to answer. Time is the caller's.

use std::time::Duration;

use tokio::time::Instant;

const PERIOD: Duration = Duration::from_secs(30);
const PATIENCE: Duration = Duration::from_secs(10);

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beat {
    /// Ask.
    Ping,
    /// It has gone.
    Gone,
    /// Not yet.
    Wait,
}

/// One connection's.
#[derive(Debug)]
pub(super) struct Heartbeat {
    next: Instant,
    /// Until when an answer is awaited.
    until: Option<Instant>,
}

impl Heartbeat {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            next: now + PERIOD,
            until: None,
        }
    }

    /// When there is something to do.
    pub(super) fn due(&self) -> Instant {
        self.until.map_or(self.next, |until| until.min(self.next))
    }

    /// Only this answers; that the client says anything else does not.
    pub(super) fn pong(&mut self) {
        self.until = None;
    }

    pub(super) fn beat(&mut self, now: Instant) -> Beat {
        if self.until.is_some_and(|until| now >= until) {
            return Beat::Gone;
        }
        if now < self.next {
            return Beat::Wait;
        }
        self.next = now + PERIOD;
        self.until = Some(now + PATIENCE);
        Beat::Ping
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_answers_is_asked_every_thirty_seconds_and_who_does_not_is_gone_ten_later() {
        let start = Instant::now();
        let mut heart = Heartbeat::new(start);
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(heart.beat(at(29)), Beat::Wait);
        for n in 1..=3 {
            assert_eq!(heart.due(), at(30 * n));
            assert_eq!(heart.beat(at(30 * n)), Beat::Ping);
            assert_eq!(heart.due(), at(30 * n + 10));
            assert_eq!(heart.beat(at(30 * n + 9)), Beat::Wait);
            heart.pong();
            assert_eq!(heart.beat(at(30 * n + 11)), Beat::Wait);
        }
        assert_eq!(heart.beat(at(120)), Beat::Ping);
        assert_eq!(heart.beat(at(130)), Beat::Gone);
    }
}
