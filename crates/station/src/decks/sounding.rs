//! What a deck sounds, and how much of it was heard: what the history of plays is made of.

use std::time::{Duration, Instant};

use airdesk_sources::deck::{DeckState as Playing, DeckStatus};

use crate::api::ItemId;

/// How often it is written how much was heard: no more than this is lost with a desk that is killed.
const GROWTH: Duration = Duration::from_millis(900);

/// An item that is being heard, or is paused.
pub(super) struct Sounding {
    item: ItemId,
    /// By what the scribe knows it.
    pub(super) serial: u64,
    /// Seconds that were heard.
    pub(super) seconds: f64,
    written: (Instant, f64),
    /// At the last look: where it was, frames, and what was left of it, if it moved.
    place: u64,
    left: Option<u64>,
    moving: bool,
    looked: Instant,
}

impl Sounding {
    pub(super) fn begin(item: ItemId, serial: u64, status: &DeckStatus) -> Self {
        let now = Instant::now();
        Self {
            item,
            serial,
            seconds: 0.0,
            written: (now, 0.0),
            place: status.place,
            left: None,
            moving: false,
            looked: now,
        }
    }

    /// Takes in where the deck is now. `rate` is the desk's, Hz.
    pub(super) fn follow(&mut self, status: &DeckStatus, rate: f64) {
        let elapsed = self.looked.elapsed().as_secs_f64();
        let is_on = status.item == Some(u64::from(self.item));
        let moves = is_on && status.state == Playing::Playing;
        if moves {
            self.seconds += heard(self.place, status.place, elapsed, rate);
        }
        self.moving = moves;
        self.left = status.length.map(|length| length.saturating_sub(status.place));
        if is_on {
            self.place = status.place;
        }
        self.looked = Instant::now();
    }

    /// It is heard no more: counts what was, since the last look.
    pub(super) fn end(&mut self, rate: f64) {
        if self.moving {
            let left = self.left.map_or(f64::INFINITY, |left| left as f64 / rate);
            self.seconds += self.looked.elapsed().as_secs_f64().min(left);
        }
    }

    /// What is to be written by now.
    pub(super) fn growth(&mut self) -> Option<f64> {
        let (at, seconds) = self.written;
        if at.elapsed() < GROWTH || self.seconds <= seconds {
            return None;
        }
        self.written = (Instant::now(), self.seconds);
        Some(self.seconds)
    }
}

/// Seconds that were heard between two places, frames: those between them, or, where it was moved or is repeated, those that have passed.
fn heard(from: u64, to: u64, elapsed: f64, rate: f64) -> f64 {
    match to.checked_sub(from).map(|frames| frames as f64 / rate) {
        // What is written is heard a moment later than it was looked for.
        Some(seconds) if seconds <= elapsed + 0.5 => seconds,
        _ => elapsed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_between_two_places_was_heard_and_what_was_jumped_over_was_not() {
        assert_eq!(heard(48_000, 52_800, 0.1, 48_000.0), 0.1);
        assert_eq!(heard(48_000, 48_000, 0.1, 48_000.0), 0.0, "it stood still");
        assert_eq!(heard(48_000, 4_800_000, 0.1, 48_000.0), 0.1, "it was moved");
        assert_eq!(heard(96_000, 50_000, 0.1, 48_000.0), 0.1, "it is repeated");
    }
}
