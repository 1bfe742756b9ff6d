//! Whether what is sent really arrives. A connection that has died gives no error for minutes, but its bytes
//! stay unacknowledged: Linux tells how many. Elsewhere only a buffer that stays full is seen. That a machine
//! acknowledges does not mean that the server on it lives: for that there is [`super::pulse`], and here the two
//! are judged together. A way that goes dark is noticed within 5 s, however much a machine on it still swallows.

use std::net::TcpStream;
use std::time::{Duration, Instant};

/// A server that has taken nothing for this long is given up.
const STALLED_AFTER: Duration = Duration::from_secs(4);
/// The same, for one that does not answer either. A line that is full delays answers for seconds; but what
/// passes it is acknowledged several times a second.
const SILENT_STALLED_AFTER: Duration = Duration::from_secs(1);

/// Follows one connection.
pub(super) struct Progress {
    /// Bytes of one second of the stream.
    second: u64,
    acknowledged: u64,
    delivered: u32,
    moved: Instant,
}

/// What is known of a connection at one moment.
#[derive(Clone, Copy, Default)]
pub(super) struct Sight {
    /// Bytes that have gone to the system.
    pub(super) taken: u64,
    /// How many of them are not acknowledged.
    pub(super) under_way: u64,
    /// Segments that have reached the peer, also those behind a lost one. It counts round.
    pub(super) delivered: u32,
    /// More would go if there was room.
    pub(super) waiting: bool,
    /// For how long the server has answered nothing beside the stream, when it has not.
    pub(super) silence: Option<Duration>,
}

impl Progress {
    /// Of a stream of so many bytes a second.
    pub(super) fn new(second: u64, now: Instant) -> Self {
        Self {
            second,
            acknowledged: 0,
            delivered: 0,
            moved: now,
        }
    }

    /// Judges the connection. Returns the bytes acknowledged, or for how long it has stood still when that is too long.
    pub(super) fn check(&mut self, sight: &Sight, now: Instant) -> Result<u64, Duration> {
        let acknowledged = sight.taken.saturating_sub(sight.under_way);
        let idle = sight.under_way == 0 && !sight.waiting;
        if acknowledged > self.acknowledged || sight.delivered != self.delivered || idle {
            self.moved = now;
        }
        self.acknowledged = self.acknowledged.max(acknowledged);
        self.delivered = sight.delivered;
        let still = now.saturating_duration_since(self.moved);
        let is_full = sight.waiting || sight.under_way >= self.second;
        let limit = match sight.silence {
            None => STALLED_AFTER,
            Some(_) if is_full => SILENT_STALLED_AFTER,
            Some(silence) => return Err(silence.max(still)),
        };
        if still > limit {
            Err(still.max(sight.silence.unwrap_or_default()))
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

/// Segments that the peer has received. A lost one holds the acknowledged bytes back until it was sent again,
/// which on a slow line takes longer than a server may be silent for; those behind it are counted here.
#[cfg(target_os = "linux")]
pub(super) fn delivered(socket: &TcpStream) -> u32 {
    use std::os::fd::AsRawFd;

    // SAFETY: a `tcp_info` is made of integers alone, for which zero is a value.
    let mut told: libc::tcp_info = unsafe { std::mem::zeroed() };
    let mut length = size_of::<libc::tcp_info>() as libc::socklen_t;
    let (level, name) = (libc::IPPROTO_TCP, libc::TCP_INFO);
    // SAFETY: the descriptor is open for as long as `socket` is borrowed, and the system writes at most `length`
    // bytes, which is what `told` has. An older one writes fewer: then the count stays zero.
    unsafe {
        libc::getsockopt(socket.as_raw_fd(), level, name, (&raw mut told).cast(), &raw mut length);
    }
    told.tcpi_delivered
}

/// The system does not tell.
#[cfg(not(target_os = "linux"))]
pub(super) fn delivered(_socket: &TcpStream) -> u32 {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes of a tenth of a second at 128 kbit/s, and a second of them.
    const TENTH: u64 = 1600;
    const SECOND: u64 = 10 * TENTH;
    /// When a server that stops answering is known to be silent, at the latest, in tenths of a second.
    const SILENT_AT: u64 = 45;
    const SILENCE: Option<Duration> = Some(Duration::from_millis(2400));

    fn after(start: Instant, tenths: u64) -> Instant {
        start + Duration::from_millis(100 * tenths)
    }

    #[test]
    fn a_server_that_acknowledges_nothing_is_given_up_within_5_s() {
        let start = Instant::now();
        let mut progress = Progress::new(SECOND, start);
        let found = (0..60).find(|n| {
            let sight = Sight {
                taken: TENTH * n,
                under_way: TENTH * n,
                ..Sight::default()
            };
            progress.check(&sight, after(start, *n)).is_err()
        });
        assert!((40..50).contains(&found.expect("it is given up")), "{found:?}");
    }

    #[test]
    fn a_dark_way_is_noticed_within_5_s_however_much_a_machine_on_it_still_swallows() {
        for swallows in 0..100 {
            for room in [6, 10, 20, 1000] {
                let start = Instant::now();
                let mut progress = Progress::new(SECOND, start);
                let found = (0..60).find(|n| {
                    let swallowed = TENTH * swallows.min(*n);
                    let taken = (TENTH * n).min(swallowed + TENTH * room);
                    let sight = Sight {
                        taken,
                        under_way: taken - swallowed,
                        waiting: taken < TENTH * n,
                        silence: SILENCE.filter(|_| *n >= SILENT_AT),
                        ..Sight::default()
                    };
                    progress.check(&sight, after(start, *n)).is_err()
                });
                let found = found.unwrap_or_else(|| panic!("{swallows} swallowed, room for {room}: not noticed"));
                assert!(found <= 50, "{swallows} swallowed, room for {room}: {found} tenths");
            }
        }
    }

    #[test]
    fn a_slow_server_and_a_quiet_connection_are_kept() {
        let start = Instant::now();
        let mut progress = Progress::new(SECOND, start);
        for n in 0..1000 {
            let sight = Sight {
                taken: TENTH * n,
                under_way: TENTH * n - TENTH * (n / 30),
                waiting: true,
                ..Sight::default()
            };
            assert!(progress.check(&sight, after(start, n)).is_ok(), "{n}");
        }
        let quiet = Sight {
            taken: 2_000_000,
            ..Sight::default()
        };
        for n in 1000..2000 {
            assert!(progress.check(&quiet, after(start, n)).is_ok(), "{n}");
        }
    }

    #[test]
    fn a_full_line_that_delays_every_answer_is_kept_while_anything_passes_it() {
        let start = Instant::now();
        let mut progress = Progress::new(SECOND, start);
        for n in 0..1000 {
            // Of every two seconds one goes by while a lost segment is sent again.
            let acknowledged = TENTH / 2 * (n - n % 20);
            let sight = Sight {
                taken: acknowledged + 2 * SECOND,
                under_way: 2 * SECOND,
                delivered: n as u32 / 4,
                waiting: true,
                silence: SILENCE,
            };
            assert!(progress.check(&sight, after(start, n)).is_ok(), "{n}");
        }
    }

    #[test]
    fn without_the_systems_help_full_buffers_give_a_server_away() {
        let start = Instant::now();
        let mut progress = Progress::new(SECOND, start);
        let sight = Sight {
            taken: 50_000,
            waiting: true,
            ..Sight::default()
        };
        assert!((0..60).any(|n| progress.check(&sight, after(start, n)).is_err()));
    }
}
