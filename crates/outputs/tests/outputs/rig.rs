//! A desk, broadcasts, listeners and readers for the tests.

#[cfg(target_os = "linux")]
pub(crate) mod air;
#[cfg(target_os = "linux")]
pub(crate) mod dated;
pub(crate) mod decoder;
pub(crate) mod desk;
pub(crate) mod impostor;
pub(crate) mod listener;
pub(crate) mod reader;
pub(crate) mod show;
pub(crate) mod titles;
pub(crate) mod tone;

use std::time::{Duration, Instant};

/// Waits until `found` gives something; gives up, loudly, after `limit`.
pub(crate) fn wait_for<T>(what: &str, limit: Duration, mut found: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(began.elapsed() < limit, "waited {limit:?} in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Seconds, for limits.
pub(crate) fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}
