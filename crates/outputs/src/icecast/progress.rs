//! Whether the machine at the other end really takes what is sent. A connection that has died gives no
//! error for minutes, but its bytes stay unacknowledged: Linux tells how many. Elsewhere only a buffer
//! that stays full is seen. That a machine acknowledges does not mean that the server on it lives: see
//! [`super::pulse`].

use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::SourceError;

/// A server that has taken nothing for this long is given up.
const STALLED_AFTER: Duration = Duration::from_secs(4);

/// Follows one connection.
pub(super) struct Progress {
    acknowledged: u64,
    moved: Instant,
}

impl Progress {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            acknowledged: 0,
            moved: now,
        }
    }

    /// Judges the connection after `taken` bytes have gone to the system, `under_way` of which are not
    /// acknowledged; `waiting` says that more would go. Returns the bytes acknowledged.
    pub(super) fn check(
        &mut self,
        taken: u64,
        under_way: u64,
        waiting: bool,
        now: Instant,
    ) -> Result<u64, SourceError> {
        let acknowledged = taken.saturating_sub(under_way);
        if acknowledged > self.acknowledged || (under_way == 0 && !waiting) {
            self.moved = now;
        }
        self.acknowledged = self.acknowledged.max(acknowledged);
        let still = now.saturating_duration_since(self.moved);
        if still > STALLED_AFTER {
            Err(SourceError::Stalled {
                seconds: still.as_secs(),
            })
        } else {
            Ok(self.acknowledged)
        }
    }
}

/// Bytes that the system has taken and the peer has not acknowledged.
#[cfg(target_os = "linux")]
pub(super) fn unacknowledged(socket: &TcpStream) -> u64 {
    use std::os::fd::AsRawFd;

    let mut bytes: libc::c_int = 0;
    // SAFETY: the descriptor is open for as long as `socket` is borrowed, and TIOCOUTQ (SIOCOUTQ of a TCP
    // socket) writes one int to the address it is given.
    let asked = unsafe { libc::ioctl(socket.as_raw_fd(), libc::TIOCOUTQ, &raw mut bytes) };
    if asked == 0 {
        u64::try_from(bytes).unwrap_or(0)
    } else {
        0
    }
}

/// The system does not tell: what it has taken counts as acknowledged.
#[cfg(not(target_os = "linux"))]
pub(super) fn unacknowledged(_socket: &TcpStream) -> u64 {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(start: Instant, tenths: u64) -> Instant {
        start + Duration::from_millis(100 * tenths)
    }

    #[test]
    fn a_server_that_acknowledges_nothing_is_given_up_within_5_s() {
        let start = Instant::now();
        let mut progress = Progress::new(start);
        let found = (0..60).find(|n| progress.check(1600 * n, 1600 * n, false, after(start, *n)).is_err());
        assert!((40..50).contains(&found.expect("it is given up")), "{found:?}");
    }

    #[test]
    fn a_slow_server_and_a_quiet_connection_are_kept() {
        let start = Instant::now();
        let mut progress = Progress::new(start);
        for n in 0..1000 {
            let slowly = 1600 * (n / 30);
            assert!(
                progress
                    .check(1600 * n, 1600 * n - slowly, true, after(start, n))
                    .is_ok(),
                "{n}"
            );
        }
        for n in 1000..2000 {
            assert!(progress.check(2_000_000, 0, false, after(start, n)).is_ok(), "{n}");
        }
    }

    #[test]
    fn without_the_systems_help_full_buffers_give_a_server_away() {
        let start = Instant::now();
        let mut progress = Progress::new(start);
        assert!((0..60).any(|n| progress.check(50_000, 0, true, after(start, n)).is_err()));
    }
}
