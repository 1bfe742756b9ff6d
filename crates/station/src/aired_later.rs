//! What is on and not aired yet: with a broadcast delay it goes out as late as its sound.

use std::collections::VecDeque;
use std::time::Instant;

/// What waits to be aired, in the order in which it was on.
#[derive(Debug)]
pub(crate) struct AiredLater<T>(VecDeque<(Instant, T)>);

impl<T> Default for AiredLater<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T> AiredLater<T> {
    /// This is on now, and aired then. Nothing that was on before it is aired after it: a delay may have shrunk meanwhile.
    pub(crate) fn push(&mut self, what: T, aired_at: Instant) {
        self.dumped(aired_at);
        self.0.push_back((aired_at, what));
    }

    /// What is held ends then: what was dumped is aired no later.
    pub(crate) fn dumped(&mut self, held_until: Instant) {
        for (aired_at, _) in &mut self.0 {
            *aired_at = (*aired_at).min(held_until);
        }
    }

    /// The last of what is aired by now, if there is anything new.
    pub(crate) fn due(&mut self, now: Instant) -> Option<T> {
        let due = self.0.partition_point(|(aired_at, _)| *aired_at <= now);
        self.0.drain(..due).next_back().map(|(_, what)| what)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn nothing_is_aired_before_its_time_nor_after_what_came_later() {
        let (mut later, now) = (AiredLater::default(), Instant::now());
        let in_s = |seconds| now + Duration::from_secs(seconds);
        later.push("A", in_s(5));
        later.push("B", in_s(10));
        later.push("C", in_s(9)); // the delay is being taken back
        assert_eq!(later.due(in_s(4)), None);
        assert_eq!(later.due(in_s(5)), Some("A"));
        assert_eq!(later.due(in_s(9)), Some("C"));
        assert_eq!(later.due(in_s(20)), None, "B was on before C");
        later.push("D", in_s(30));
        later.dumped(in_s(21));
        assert_eq!(later.due(in_s(21)), Some("D"));
    }
}
