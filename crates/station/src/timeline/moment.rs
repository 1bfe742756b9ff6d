//! A moment as people write it: a date, a time, or how long ago.

use jiff::civil::{DateTime, Time};
use jiff::{Span, Timestamp, Zoned};

/// What was written is no moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no time; write one as 2026-11-22, 2026-11-22T18:30, 18:30 (today), 90min or 2d (ago)")]
pub struct MomentError(String);

/// What the clock on the wall says, in the zone of its user.
pub fn now() -> Zoned {
    Zoned::now()
}

/// Reads a moment, seen from `now` and in its time zone. Microseconds since 1970, UTC.
///
/// # Errors
/// When it is none.
pub fn moment(text: &str, now: &Zoned) -> Result<i64, MomentError> {
    let error = || MomentError(text.to_owned());
    let zone = now.time_zone().clone();
    let zoned = if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(instant.as_microsecond());
    } else if let Ok(time) = text.parse::<Time>() {
        now.date().to_datetime(time).to_zoned(zone)
    } else if let Ok(date_time) = text.parse::<DateTime>() {
        date_time.to_zoned(zone)
    } else {
        let ago: Span = text.parse().map_err(|_| error())?;
        now.checked_sub(ago.abs())
    };
    Ok(zoned.map_err(|_| error())?.timestamp().as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_date_a_time_of_today_or_how_long_ago() {
        let now: Zoned = "2026-11-22T18:00:00+01:00[Europe/Paris]".parse().expect("a time");
        let at = |text: &str| {
            let found = moment(text, &now).expect(text);
            Timestamp::from_microsecond(found).expect("a time").to_string()
        };
        assert_eq!(at("2026-11-22T17:04:05+01:00"), "2026-11-22T16:04:05Z");
        assert_eq!(at("2026-11-22"), "2026-11-21T23:00:00Z");
        assert_eq!(at("2026-11-22T17:04"), "2026-11-22T16:04:00Z");
        assert_eq!(at("2026-11-22 17:04:05"), "2026-11-22T16:04:05Z");
        assert_eq!(at("09:30"), "2026-11-22T08:30:00Z");
        assert_eq!(at("90min"), "2026-11-22T15:30:00Z");
        assert_eq!(at("2d"), "2026-11-20T17:00:00Z");
        for none in ["", "yesterday-ish", "25:00", "2026-13-01", "-"] {
            let refused = moment(none, &now).expect_err("no time");
            assert!(refused.to_string().contains("write one as"), "{refused}");
        }
    }
}
