//! Times of the week at which is recorded, by the clock on the wall.

use jiff::ToSpan;
use jiff::civil::{DateTime, Time};

use crate::api::ScheduleSlot;

/// Refuses a slot that is none, with a sentence.
pub(super) fn check(slot: &ScheduleSlot) -> Result<(), String> {
    for time in [&slot.from, &slot.until] {
        if read(time).is_none() {
            return Err(format!("{time:?} is no time of day; write it like 20:00"));
        }
    }
    match slot.days.iter().find(|day| !(1..=7).contains(*day)) {
        Some(day) => Err(format!(
            "{day} is no day of the week; they go from 1 (Monday) to 7 (Sunday)"
        )),
        None => Ok(()),
    }
}

/// It is time to record at `now`, local time.
pub(super) fn is_due(slots: &[ScheduleSlot], now: DateTime) -> bool {
    slots.iter().any(|slot| is_in(slot, now).unwrap_or(false))
}

/// Whether `now` is in the slot that began today, or yesterday and goes on past midnight.
fn is_in(slot: &ScheduleSlot, now: DateTime) -> Option<bool> {
    let (from, until) = (read(&slot.from)?, read(&slot.until)?);
    let begins = |date: jiff::civil::Date| {
        let day = date.weekday().to_monday_one_offset() as u8;
        slot.days.is_empty() || slot.days.contains(&day)
    };
    let (today, time) = (now.date(), now.time());
    if from < until {
        return Some(begins(today) && from <= time && time < until);
    }
    let yesterday = today.checked_sub(1.day()).ok()?;
    Some((begins(today) && from <= time) || (begins(yesterday) && time < until))
}

/// `HH:MM`.
fn read(time: &str) -> Option<Time> {
    let (hour, minute) = time.split_once(':')?;
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hour) || !digits(minute) {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn slot(days: &[u8], from: &str, until: &str) -> ScheduleSlot {
        ScheduleSlot {
            days: days.to_vec(),
            from: from.into(),
            until: until.into(),
        }
    }

    #[test]
    fn a_slot_begins_and_ends_on_its_day() {
        let sunday = [slot(&[7], "20:00", "22:00")];
        let on = |day: i8, hour: i8, minute: i8| is_due(&sunday, date(2026, 11, day).at(hour, minute, 59, 0));
        assert!(!on(22, 19, 59) && on(22, 20, 0) && on(22, 21, 59) && !on(22, 22, 0));
        assert!(!on(21, 21, 0) && !on(23, 21, 0));
    }

    #[test]
    fn a_slot_over_midnight_belongs_to_the_day_it_begins_on() {
        let friday = [slot(&[5], "23:00", "02:00")];
        let on = |day: i8, hour: i8| is_due(&friday, date(2026, 11, day).at(hour, 30, 0, 0));
        assert!(on(20, 23) && on(21, 1) && !on(21, 2) && !on(20, 1) && !on(21, 23));
        assert!(
            is_due(&[slot(&[], "10:00", "10:00")], date(2026, 11, 20).at(9, 0, 0, 0)),
            "all day"
        );
    }

    #[test]
    fn what_is_no_slot_says_what_to_write() {
        for (bad, told) in [
            (slot(&[], "8:00", "09:00"), "like 20:00"),
            (slot(&[], "08:00", "24:00"), "like 20:00"),
            (slot(&[], "08:00", "0x:10"), "like 20:00"),
            (slot(&[0], "08:00", "09:00"), "1 (Monday) to 7"),
        ] {
            let refused = check(&bad).expect_err("no slot");
            assert!(refused.contains(told), "{refused}");
        }
    }
}
