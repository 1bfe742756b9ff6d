//! What time it is: by the wall clock, which may be set at any moment, and since the desk was started, which nothing touches.

use std::time::{Duration, Instant};

use jiff::tz::Offset;
use jiff::{Timestamp, Zoned};

/// A moment by both clocks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stamp {
    /// Microseconds since 1970, UTC.
    pub(super) utc: i64,
    /// The wall clock's offset, seconds.
    pub(super) east: i32,
    /// Since the desk was started.
    pub(super) since_start: Duration,
}

/// The desk's clocks.
#[derive(Clone, Copy)]
pub(super) struct Watch {
    began: Instant,
    wall: fn() -> Zoned,
}

impl Watch {
    pub(super) fn start() -> Self {
        Self::with_wall(Zoned::now)
    }

    /// A watch with another clock on the wall.
    pub(super) fn with_wall(wall: fn() -> Zoned) -> Self {
        Self {
            began: Instant::now(),
            wall,
        }
    }

    pub(super) fn now(&self) -> Stamp {
        let wall = (self.wall)();
        Stamp {
            utc: wall.timestamp().as_microsecond(),
            east: wall.offset().seconds(),
            since_start: self.began.elapsed(),
        }
    }
}

impl Stamp {
    /// When the desk was started, by the wall clock as it is now: microseconds since 1970, UTC.
    pub(super) fn began(&self) -> i64 {
        self.utc - i64::try_from(self.since_start.as_micros()).unwrap_or_default()
    }
}

/// A time with its offset, to the millisecond: `2026-11-22T17:04:05.123+01:00`.
pub(crate) fn written(utc: i64, east: i32) -> String {
    let offset = Offset::from_seconds(east).unwrap_or(Offset::UTC);
    let time = Timestamp::from_microsecond(utc).unwrap_or_default();
    offset.to_datetime(time).strftime("%Y-%m-%dT%H:%M:%S%.3f").to_string() + &hours(offset.seconds())
}

fn hours(east: i32) -> String {
    let sign = if east < 0 { '-' } else { '+' };
    let minutes = east.unsigned_abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_with_its_offset() {
        let utc = 1_795_363_445_123_456; // 2026-11-22 16:04:05.123456
        assert_eq!(written(utc, 3_600), "2026-11-22T17:04:05.123+01:00");
        assert_eq!(written(utc, -12_600), "2026-11-22T12:34:05.123-03:30");
        assert_eq!(written(utc, 0), "2026-11-22T16:04:05.123+00:00");
        assert_eq!(written(-1, 0), "1969-12-31T23:59:59.999+00:00");
    }
}
