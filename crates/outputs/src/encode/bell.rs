//! Tells those who wait for an encoder's packets that there are more.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Counts how often there was something new.
#[derive(Default)]
pub(super) struct Bell {
    rung: Mutex<u64>,
    waiting: Condvar,
}

impl Bell {
    pub(super) fn ring(&self) {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.waiting.notify_all();
    }

    /// Waits until the bell has been rung more often than `heard`, or the time is over; how often it has been.
    pub(super) fn wait(&self, heard: u64, at_most: Duration) -> u64 {
        let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.waiting.wait_timeout_while(rung, at_most, |rung| *rung <= heard);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;
    use std::time::Instant;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn who_waits_is_woken_and_what_was_rung_before_is_not_waited_for() {
        let bell = Arc::new(Bell::default());
        let ringer = thread::spawn({
            let bell = bell.clone();
            move || bell.ring()
        });
        let begun = Instant::now();
        let heard = bell.wait(0, LONG);
        ringer.join().expect("it rings");
        bell.ring();
        assert_eq!(bell.wait(heard, LONG), heard + 1);
        assert!(begun.elapsed() < LONG, "it was woken by the clock");
    }

    #[test]
    fn nothing_new_is_waited_for_until_the_time_is_over() {
        let bell = Bell::default();
        bell.ring();
        assert_eq!(bell.wait(1, Duration::from_millis(1)), 1);
    }
}
