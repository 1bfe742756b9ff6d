//! Waiting for something to become true, with a limit.

use std::thread;
use std::time::{Duration, Instant};

/// Asks until there is an answer. Panics with `what` when `limit` is over.
pub fn until<T>(what: &str, limit: Duration, ask: impl FnMut() -> Option<T>) -> T {
    at_most(limit, ask).unwrap_or_else(|| panic!("waited {limit:?} for {what}"))
}

/// Asks until there is an answer, or `limit` is over.
pub fn at_most<T>(limit: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if Instant::now() >= end {
            return None;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// Seconds, for those who write many of them.
pub const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}
