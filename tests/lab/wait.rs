//! Waiting for something to become true, with a limit.

use std::thread;
use std::time::{Duration, Instant};

/// Asks until there is an answer. Panics with `what` when `limit` is over.
pub fn until<T>(what: &str, limit: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + limit;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "waited {limit:?} for {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Seconds, for those who write many of them.
pub const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}
